//! Step 3: call the provider, and tell health if nothing good came of it.

use ccproxy_health::{Outcome, Status};
use ccproxy_plugin_api::{Answer, Call, CallError, CallErrorKind, Fault};
use http::StatusCode;

use crate::app::Instance;

/// Calls the provider. Of the retries and the failover that come later, this is the one attempt.
pub(super) async fn call(instance: &Instance, call: Call) -> Result<Answer, CallError> {
    let answer = instance.provider.call(call).await;
    let outcome = match &answer {
        Ok(answer) => judge_status(answer.status()),
        Err(error) => judge_error(error),
    };
    // An answer that has begun well may still break off: health hears of a success when the answer is whole.
    if outcome.status != Status::Pass {
        instance.traffic.report(outcome);
    }
    answer
}

/// Tells health of an answer that has come whole, unless its status has said enough.
pub(super) fn came_whole(instance: &Instance, status: StatusCode) {
    let outcome = judge_status(status);
    if outcome.status == Status::Pass {
        instance.traffic.report(outcome);
    }
}

/// What a call's failure says of the provider; our own faults say nothing bad of it.
pub(super) fn judge_error(error: &CallError) -> Outcome {
    match error.kind().fault() {
        Fault::Upstream => Outcome::fail(kind_text(error.kind())),
        Fault::Us if error.kind() == CallErrorKind::Credential => Outcome::fail("no usable credential"),
        Fault::Us | Fault::Client => Outcome::pass(),
    }
}

fn judge_status(status: StatusCode) -> Outcome {
    match status.as_u16() {
        429 => Outcome::warn("the provider limits our rate (HTTP 429)"),
        500..=599 => Outcome::fail(format!("the provider answered HTTP {}", status.as_u16())),
        // Anything else is a provider at work, also when it refuses a request.
        _ => Outcome::pass(),
    }
}

fn kind_text(kind: CallErrorKind) -> &'static str {
    match kind {
        CallErrorKind::Refused => "the provider refused our credential",
        CallErrorKind::Connect => "the provider cannot be reached",
        CallErrorKind::NotHttp => "what the provider answers is not HTTP",
        CallErrorKind::TooLarge => "the provider's answer is too large",
        kind if kind.is_timeout() => "the provider did not answer in time",
        _ => "the provider broke the connection",
    }
}
