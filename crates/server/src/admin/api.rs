//! `/api/…`: what happens here, for people and for programs. `super::openapi` describes it.
//!
//! At the doors of those who run the service, whoever may see the health in detail may see all of it; at the port of clients
//! it takes more ([`super::access`]). Nothing here does I/O on a thread that serves:
//! what is read from the store is read by [`Archive`](crate::archive::Archive) on threads of its own.

pub(super) mod config;
mod csv;
pub(super) mod keys;
pub(super) mod live;
pub(super) mod overview;
pub(super) mod providers;
mod query;
pub(super) mod requests;
pub(super) mod transitions;
pub(crate) mod usage;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};

use crate::app::App;
use crate::error::Error;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The pages, in one table.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/overview", get(overview::overview))
        .route("/api/providers", get(providers::providers))
        .route("/api/keys", get(keys::keys))
        .route("/api/config", get(config::config))
        .route("/api/usage", get(usage::usage))
        .route("/api/requests", get(requests::list))
        .route("/api/requests/live", get(live::live))
        // A client may have chosen an id with a slash in it.
        .route("/api/requests/{*id}", get(requests::one))
        .route("/api/health/transitions", get(transitions::transitions))
}

/// Whether a path is one of these.
pub(super) fn has(path: &str) -> bool {
    path.starts_with("/api/")
}

/// What every answer of these pages has.
pub(super) fn mark(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Why there is no page; [`super::page`] gives it to whoever turns errors into answers.
#[derive(Debug, Clone)]
pub(super) struct Refused(pub(super) Error);

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

/// What a page answers.
type Answer = Result<Response, Refused>;

/// A body that is there.
fn told(form: HeaderValue, body: Vec<u8>) -> Response {
    let mut response = Response::new(axum::body::Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, form);
    response
}
