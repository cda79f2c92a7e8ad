//! What has happened, and how things stand, for programs: the dashboard, the command line, an operator's own.
//!
//! | path | what |
//! |---|---|
//! | `/api/usage` | what exchanges used, by time and by what they are told apart by |
//! | `/api/requests`, `/api/requests/{id}` | records of exchanges |
//! | `/api/requests/live` | those to come, as events |
//! | `/api/overview` | the process and its traffic |
//! | `/api/providers` | the instances: breaker, rest, room, credentials |
//! | `/api/keys` | what clients' keys may do and have spent |
//! | `/api/config` | the configuration in force, masked |
//! | `/api/health/transitions` | the history of health |

mod csv;
mod keys;
mod live;
mod overview;
mod parameters;
mod providers;
mod requests;
mod usage;

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use axum::{Extension, Json};
use ccproxy_health_server::Pages;
use ccproxy_wire::Family;
use futures_util::future::BoxFuture;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use serde::Serialize;

use crate::app::App;
use crate::archive::Archive;
use crate::error::Error;
use crate::request_id::RequestId;
use crate::respond;
use parameters::Parameters;

pub(crate) use live::Readers;

/// The pages, in one table.
pub(super) fn pages() -> Router<Arc<App>> {
    Router::new()
        .route("/api/usage", page(usage::usage))
        .route("/api/requests", page(requests::list))
        .route("/api/requests/live", page(live::live))
        .route("/api/requests/{id}", get(requests::one))
        .route("/api/overview", page(overview::overview))
        .route("/api/providers", page(providers::providers))
        .route("/api/keys", page(keys::keys))
        .route("/api/config", page(overview::config))
        .route("/api/health/transitions", page(overview::transitions))
}

/// A page's work: what it answers whoever may see it.
type Work = fn(Arc<App>, Parameters) -> BoxFuture<'static, Result<Response, Error>>;

/// A page for whoever sees the health in detail.
fn page(work: Work) -> MethodRouter<Arc<App>> {
    get(
        move |State(app): State<Arc<App>>,
              Extension(id): Extension<RequestId>,
              Extension(door): Extension<Pages>,
              headers: HeaderMap,
              RawQuery(query): RawQuery| async move {
            let parameters = Parameters::of(query.as_deref().unwrap_or_default());
            guarded(&app, &door, &headers, &id, || work(Arc::clone(&app), parameters)).await
        },
    )
}

/// Does the work for whoever may see what comes of it.
async fn guarded<F: Future<Output = Result<Response, Error>>>(
    app: &App,
    door: &Pages,
    headers: &HeaderMap,
    id: &RequestId,
    work: impl FnOnce() -> F,
) -> Response {
    let outcome = if door.sees_details(headers) {
        work().await
    } else {
        Err(app.keys.check(headers).err().unwrap_or(Error::NoKey))
    };
    let mut response = outcome.unwrap_or_else(|error| {
        respond::error(&error, Family::of_headers(headers), id).map(axum::body::Body::new)
    });
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    door.vary(response.headers_mut());
    response
}

fn json<T: Serialize>(value: T) -> Result<Response, Error> {
    Ok(Json(value).into_response())
}

fn archive(app: &App) -> Result<&Arc<Archive>, Error> {
    let reason = || "store.enabled is false, or nobody's home is known and store.url is not set".to_owned();
    app.archive.as_ref().ok_or_else(|| Error::NoStore { reason: reason() })
}
