//! `GET /api/health/transitions`: how the health has changed, across restarts.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use ccproxy_store::Transition;
use http::Uri;
use jiff::Timestamp;
use serde::Serialize;

use super::query::Query;
use super::{Answer, JSON, told};
use crate::app::App;
use crate::archive;
use crate::error::Error;

/// So many are told unless more are asked for, and at most.
const LIMITS: (usize, usize) = (256, 1000);

#[derive(Serialize)]
struct Transitions {
    transitions: Vec<Transition>,
}

/// From the store, or where there is none from what this process remembers; the newest first.
pub(in crate::admin) async fn transitions(State(app): State<Arc<App>>, uri: Uri) -> Answer {
    let now = Timestamp::now();
    let mut query = Query::new(&uri, &["since", "until", "limit"]);
    let since = query.moment("since", now).unwrap_or(Timestamp::MIN);
    let until = query.moment("until", now).unwrap_or(Timestamp::MAX);
    let limit = query.number("limit", 1, LIMITS.1).unwrap_or(LIMITS.0);
    query.end()?;
    let stored = app.archive.read(move |store| answer(store.transitions(since, until, limit)?)).await;
    match stored {
        Ok(body) => Ok(json(body)),
        Err(Error::Unkept | Error::NoStore { .. }) => {
            let remembered = app.health.events().into_iter().rev();
            let known = remembered.filter(|transition| (since..until).contains(&transition.time));
            let known = known.take(limit).map(|change| archive::told(&change)).collect();
            Ok(json(answer(known).map_err(|_| Error::Internal)?))
        }
        Err(error) => Err(error.into()),
    }
}

fn answer(transitions: Vec<Transition>) -> Result<Vec<u8>, ccproxy_store::StoreError> {
    Ok(serde_json::to_vec(&Transitions { transitions })?)
}

fn json(body: Vec<u8>) -> Response {
    told(JSON, body)
}
