//! `GET /api/providers`: the instances, and how they stand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use ccproxy_health::{Status, View, report};
use ccproxy_plugin_api::CredentialState;
use ccproxy_wire::Dialect;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::admission::Gate;
use crate::app::{App, Instance};

/// All provider instances.
#[derive(Serialize, ToSchema)]
pub(crate) struct Providers {
    providers: Vec<Provider>,
}

/// A provider instance.
#[derive(Serialize, ToSchema)]
struct Provider {
    /// The instance's name, under which it is mounted.
    name: String,
    /// The kind of provider.
    kind: &'static str,
    /// The plugin's version.
    version: &'static str,
    /// The dialects that it speaks natively.
    dialects: Vec<&'static str>,
    /// Its health: `pass`, `warn` or `fail`.
    status: &'static str,
    /// Whether it has what it cannot do without.
    started: bool,
    /// `closed` while traffic passes, `open` while it is left alone, `half_open` while one exchange may try.
    breaker: &'static str,
    /// How long routes go around it yet, because it asked for a pause or its breaker is open.
    resting_ms: Option<u64>,
    /// Exchanges under way there.
    running: usize,
    /// How many may be; null where that is not limited.
    concurrency: Option<usize>,
    /// To the first byte of an answer, on a moving average.
    latency_ms: Option<f64>,
    credentials: Vec<Credential>,
    /// What it has told last of its scarcest limit (`requests`, `tokens`, …), for as long as that counts.
    #[schema(value_type = Option<Object>)]
    rate_limit: Option<BTreeMap<&'static str, Left>>,
}

/// How a credential stands.
#[derive(Serialize, ToSchema)]
struct Credential {
    /// Its name, or its place in the list.
    name: String,
    /// Whether it was read, has not ended, and was not refused when it was last shown.
    usable: bool,
    /// How long others are used instead.
    resting_ms: Option<u64>,
    /// When it ends, where it says so itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Timestamp>,
}

/// What is left of a limit.
#[derive(Serialize)]
struct Left {
    limit: u8,
    remaining: u8,
    /// What both are counted in.
    unit: &'static str,
    /// When there is more.
    reset: Option<Timestamp>,
}

pub(in crate::admin) async fn providers(State(app): State<Arc<App>>) -> Json<Providers> {
    let started: BTreeMap<_, _> = app.health.container().parts().into_iter().collect();
    let describe = |instance: &Arc<Instance>| {
        describe(&app, instance, started.get(&instance.name).is_some_and(|state| *state == "started"))
    };
    Json(Providers { providers: app.instances.values().map(describe).collect() })
}

fn describe(app: &App, instance: &Instance, started: bool) -> Provider {
    let health = report::plugin(&app.health, View::StatusOnly, &instance.name, &[]);
    let standing = instance.traffic.standing();
    let now = Timestamp::now();
    Provider {
        name: instance.name.clone(),
        kind: instance.kind,
        version: instance.version,
        dialects: instance.provider.dialects().iter().copied().map(Dialect::word).collect(),
        status: health.map_or(Status::Pass, |answer| answer.status).as_str(),
        started,
        breaker: standing.breaker,
        resting_ms: instance.traffic.shut().map(|shut| millis(shut.wait())),
        running: standing.running,
        concurrency: instance.gate.as_ref().map(Gate::places),
        latency_ms: standing.latency.map(|latency| (latency.as_secs_f64() * 1e4).round() / 10.0),
        credentials: instance.provider.credentials().into_iter().map(Credential::of).collect(),
        rate_limit: standing.room.map(|room| left(room, now)),
    }
}

impl Credential {
    fn of(state: CredentialState) -> Self {
        Self {
            name: state.name,
            usable: state.usable,
            resting_ms: state.rests.map(millis),
            expires: state.expires.and_then(|at| at.try_into().ok()),
        }
    }
}

fn left(
    (limit, percent, wait): (&'static str, u8, Duration),
    now: Timestamp,
) -> BTreeMap<&'static str, Left> {
    let reset = SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok());
    BTreeMap::from([(limit, Left { limit: 100, remaining: percent, unit: "percent", reset })])
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
