//! `GET /api/requests` and `GET /api/requests/{id}`: the records of exchanges that have ended.

use std::sync::Arc;

use axum::extract::{Path, State};
use ccproxy_store::{RequestQuery, Store};
use http::Uri;
use jiff::Timestamp;

use super::query::Query;
use super::{Answer, JSON, told};
use crate::app::App;
use crate::error::Error;

/// So many are told unless more are asked for, and at most.
const LIMITS: (usize, usize) = (100, 1000);

pub(in crate::admin) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Answer {
    let now = Timestamp::now();
    let mut query = Query::filtered(&uri, &["since", "until", "limit", "cursor"]);
    let (since, until) = (query.moment("since", now), query.moment("until", now));
    let limit = query.number("limit", 1, LIMITS.1).unwrap_or(LIMITS.0);
    let cursor = query.one("cursor", |text| Ok(text.to_owned()));
    let filter = query.filter();
    query.end()?;
    let asked = RequestQuery { since, until, filter, limit, cursor };
    let work = move |store: &Store| Ok(serde_json::to_vec(&store.requests(&asked)?)?);
    Ok(told(JSON, app.archive.read(work).await?))
}

pub(in crate::admin) async fn one(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let wanted = id.clone();
    let work = move |store: &Store| match store.request(&wanted)? {
        Some(record) => Ok(Some(serde_json::to_vec(&record)?)),
        None => Ok(None),
    };
    let found = app.archive.read(work).await?;
    found.map(|body| told(JSON, body)).ok_or_else(|| Error::NoRecord { id }.into())
}
