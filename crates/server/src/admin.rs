//! The pages about ourselves.

mod access;
pub(crate) mod api;
mod dashboard;
pub(crate) mod openapi;
mod plugins;
mod reload;
pub(crate) mod telling;

pub(crate) use access::Entry;
use access::{allow, enter};

use std::sync::Arc;

use axum::Router;
use axum::extract::Request as AxumRequest;
use axum::response::{Html, IntoResponse, Response as AxumResponse};
use axum::routing::{get, post};
use ccproxy_health_server::Pages;
use ccproxy_wire::Family;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{Request, Response, StatusCode};
use tower::ServiceExt;

use crate::app::App;
use crate::body::Body;
use crate::error::Error;
use crate::request_id::RequestId;
use crate::respond;

/// The one page that is an order.
const RELOAD: &str = "/reload";

/// The pages, in one table.
pub(crate) fn pages() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(index))
        .route("/plugins", get(plugins::list))
        .route("/plugins/", get(plugins::list))
        .route(RELOAD, post(reload::reload))
        .route("/openapi.json", get(openapi_json))
        .route("/docs", get(docs))
        .route("/docs/", get(docs))
        .route("/dashboard", get(dashboard::folder))
        .route("/dashboard/", get(dashboard::index))
        .route("/dashboard/{*path}", get(dashboard::file))
        .merge(api::routes())
}

/// Answers with the page as this door shows it, or says that there is none.
pub(crate) async fn page(
    app: &Arc<App>,
    door: &Pages,
    entry: Entry,
    request: Request<()>,
    id: &RequestId,
) -> Response<Body> {
    let family = Family::of_headers(request.headers());
    let guarded = api::has(request.uri().path());
    let mut response = match enter(app, door, entry, &request) {
        Err(error) => respond::error(&error, family, id),
        Ok(()) => answer(app, door, request, family, id).await,
    };
    if guarded {
        entry.vary(app, door, response.headers_mut());
        api::mark(response.headers_mut());
    }
    response
}

async fn answer(
    app: &Arc<App>,
    door: &Pages,
    mut request: Request<()>,
    family: Family,
    id: &RequestId,
) -> Response<Body> {
    let missing = Error::NoRoute { path: request.uri().path().to_owned() };
    let allow = if request.uri().path() == RELOAD { "POST" } else { "GET, HEAD" };
    let wrong_method = Error::WrongMethod { method: request.method().to_string(), allow };
    request.extensions_mut().insert(door.clone());
    request.extensions_mut().insert(id.clone());
    let router = app.pages.clone().with_state(Arc::clone(app)).fallback(|| async { NotFound });
    let Ok(mut response) = router.oneshot(request.map(|()| axum::body::Body::empty())).await;
    if let Some(api::Refused(error)) = response.extensions_mut().remove() {
        respond::error(&error, family, id)
    } else if response.extensions().get::<NotFound>().is_some() {
        respond::error(&missing, family, id)
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        respond::error(&wrong_method, family, id)
    } else {
        response.map(Body::from)
    }
}

/// Marks the answer to a path that is none of the pages'.
#[derive(Clone)]
struct NotFound;

impl IntoResponse for NotFound {
    fn into_response(self) -> AxumResponse {
        let mut response = AxumResponse::new(axum::body::Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

const INDEX: &str = "ccproxy\n\n/v1            the API, by model\n/health        how it is; also /livez, /readyz, /startupz, /healthz\n/metrics       the same for Prometheus\n/plugins       \
    the provider instances\n/dashboard     all of it, in the browser\n/docs          the endpoints, for people\n/openapi.json  the same, for programs\n";

async fn index() -> &'static str {
    INDEX
}

async fn openapi_json() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], openapi::openapi())
}

/// The page brings all it needs; nothing is fetched but `/openapi.json`.
async fn docs(_: AxumRequest) -> impl IntoResponse {
    const POLICY: &str =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(include_str!("admin/docs.html")))
}
