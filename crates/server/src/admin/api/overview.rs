//! `GET /api/overview`, `/api/config` and `/api/health/transitions`

use std::sync::Arc;

use axum::response::Response;
use ccproxy_store::Transition;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use super::parameters::Parameters;
use crate::app::App;
use crate::archive::told;
use crate::error::Error;
use crate::recorder::LaneInfo;

/// The process and its traffic.
#[derive(Serialize, ToSchema)]
pub(crate) struct Overview {
    version: &'static str,
    /// `starting`, `ready`, `draining` or `stopped`.
    phase: &'static str,
    #[schema(value_type = String, format = DateTime)]
    started: Timestamp,
    uptime_s: i64,
    requests: Requests,
    /// WebSockets that are open.
    sockets: usize,
    recorder: Lanes,
}

/// Exchanges since the start.
#[derive(Serialize, ToSchema)]
struct Requests {
    begun: u64,
    done: u64,
    failed: u64,
    client_gone: u64,
    running: u64,
}

/// Where records go.
#[derive(Serialize, ToSchema)]
struct Lanes {
    /// `sqlite`, `postgres` or `none`.
    store: &'static str,
    /// What the store takes up, once it is open.
    store_bytes: Option<u64>,
    lanes: Vec<LaneInfo>,
}

pub(super) fn overview(app: Arc<App>, parameters: Parameters) -> BoxFuture<'static, Result<Response, Error>> {
    Box::pin(async move {
        parameters.end()?;
        let stats = &app.stats;
        let store_bytes = match &app.archive {
            Some(archive) => archive.read(ccproxy_store::Store::size).await.ok(),
            None => None,
        };
        json(Overview {
            version: env!("CARGO_PKG_VERSION"),
            phase: app.health.phase().as_str(),
            started: app.started,
            uptime_s: Timestamp::now().as_second() - app.started.as_second(),
            requests: Requests {
                begun: stats.begun(),
                done: stats.done(),
                failed: stats.failed(),
                client_gone: stats.client_gone(),
                running: stats.running(),
            },
            sockets: app.sockets.len(),
            recorder: Lanes {
                store: app.archive.as_ref().map_or("none", |archive| archive.kind()),
                store_bytes,
                lanes: app.recorder.lanes().collect(),
            },
        })
    })
}

/// The configuration in force.
#[derive(Serialize, ToSchema)]
pub(crate) struct Config {
    /// As `ccproxy config show` has it: secrets are masked.
    toml: String,
}

pub(super) fn config(app: Arc<App>, parameters: Parameters) -> BoxFuture<'static, Result<Response, Error>> {
    Box::pin(async move {
        parameters.end()?;
        json(Config { toml: app.shown.clone() })
    })
}

/// The history of health, the newest first.
#[derive(Serialize)]
struct Transitions {
    transitions: Vec<Transition>,
}

/// From the store; without one, what this process remembers.
pub(super) fn transitions(
    app: Arc<App>,
    mut parameters: Parameters,
) -> BoxFuture<'static, Result<Response, Error>> {
    Box::pin(async move {
        let now = Timestamp::now();
        let since = parameters.moment("since").unwrap_or(now - SignedDuration::from_hours(24));
        let until = parameters.moment("until").unwrap_or(now + SignedDuration::from_secs(1));
        let limit = parameters.number("limit", 1..=10_000).unwrap_or(1_000);
        parameters.end()?;
        let transitions = match app.archive.as_ref().filter(|archive| archive.is_open()) {
            Some(archive) => archive.read(move |store| store.transitions(since, until, limit)).await?,
            None => {
                let kept = app.health.events();
                let kept = kept.iter().rev().filter(|one| (since..until).contains(&one.time));
                kept.take(limit).map(told).collect()
            }
        };
        json(Transitions { transitions })
    })
}
