//! `GET /api/overview`: the process.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::recorder::LaneInfo;

/// The process as a whole.
#[derive(Serialize, ToSchema)]
pub(crate) struct Overview {
    version: &'static str,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    started: Timestamp,
    /// Seconds since.
    uptime_s: u64,
    /// `starting`, `ready`, `draining` or `stopped`.
    phase: &'static str,
    /// Where clients are listened to.
    #[schema(value_type = Option<String>)]
    address: Option<SocketAddr>,
    requests: Requests,
    /// WebSockets that are open.
    sockets: usize,
    /// What it holds of the machine's memory; null where the system does not tell.
    memory_bytes: Option<u64>,
    recorder: Records,
}

/// Exchanges since the start.
#[derive(Serialize, ToSchema)]
struct Requests {
    begun: u64,
    /// Whose answer reached the client whole.
    done: u64,
    /// That ended in an error, whoever's.
    failed: u64,
    /// Whose client went away before the end.
    client_gone: u64,
    running: u64,
}

/// What becomes of records.
#[derive(Serialize, ToSchema)]
struct Records {
    /// `sqlite`, `postgres` or `none`.
    store: &'static str,
    /// Those who follow, each with its queue.
    lanes: Vec<LaneInfo>,
}

pub(in crate::admin) async fn overview(State(app): State<Arc<App>>) -> Json<Overview> {
    let stats = &app.stats;
    // The ends before the beginnings, so that what runs is never less than nothing.
    let (done, failed, client_gone) = (stats.done(), stats.failed(), stats.client_gone());
    let begun = stats.begun();
    Json(Overview {
        version: env!("CARGO_PKG_VERSION"),
        started: app.started,
        uptime_s: u64::try_from(Timestamp::now().as_second() - app.started.as_second()).unwrap_or_default(),
        phase: app.health.phase().as_str(),
        address: app.address.get().copied(),
        requests: Requests {
            begun,
            done,
            failed,
            client_gone,
            running: begun.saturating_sub(done + failed + client_gone),
        },
        sockets: app.sockets.len(),
        memory_bytes: ccproxy_health_system::resident_bytes(),
        recorder: Records { store: app.archive.kind(), lanes: app.recorder.lanes().collect() },
    })
}
