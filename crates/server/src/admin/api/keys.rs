//! `GET /api/keys`: the clients' keys, by their names.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ccproxy_config::{ClientKey, KeyLimits};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::limits::Budget;

/// All keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct Keys {
    keys: Vec<Key>,
    /// All clients without a named key together.
    anonymous: Limited,
}

/// A named key.
#[derive(Serialize, ToSchema)]
struct Key {
    name: String,
    /// The models that it is good for, as patterns; empty means all.
    models: Vec<String>,
    /// The provider instances that it is good for; empty means all.
    providers: Vec<String>,
    /// What it may do, as it is in force; what is not there has no limit.
    #[schema(value_type = Object)]
    limits: KeyLimits,
    /// What money is left in each window.
    #[schema(value_type = Vec<Object>)]
    budget: Vec<Budget>,
    /// Requests under way; null where nothing limits how many.
    running: Option<u32>,
    /// From when on it is no longer good.
    expires: Option<String>,
    /// Since when it has been good for nothing.
    revoked: Option<String>,
}

/// What clients may do.
#[derive(Serialize, ToSchema)]
struct Limited {
    #[schema(value_type = Object)]
    limits: KeyLimits,
    /// What money is left in each window.
    #[schema(value_type = Vec<Object>)]
    budget: Vec<Budget>,
    /// Requests under way; null where nothing limits how many.
    running: Option<u32>,
}

pub(in crate::admin) async fn keys(State(app): State<Arc<App>>) -> Json<Keys> {
    let standing = |name: Option<&str>, limits: &KeyLimits| {
        let (budget, running) = app.ledgers.standing(name, limits);
        // Nobody counts what nothing limits.
        (budget, limits.concurrency.map(|_| running))
    };
    let key = |key: &ClientKey| {
        let (budget, running) = standing(Some(&key.name), &key.limits);
        Key {
            name: key.name.clone(),
            models: key.models.iter().map(ToString::to_string).collect(),
            providers: key.providers.clone(),
            limits: key.limits,
            budget,
            running,
            expires: key.expires.map(String::from),
            revoked: key.revoked.map(String::from),
        }
    };
    let limits = app.keys.anonymous();
    let (budget, running) = standing(None, &limits);
    Json(Keys { keys: app.keys.named().map(key).collect(), anonymous: Limited { limits, budget, running } })
}
