//! The only place that turns an error into status, headers and body, in the client's dialect.

use ccproxy_plugin_api::{CallError, CallErrorKind};
use ccproxy_wire::error::ErrorBody;
use ccproxy_wire::{Dialect, Family};
use http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    UPGRADE,
};
use http::{HeaderMap, Response, StatusCode};

use crate::body::Body;
use crate::error::Error;
use crate::limits::ceil;
use crate::request_id::RequestId;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// The official SDKs look at this one first.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
/// Tells the official SDKs not to repeat what cannot succeed.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// What an error is called in both families; a row of the contract's table.
struct Row {
    status: StatusCode,
    anthropic: &'static str,
    openai: &'static str,
    code: Option<&'static str>,
}

const fn row(
    status: StatusCode,
    anthropic: &'static str,
    openai: &'static str,
    code: Option<&'static str>,
) -> Row {
    Row { status, anthropic, openai, code }
}

/// The contract's table, in its order.
fn row_of(error: &Error) -> Row {
    const INVALID: &str = "invalid_request_error";
    let invalid = |status, code| row(status, INVALID, INVALID, Some(code));
    let denied = |code| row(StatusCode::FORBIDDEN, "permission_error", INVALID, Some(code));
    let busy = |code| row(StatusCode::SERVICE_UNAVAILABLE, "overloaded_error", "server_error", Some(code));
    let missing = |code| row(StatusCode::NOT_FOUND, "not_found_error", INVALID, Some(code));
    match error {
        Error::Request(_) | Error::BodyBroken | Error::Ambiguous => {
            row(StatusCode::BAD_REQUEST, INVALID, INVALID, None)
        }
        Error::BodyTimeout { .. } => invalid(StatusCode::REQUEST_TIMEOUT, "request_timeout"),
        Error::NoKey | Error::NoToken | Error::WrongKey | Error::KeyRevoked | Error::KeyExpired { .. } => {
            row(StatusCode::UNAUTHORIZED, "authentication_error", INVALID, Some("invalid_api_key"))
        }
        Error::ForeignPage | Error::ForeignOrder => denied("origin_not_allowed"),
        Error::Misdirected { .. } => invalid(StatusCode::MISDIRECTED_REQUEST, "host_not_allowed"),
        Error::NoRights | Error::KeyNotEnough => denied("not_allowed"),
        Error::NotReloaded { .. } => invalid(StatusCode::UNPROCESSABLE_ENTITY, "configuration_invalid"),
        Error::ModelNotAllowed { .. } => denied("model_not_allowed"),
        Error::ProviderNotAllowed { .. } => denied("provider_not_allowed"),
        Error::Unpriced { .. } => denied("model_not_priced"),
        Error::NoRoute { .. } | Error::NoResponse { .. } | Error::NoRecord { .. } => missing("not_found"),
        Error::BadQuery { .. } => invalid(StatusCode::BAD_REQUEST, "invalid_query"),
        Error::TooManyReaders => busy("too_many_readers"),
        Error::StoreBusy => busy("store_busy"),
        Error::Unkept | Error::NoStore { .. } => {
            row(StatusCode::SERVICE_UNAVAILABLE, "api_error", "server_error", Some("no_store"))
        }
        Error::StoreFailed => {
            row(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "api_error", Some("store_failed"))
        }
        Error::UnknownModel { .. } => missing("model_not_found"),
        Error::WrongMethod { .. } => invalid(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Error::BodyTooLarge { .. } => {
            row(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", INVALID, Some("request_too_large"))
        }
        Error::Encoded { .. } => invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding"),
        Error::TooManyHeaders { .. } => row(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "request_too_large",
            INVALID,
            Some("request_headers_too_large"),
        ),
        Error::NoWebSocket { .. } => invalid(StatusCode::UPGRADE_REQUIRED, "websocket_required"),
        Error::NoPrevious { .. } => invalid(StatusCode::BAD_REQUEST, "previous_response_not_found"),
        Error::SocketAge { .. } => invalid(StatusCode::BAD_REQUEST, "websocket_connection_limit_reached"),
        Error::Unsupported { .. } => {
            row(StatusCode::NOT_IMPLEMENTED, "not_supported", INVALID, Some("not_supported"))
        }
        Error::Translation(ccproxy_translate::Error::Answer { .. } | ccproxy_translate::Error::Failed(_)) => {
            call_row(CallErrorKind::NotHttp)
        }
        Error::Translation(_) => row(StatusCode::BAD_REQUEST, INVALID, INVALID, None),
        Error::Dropped { .. } => row(StatusCode::BAD_REQUEST, INVALID, INVALID, Some("not_carried")),
        Error::CoolingDown { .. } | Error::Limited { .. } => row(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limit_error",
            "rate_limit_error",
            Some("rate_limit_exceeded"),
        ),
        Error::Call(error) => call_row(error.kind()),
        Error::Draining => busy("draining"),
        Error::Overloaded | Error::NoRoom => busy("overloaded"),
        Error::Internal => {
            row(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "api_error", Some("internal_error"))
        }
    }
}

fn call_row(kind: CallErrorKind) -> Row {
    const API: &str = "api_error";
    let gateway = |code| row(StatusCode::BAD_GATEWAY, API, API, Some(code));
    match kind {
        CallErrorKind::Credential | CallErrorKind::Refused => gateway("upstream_auth"),
        CallErrorKind::Connect | CallErrorKind::Reset | CallErrorKind::NotHttp => {
            gateway("upstream_unreachable")
        }
        CallErrorKind::TooLarge => gateway("upstream_too_large"),
        CallErrorKind::Unsupported => {
            row(StatusCode::NOT_IMPLEMENTED, "not_supported", "invalid_request_error", Some("not_supported"))
        }
        CallErrorKind::Internal => row(StatusCode::INTERNAL_SERVER_ERROR, API, API, Some("internal_error")),
        CallErrorKind::ConnectTimeout
        | CallErrorKind::HeadersTimeout
        | CallErrorKind::IdleTimeout
        | CallErrorKind::TotalTimeout => row(StatusCode::GATEWAY_TIMEOUT, API, API, Some("upstream_timeout")),
    }
}

/// The answer for an error.
pub(crate) fn error(error: &Error, family: Family, id: &RequestId) -> Response<Body> {
    let row = row_of(error);
    let message = error.to_string();
    let mut response = Response::new(Body::from(body(error, &row, &message, id).render(family)));
    *response.status_mut() = match (error, family) {
        (Error::Overloaded | Error::NoRoom, Family::Anthropic) => anthropics_overloaded(),
        _ => row.status,
    };
    headers(error, response.headers_mut());
    response
}

/// 529, which has no name elsewhere.
fn anthropics_overloaded() -> StatusCode {
    StatusCode::from_u16(529).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// The event that ends a stream which broke off.
pub(crate) fn stream_error(error: CallError, dialect: Dialect, events: u64, id: &RequestId) -> bytes::Bytes {
    let error = Error::Call(error);
    let message = error.to_string();
    body(&error, &row_of(&error), &message, id).render_event(dialect, events)
}

fn body<'a>(error: &'a Error, row: &Row, message: &'a str, id: &'a RequestId) -> ErrorBody<'a> {
    let param = match error {
        Error::Request(error) => error.field(),
        Error::Translation(error) => error.field(),
        Error::UnknownModel { .. } | Error::ModelNotAllowed { .. } | Error::Unpriced { .. } => Some("model"),
        Error::NoPrevious { .. } => Some("previous_response_id"),
        _ => None,
    };
    ErrorBody {
        anthropic_type: row.anthropic,
        openai_type: row.openai,
        openai_code: row.code,
        param,
        message,
        request_id: id.as_str(),
    }
}

fn headers(error: &Error, headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CACHE_CONTROL, NO_STORE);
    match error {
        Error::NoKey | Error::NoToken | Error::WrongKey | Error::KeyRevoked | Error::KeyExpired { .. } => {
            headers.insert(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Error::WrongMethod { allow, .. } => {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        Error::NoWebSocket { .. } => {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        Error::Encoded { .. } => {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        Error::Unsupported { .. } => {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        Error::CoolingDown { wait } => {
            headers.insert(RETRY_AFTER, HeaderValue::from(ceil(*wait)));
        }
        Error::Limited { wait, .. } => {
            let millis = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
            headers.insert(RETRY_AFTER, HeaderValue::from(ceil(*wait)));
            headers.insert(RETRY_AFTER_MS, HeaderValue::from(millis));
        }
        Error::Overloaded => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        Error::NoStore { .. } | Error::StoreBusy | Error::TooManyReaders => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        Error::Draining | Error::NoRoom => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        // The rest of the body is not read, or nobody knows where it ends: the connection cannot be used again.
        Error::BodyTooLarge { .. } | Error::BodyTimeout { .. } | Error::Ambiguous => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn rows() {
        let call = |kind| Error::Call(CallError::new(kind, "m"));
        let check = |error: Error, status: u16, anthropic: &str, code: Option<&str>| {
            let row = row_of(&error);
            assert_eq!(
                (row.status.as_u16(), row.anthropic, row.code),
                (status, anthropic, code),
                "{error:?}"
            );
        };
        check(Error::Request(ccproxy_wire::RequestError::Empty), 400, "invalid_request_error", None);
        check(Error::WrongKey, 401, "authentication_error", Some("invalid_api_key"));
        check(
            Error::ModelNotAllowed { model: "m".into() },
            403,
            "permission_error",
            Some("model_not_allowed"),
        );
        check(
            Error::Unpriced { instance: "i".into(), model: "m".into() },
            403,
            "permission_error",
            Some("model_not_priced"),
        );
        check(Error::UnknownModel { model: "m".into() }, 404, "not_found_error", Some("model_not_found"));
        check(Error::BodyTooLarge { limit: 1 }, 413, "request_too_large", Some("request_too_large"));
        let plain = Error::NoWebSocket { reason: "r".into() };
        check(plain, 426, "invalid_request_error", Some("websocket_required"));
        check(call(CallErrorKind::Refused), 502, "api_error", Some("upstream_auth"));
        check(call(CallErrorKind::Connect), 502, "api_error", Some("upstream_unreachable"));
        check(call(CallErrorKind::IdleTimeout), 504, "api_error", Some("upstream_timeout"));
        check(
            Error::CoolingDown { wait: Duration::from_secs(1) },
            429,
            "rate_limit_error",
            Some("rate_limit_exceeded"),
        );
        check(Error::Draining, 503, "overloaded_error", Some("draining"));
    }
}
