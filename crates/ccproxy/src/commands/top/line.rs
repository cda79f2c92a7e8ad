//! What is known, as one line of JSON.

use serde::Serialize;

use super::state::{MINUTE, State, WINDOW};
use crate::commands::health::verdict::Status;
use crate::commands::told::figures::Provider;

#[derive(Serialize)]
struct Line<'a> {
    /// Null until the proxy has told.
    status: Option<Status>,
    /// Why the proxy does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
    running: u64,
    requests_per_s: f64,
    /// Of the last minute's requests.
    failed_percent: Option<f64>,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    tokens_per_s: f64,
    /// By what the last five minutes cost; null where the price of none of their requests is known.
    cost_usd_per_h: Option<f64>,
    /// Of the last five minutes: requests without a known price.
    unpriced: u64,
    missed: u64,
    providers: &'a [Provider],
}

pub(super) fn of(state: &State) -> String {
    let (minute, window) = (state.tally(MINUTE), state.tally(WINDOW));
    #[expect(clippy::cast_precision_loss, reason = "rates")]
    let line = Line {
        status: state.health.as_ref().map(|health| health.status),
        trouble: state.trouble.as_deref(),
        running: state.overview.as_ref().map_or(0, |overview| overview.requests.running),
        requests_per_s: round(state.rate()),
        failed_percent: (minute.requests > 0)
            .then(|| round(minute.failed as f64 * 100.0 / minute.requests as f64)),
        p50_ms: minute.percentile(50).map(round),
        p95_ms: minute.percentile(95).map(round),
        tokens_per_s: round(minute.tokens as f64 / state.seen(MINUTE)),
        cost_usd_per_h: window.known(3600.0 / state.seen(WINDOW)),
        unpriced: window.unpriced,
        missed: state.missed,
        providers: &state.providers,
    };
    format!("{}\n", serde_json::to_string(&line).unwrap_or_default())
}

/// To a hundredth.
fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
