//! One call of a provider; the instance's traffic is told how it went.
//!
//! Each call has one verdict. A fault is told at once; that all was well, only when the answer is whole: an answer
//! that has begun well may still break off.

use std::borrow::Cow;
use std::time::Duration;

use ccproxy_plugin_api::{Answer, Call, CallError, CallErrorKind, Fault};
use ccproxy_upstream::rate_limit::retry_after;
use http::StatusCode;
use http_body_util::{BodyExt, Limited};

use crate::app::{Instance, Verdict};

/// What an answer of HTTP 200 may hold all the same.
pub(super) const ERROR_INSIDE: &str = "the provider reported an error in an answer of HTTP 200";
/// A provider that limits our rate and does not say for how long is left alone for so long.
const LIMITED: Duration = Duration::from_secs(1);
/// As much of an answer that nobody wants is read, so that its connection can be used again …
const UNWANTED_LIMIT: usize = 16 * 1024;
/// … if it comes at once.
const UNWANTED_TIME: Duration = Duration::from_millis(50);

/// Calls the provider, once.
pub(super) async fn call(instance: &Instance, call: Call) -> Result<Answer, CallError> {
    let answer = instance.provider.call(call).await;
    match &answer {
        Ok(answer) => {
            let (status, headers) = (answer.status(), answer.headers());
            let room = || instance.provider.rate_limit(headers);
            if status == StatusCode::TOO_MANY_REQUESTS {
                let wait = retry_after(headers);
                instance.traffic.limited(room(), wait);
                if !instance.provider.another_credential() {
                    instance.traffic.rest(wait.unwrap_or(LIMITED));
                }
            } else {
                instance.traffic.answered(room);
            }
            if let Some(fault) = judge_status(status) {
                if let Some(wait) = retry_after(headers) {
                    instance.traffic.rest(wait);
                }
                instance.traffic.ended(fault, None);
            }
        }
        Err(error) => {
            match error.kind() {
                // A refusal is an answer.
                CallErrorKind::Refused => instance.traffic.answered(|| None),
                kind if kind.fault() == Fault::Upstream => instance.traffic.unreached(kind_text(kind)),
                _ => {}
            }
            broke(instance, error);
        }
    }
    answer
}

/// The answer is not the client's: another one is asked for. An error inside a stream has been told of nowhere yet.
pub(super) async fn given_up(instance: &Instance, attempt: Result<Answer, CallError>) {
    let Ok(answer) = attempt else { return };
    if answer.status().is_success() {
        instance.traffic.ended(Verdict::Fault(ERROR_INSIDE.into()), None);
        return;
    }
    let rest = Limited::new(answer.into_body(), UNWANTED_LIMIT).collect();
    // What comes slower, or is larger, costs more than a new connection.
    let _ = tokio::time::timeout(UNWANTED_TIME, rest).await;
}

/// Tells of an answer that has come whole, unless its status has said enough.
pub(super) fn came_whole(instance: &Instance, status: StatusCode, first_byte: Option<Duration>) {
    if judge_status(status).is_none() {
        let first_byte = first_byte.filter(|_| status.is_success());
        instance.traffic.ended(Verdict::Good, first_byte);
    }
}

/// Tells of a call, or of an answer's body, that has failed. Our own faults say nothing of the provider.
pub(super) fn broke(instance: &Instance, error: &CallError) {
    if error.kind().fault() == Fault::Upstream {
        instance.traffic.ended(Verdict::Fault(kind_text(error.kind()).into()), None);
    }
}

/// Whether a status is the provider's fault. Anything else is a provider at work, also when it refuses a request.
pub(super) fn judge_status(status: StatusCode) -> Option<Verdict> {
    let fault = || Cow::from(format!("the provider answered HTTP {}", status.as_u16()));
    status.is_server_error().then(|| Verdict::Fault(fault()))
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
