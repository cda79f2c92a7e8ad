//! `GET /api/keys`: what the clients' keys may do, and what they have spent.

use std::sync::Arc;

use axum::response::Response;
use ccproxy_config::KeyLimits;
use futures_util::future::BoxFuture;
use serde::Serialize;

use super::json;
use super::parameters::Parameters;
use crate::app::App;
use crate::error::Error;
use crate::limits::Budget;

/// The keys by their names; the keys themselves nobody has here.
#[derive(Serialize)]
struct Keys {
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    /// None for all clients without a named key, together.
    name: Option<String>,
    limits: KeyLimits,
    budget: Vec<Budget>,
    /// Requests under way, where anything is limited.
    running: u32,
}

pub(super) fn keys(app: Arc<App>, parameters: Parameters) -> BoxFuture<'static, Result<Response, Error>> {
    Box::pin(async move {
        parameters.end()?;
        let keys = app.keys.limits().map(|(name, limits)| {
            let (budget, running) = app.ledgers.standing(name, limits);
            Key { name: name.map(str::to_owned), limits: *limits, budget, running }
        });
        json(Keys { keys: keys.collect() })
    })
}
