//! `GET /api/providers`: how the instances stand.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use ccproxy_health::{View, report};
use ccproxy_wire::Dialect;
use futures_util::future::BoxFuture;
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use super::parameters::Parameters;
use crate::app::{App, Instance, Standing};
use crate::error::Error;

/// All instances.
#[derive(Serialize, ToSchema)]
pub(crate) struct Providers {
    providers: Vec<Provider>,
}

/// How an instance stands.
#[derive(Serialize, ToSchema)]
struct Provider {
    name: String,
    kind: &'static str,
    version: &'static str,
    dialects: Vec<&'static str>,
    /// `pass`, `warn` or `fail`.
    status: &'static str,
    /// `closed`, `open` or `half_open`.
    breaker: &'static str,
    /// How long routes go around it, because it has asked for a pause or its breaker is open.
    shut_ms: Option<u64>,
    /// Requests under way.
    running: usize,
    /// How many there may be, if that is limited.
    concurrency: Option<usize>,
    /// The decaying average of the time to the first byte, once there is one.
    latency_ms: Option<f64>,
    /// What is left of the provider's scarcest rate limit.
    rate_limit: Option<RateLimit>,
}

/// What is left of a rate limit.
#[derive(Serialize, ToSchema)]
struct RateLimit {
    /// What is limited.
    limit: &'static str,
    /// What is left, in percent.
    percent: u8,
    /// When there is more again.
    resets_in_ms: u64,
}

pub(super) fn providers(
    app: Arc<App>,
    parameters: Parameters,
) -> BoxFuture<'static, Result<Response, Error>> {
    Box::pin(async move {
        parameters.end()?;
        let providers = app.instances.values().map(|instance| describe(&app, instance)).collect();
        json(Providers { providers })
    })
}

fn describe(app: &App, instance: &Instance) -> Provider {
    let health = report::plugin(&app.health, View::StatusOnly, &instance.name, &[]);
    let Standing { breaker, running, latency, room } = instance.traffic.standing();
    Provider {
        name: instance.name.clone(),
        kind: instance.kind,
        version: instance.version,
        dialects: instance.provider.dialects().iter().copied().map(Dialect::name).collect(),
        status: health.map_or("pass", |answer| answer.status.as_str()),
        breaker,
        shut_ms: instance.traffic.shut().map(|shut| millis(shut.wait())),
        running,
        concurrency: instance.gate.as_ref().map(crate::admission::Gate::places),
        latency_ms: latency.map(|latency| latency.as_secs_f64() * 1e3),
        rate_limit: room.map(|(limit, percent, resets_in)| RateLimit {
            limit,
            percent,
            resets_in_ms: millis(resets_in),
        }),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
