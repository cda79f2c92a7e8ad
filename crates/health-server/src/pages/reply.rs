//! The few shapes that answers have.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};

use crate::Body;

pub(super) const HEALTH_JSON: HeaderValue = HeaderValue::from_static("application/health+json");
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache, no-store, must-revalidate");
/// The methods of whatever is read.
pub(super) const READ: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
/// The methods of whatever is ordered.
pub(super) const ORDER: HeaderValue = HeaderValue::from_static("POST");

/// An answer that nobody may keep.
pub(super) fn reply(status: StatusCode, media: HeaderValue, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media);
    headers.insert(CACHE_CONTROL, NO_CACHE);
    response
}

/// There is no such plugin, component or check. That is the asker's mistake and no verdict, so the status is no 503. The
/// body says `fail` all the same: whoever reads only that must not take a misspelt name for a component that is well.
pub(super) fn unknown() -> Response<Body> {
    let body = r#"{"status":"fail","output":"no such plugin or component; GET /health shows what there is"}"#;
    reply(StatusCode::NOT_FOUND, HEALTH_JSON, body)
}

/// The same where text is spoken.
pub(super) fn unknown_check() -> Response<Body> {
    let mut response = reply(StatusCode::NOT_FOUND, TEXT, "no such check\n");
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// There is no such page at all.
pub(crate) fn no_page() -> Response<Body> {
    reply(StatusCode::NOT_FOUND, JSON, r#"{"error":"no such page"}"#)
}

pub(super) fn wrong_method(allow: HeaderValue) -> Response<Body> {
    let body = r#"{"error":"this method is not allowed here; see the Allow header"}"#;
    let mut response = reply(StatusCode::METHOD_NOT_ALLOWED, JSON, body);
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// For what is shown only to those who may see details.
pub(super) fn unauthorized() -> Response<Body> {
    let body = r#"{"error":"this is shown to whoever shows a key; send yours as Authorization: Bearer KEY"}"#;
    let mut response = reply(StatusCode::UNAUTHORIZED, JSON, body);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

pub(super) fn forbidden(error: &'static str) -> Response<Body> {
    reply(StatusCode::FORBIDDEN, JSON, error)
}

/// Called by a name that may be anybody's.
pub(super) fn misdirected() -> Response<Body> {
    let body = r#"{"error":"this server goes by no such name as Host has; use its IP address or localhost, or have its operator add the name to server.allowed_hosts"}"#;
    reply(StatusCode::MISDIRECTED_REQUEST, JSON, body)
}

/// All places are taken.
pub(super) fn busy() -> Response<Body> {
    let body = r#"{"error":"too many listen already; try again later"}"#;
    let mut response = reply(StatusCode::SERVICE_UNAVAILABLE, JSON, body);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}
