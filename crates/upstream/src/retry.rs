//! Whether to ask again after a failure, by what the failure itself tells.

use std::time::Duration;

use ccproxy_plugin_api::CallErrorKind;
use http::{HeaderMap, StatusCode};

use crate::rate_limit::retry_after;

/// What a failure says of another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It would fail anywhere: the request is at fault.
    Final,
    /// This provider would fail again; another one need not.
    Elsewhere,
    /// It is the credential's: another one may do better, here or elsewhere. Given is when this one is good again,
    /// where it will be.
    Credential(Option<Duration>),
    /// It may pass; given is how long the provider wants us to wait, where it says so.
    Passing(Option<Duration>),
}

/// The verdict of an answer's status; `None` if it is no failure.
///
/// `x-should-retry`, which OpenAI and Anthropic send, decides where it is there.
#[must_use]
pub fn of_status(status: StatusCode, headers: &HeaderMap) -> Option<Verdict> {
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let wait = || retry_after(headers);
    let verdict = match status.as_u16() {
        429 => Verdict::Credential(Some(wait().unwrap_or_default())),
        401 | 403 => Verdict::Credential(None),
        // Not supported: that does not pass.
        501 | 505 => Verdict::Elsewhere,
        408 | 409 | 425 | 500..=599 => Verdict::Passing(wait()),
        _ => Verdict::Final,
    };
    Some(match headers.get("x-should-retry").map(http::HeaderValue::as_bytes) {
        Some(b"false") if verdict != Verdict::Final => Verdict::Elsewhere,
        Some(b"true") if verdict == Verdict::Final => Verdict::Passing(wait()),
        _ => verdict,
    })
}

/// The verdict of a call without an answer.
#[must_use]
pub fn of_error(kind: CallErrorKind) -> Verdict {
    match kind {
        kind if !kind.may_retry() => Verdict::Final,
        CallErrorKind::Refused => Verdict::Credential(None),
        CallErrorKind::Connect | CallErrorKind::ConnectTimeout | CallErrorKind::Reset => {
            Verdict::Passing(None)
        }
        // Whoever has waited for so long does not want to wait for the same again.
        _ => Verdict::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let check = |status: u16, headers: &[(&'static str, &'static str)], expect| {
            let headers = headers.iter().map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
            });
            let got = of_status(StatusCode::from_u16(status).unwrap(), &headers.collect());
            assert_eq!(got, expect, "{status}");
        };
        let second = Duration::from_secs;
        check(200, &[], None);
        check(302, &[], None);
        check(400, &[], Some(Verdict::Final));
        check(404, &[("retry-after", "1")], Some(Verdict::Final));
        check(400, &[("x-should-retry", "true")], Some(Verdict::Passing(None)));
        check(401, &[], Some(Verdict::Credential(None)));
        check(429, &[("retry-after", "7")], Some(Verdict::Credential(Some(second(7)))));
        check(429, &[("retry-after-ms", "1500")], Some(Verdict::Credential(Some(second(3) / 2))));
        check(429, &[("x-should-retry", "false")], Some(Verdict::Elsewhere));
        check(500, &[], Some(Verdict::Passing(None)));
        check(500, &[("x-should-retry", "false")], Some(Verdict::Elsewhere));
        check(501, &[], Some(Verdict::Elsewhere));
        check(529, &[("retry-after", "2")], Some(Verdict::Passing(Some(second(2)))));
    }

    #[test]
    fn errors() {
        let check = |kind, expect| assert_eq!(of_error(kind), expect, "{kind:?}");
        check(CallErrorKind::Unsupported, Verdict::Final);
        check(CallErrorKind::Internal, Verdict::Final);
        check(CallErrorKind::Refused, Verdict::Credential(None));
        check(CallErrorKind::Credential, Verdict::Elsewhere);
        check(CallErrorKind::Connect, Verdict::Passing(None));
        check(CallErrorKind::Reset, Verdict::Passing(None));
        check(CallErrorKind::HeadersTimeout, Verdict::Elsewhere);
        check(CallErrorKind::NotHttp, Verdict::Elsewhere);
    }
}
