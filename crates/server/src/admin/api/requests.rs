//! `GET /api/requests` and `GET /api/requests/{id}`

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use ccproxy_health_server::Pages;
use ccproxy_store::RequestQuery;
use futures_util::future::BoxFuture;
use http::HeaderMap;

use super::parameters::Parameters;
use super::{archive, guarded, json};
use crate::app::App;
use crate::error::Error;
use crate::request_id::RequestId;

/// The length of a page where nobody says so, and at most.
const LIMIT: (usize, usize) = (100, 1000);

pub(super) fn list(app: Arc<App>, mut parameters: Parameters) -> BoxFuture<'static, Result<Response, Error>> {
    Box::pin(async move {
        let query = RequestQuery {
            since: parameters.moment("since"),
            until: parameters.moment("until"),
            filter: parameters.filter(),
            limit: parameters.number("limit", 1..=LIMIT.1).unwrap_or(LIMIT.0),
            cursor: parameters.one("cursor", |cursor| Ok(cursor.to_owned())),
        };
        parameters.end()?;
        json(archive(&app)?.read(move |store| store.requests(&query)).await?)
    })
}

/// One request by its id.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(door): Extension<Pages>,
    headers: HeaderMap,
    Path(wanted): Path<String>,
) -> Response {
    let work = || async {
        let known = wanted.clone();
        let found = archive(&app)?.read(move |store| store.request(&known)).await?;
        json(found.ok_or_else(|| Error::NoRecord { id: wanted.chars().take(128).collect() })?)
    };
    guarded(&app, &door, &headers, &id, work).await
}
