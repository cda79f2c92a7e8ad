//! `POST /reload`: the configuration is read again.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ccproxy_health_server::{Pages, site};
use ccproxy_wire::Family;

use crate::app::App;
use crate::app::reload::Reloaded;
use crate::error::Error;
use crate::request_id::RequestId;
use crate::respond;

/// Obeys whoever may give orders at this door, and tells what has changed or why nothing has.
pub(super) async fn reload(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(door): Extension<Pages>,
    request: Request,
) -> Response {
    let family = Family::of_headers(request.headers());
    let may = may(&door, &request);
    match obey(&app, may).await {
        Ok(reloaded) => Json(reloaded).into_response(),
        Err(error) => respond::error(&error, family, &id).map(axum::body::Body::new),
    }
}

fn may(door: &Pages, request: &Request) -> Result<(), Error> {
    // A web page of another site that orders something is a forgery, whatever keys it has.
    if site::is_foreign_page(request) {
        return Err(Error::ForeignOrder);
    }
    if door.may_command(request.headers()) { Ok(()) } else { Err(Error::NoRights) }
}

async fn obey(app: &App, may: Result<(), Error>) -> Result<Reloaded, Error> {
    may?;
    let outcome = app.order_reload().await.ok_or(Error::Draining)?;
    outcome.map_err(|mistakes| Error::NotReloaded { mistakes: mistakes.join("; ") })
}
