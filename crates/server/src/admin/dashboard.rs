//! `/dashboard`: the page for browsers.
//!
//! The page itself holds nothing that needs guarding: what it shows it asks [`super::api`] for, with the key that the reader
//! shows there.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use ccproxy_dashboard::{Asset, CONTENT_SECURITY_POLICY as POLICY, asset};
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::NotFound;

/// The page's links are relative to a folder.
pub(super) async fn folder() -> Redirect {
    Redirect::permanent("/dashboard/")
}

pub(super) async fn index(headers: HeaderMap) -> Response {
    answer(asset(""), &headers)
}

pub(super) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    answer(asset(&path), &headers)
}

fn answer(asset: Option<Asset>, headers: &HeaderMap) -> Response {
    let Some(asset) = asset else { return NotFound.into_response() };
    let known = headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known
        .is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == asset.etag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, asset.content_type)], asset.bytes).into_response()
    };
    let headers = response.headers_mut();
    let mut put = |name, value| headers.insert(name, HeaderValue::from_static(value));
    put(CACHE_CONTROL, asset.cache_control());
    put(ETAG, asset.etag);
    put(CONTENT_SECURITY_POLICY, POLICY);
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(REFERRER_POLICY, "no-referrer");
    if let Some(encoding) = asset.content_encoding.filter(|_| !is_known) {
        put(CONTENT_ENCODING, encoding);
    }
    response
}
