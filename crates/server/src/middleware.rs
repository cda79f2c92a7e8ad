//! The whole stack that a request passes, from the outside in, on one screen.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use ccproxy_health_server::{Page, grpc, site};
use ccproxy_wire::Family;
use futures_util::FutureExt;
use http::header::{HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::app::App;
use crate::body::Body;
use crate::error::Error;
use crate::listen::capacity::Spare;
use crate::request_id::RequestId;
use crate::routes::{self, Route};
use crate::visit::Watching;
use crate::{admin, origin, pipeline, respond};

/// Answers one request of this client, with the application as it is at this moment.
pub(crate) async fn handle(
    app: Arc<App>,
    client: Option<IpAddr>,
    request: Request<Incoming>,
) -> Response<Body> {
    let uri = request.uri().clone();
    let route = routes::find(&app, request.method(), uri.path());
    let probe = matches!(route, Route::Health(_)) || matches!(route, Route::Grpc) && grpc::is_grpc(&request);
    let watching = Watching::begin(&app.recorder, client, &request, probe);
    let response = answer(&app, client, route, request).await;
    match watching {
        Some(watching) => watching.answered(response),
        None => response,
    }
}

async fn answer(
    app: &Arc<App>,
    client: Option<IpAddr>,
    route: Route<'_>,
    request: Request<Incoming>,
) -> Response<Body> {
    // Probes come first and cost nothing: no id, no limit, no log above debug.
    if let Route::Health(page) = route {
        return health(app, page, request).await;
    }
    if matches!(route, Route::Grpc) && grpc::is_grpc(&request) {
        let may_list = app.doors.main.sees_details(request.headers());
        let answer = app.grpc.call(request, may_list).await;
        return answer.map(|body| Body::from(axum::body::Body::new(body)));
    }
    let id = RequestId::of(request.headers());
    let family = Family::of_headers(request.headers());
    // A panic is one request's, not the connection's.
    let answer = AssertUnwindSafe(dispatch(app, client, route, request, &id)).catch_unwind().await;
    let mut response = answer.unwrap_or_else(|_| respond::error(&Error::Internal, family, &id));
    id.mark(response.headers_mut());
    if app.health.phase() == ccproxy_health::Phase::Draining {
        // The client's next request should go where there is a future.
        response.headers_mut().insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn dispatch(
    app: &Arc<App>,
    client: Option<IpAddr>,
    route: Route<'_>,
    request: Request<Incoming>,
    id: &RequestId,
) -> Response<Body> {
    if let Err(error) = admit(app, &route, &request) {
        let family = Family::of_headers(request.headers());
        pipeline::discard(request).await;
        return respond::error(&error, family, id);
    }
    match route {
        Route::Api(mount, below) => pipeline::run(app, mount, below, request, id).await,
        Route::Hello => Response::new(Body::empty()),
        Route::Grpc | Route::Health(_) | Route::Page => page(app, client, request, id).await,
    }
}

/// What is told of our health. An order may come with a body, which is read to its end like anybody's.
async fn health(app: &App, page: Page<'_>, request: Request<Incoming>) -> Response<Body> {
    let answer = app.doors.main.answer(page, &request).map(Body::from);
    if !request.body().is_end_stream() {
        pipeline::discard(request).await;
    }
    answer
}

/// A page, or the news that there is none, which is also for whoever still sends to a wrong path.
async fn page(
    app: &Arc<App>,
    client: Option<IpAddr>,
    request: Request<Incoming>,
    id: &RequestId,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let entry = admin::Entry::Main(client);
    let asked = Request::from_parts(parts.clone(), ());
    let answer = admin::page(app, &app.doors.main, entry, asked, id).await;
    pipeline::discard(Request::from_parts(parts, body)).await;
    answer
}

/// What is refused before anything is looked at.
fn admit(app: &App, route: &Route<'_>, request: &Request<Incoming>) -> Result<(), Error> {
    let headers = request.headers();
    if app.is_closing() {
        return Err(Error::Draining);
    }
    if request.extensions().get::<Spare>().is_some() {
        return Err(app.admission.no_room());
    }
    // The dashboard is a page of ours, by whichever name we go; what it may do, the pages say.
    let is_ours = || matches!(route, Route::Page) && !site::is_foreign_page(request);
    if !app.keys.are_required() && origin::is_foreign(headers) && !is_ours() {
        return Err(Error::ForeignPage);
    }
    let limit = app.limits.headers;
    if headers.len() > limit {
        return Err(Error::TooManyHeaders { limit });
    }
    if is_ambiguous(headers) { Err(Error::Ambiguous) } else { Ok(()) }
}

/// Whether another server might see another request here: RFC 9112 allows one `Host`, and no coding that we do not
/// know or that is there twice.
fn is_ambiguous(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let plain = codings.next().is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    !plain || codings.next().is_some() || headers.get_all(HOST).iter().nth(1).is_some()
}
