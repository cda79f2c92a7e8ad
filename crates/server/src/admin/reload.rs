//! `POST /reload`: the configuration is read again.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ccproxy_health_server::Pages;
use ccproxy_wire::Family;
use http::HeaderMap;
use http::header::ORIGIN;

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
    headers: HeaderMap,
) -> Response {
    match obey(&app, &door, &headers).await {
        Ok(reloaded) => Json(reloaded).into_response(),
        Err(error) => respond::error(&error, Family::of_headers(&headers), &id).map(axum::body::Body::new),
    }
}

async fn obey(app: &App, door: &Pages, headers: &HeaderMap) -> Result<Reloaded, Error> {
    // A web page that orders something is a forgery, whatever keys it has.
    if headers.contains_key(ORIGIN) || !door.may_command(headers) {
        return Err(Error::NoRights);
    }
    let outcome = app.order_reload().await.ok_or(Error::Draining)?;
    outcome.map_err(|mistakes| Error::NotReloaded { mistakes: mistakes.join("; ") })
}
