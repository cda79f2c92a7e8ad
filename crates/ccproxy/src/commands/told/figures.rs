//! The answers of `/api/…`, as far as commands show them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::spent;

/// `/api/usage`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::commands) struct Usage {
    pub(in crate::commands) since: String,
    pub(in crate::commands) until: String,
    pub(in crate::commands) rows: Vec<Row>,
    pub(in crate::commands) total: Figures,
    #[serde(default)]
    pub(in crate::commands) truncated: bool,
}

/// A row of it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::commands) struct Row {
    pub(in crate::commands) start: Option<String>,
    #[serde(flatten)]
    pub(in crate::commands) figures: Figures,
    /// What the row is of; what is left when the figures are taken.
    #[serde(flatten)]
    pub(in crate::commands) group: BTreeMap<String, Option<String>>,
}

/// Sums over exchanges.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Figures {
    pub(in crate::commands) requests: u64,
    pub(in crate::commands) failed: u64,
    pub(in crate::commands) client_gone: u64,
    pub(in crate::commands) faults: Faults,
    pub(in crate::commands) attempts: u64,
    pub(in crate::commands) tokens: Tokens,
    /// Of those whose price is known; none where it is of none of them.
    pub(in crate::commands) cost_usd: Option<f64>,
    pub(in crate::commands) unpriced: u64,
    pub(in crate::commands) duration_ms: Percentiles,
    pub(in crate::commands) first_token_ms: Percentiles,
    pub(in crate::commands) request_bytes: u64,
    pub(in crate::commands) response_bytes: u64,
}

impl Figures {
    /// What they cost, as far as that is known.
    pub(in crate::commands) fn spent(&self) -> String {
        spent(self.cost_usd.unwrap_or_default(), self.unpriced)
    }
}

/// Failed exchanges by who has to act.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Faults {
    pub(in crate::commands) client: u64,
    pub(in crate::commands) us: u64,
    pub(in crate::commands) upstream: u64,
}

/// Tokens by kind.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Tokens {
    pub(in crate::commands) input: u64,
    pub(in crate::commands) output: u64,
    pub(in crate::commands) cache_read: u64,
    pub(in crate::commands) cache_write: u64,
    pub(in crate::commands) reasoning: u64,
}

/// Milliseconds.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::commands) struct Percentiles {
    pub(in crate::commands) p50: Option<f64>,
    pub(in crate::commands) p95: Option<f64>,
    pub(in crate::commands) p99: Option<f64>,
    pub(in crate::commands) max: Option<f64>,
}

/// `/api/overview`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Overview {
    pub(in crate::commands) version: String,
    pub(in crate::commands) started: String,
    pub(in crate::commands) uptime_s: u64,
    pub(in crate::commands) phase: String,
    pub(in crate::commands) address: Option<String>,
    pub(in crate::commands) requests: Requests,
    pub(in crate::commands) sockets: u64,
    pub(in crate::commands) memory_bytes: Option<u64>,
    pub(in crate::commands) recorder: Recorder,
}

/// Exchanges since the start.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Requests {
    pub(in crate::commands) begun: u64,
    pub(in crate::commands) done: u64,
    pub(in crate::commands) failed: u64,
    pub(in crate::commands) client_gone: u64,
    pub(in crate::commands) running: u64,
}

/// What becomes of records.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Recorder {
    pub(in crate::commands) store: String,
    pub(in crate::commands) lanes: Vec<Lane>,
}

/// One who follows.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Lane {
    pub(in crate::commands) name: String,
    pub(in crate::commands) queued: u64,
    pub(in crate::commands) capacity: u64,
    pub(in crate::commands) dropped: u64,
    pub(in crate::commands) failing: bool,
}

/// `/api/providers`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::commands) struct Providers {
    pub(in crate::commands) providers: Vec<Provider>,
}

/// A provider instance.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Provider {
    pub(in crate::commands) name: String,
    pub(in crate::commands) kind: String,
    pub(in crate::commands) status: String,
    pub(in crate::commands) started: bool,
    pub(in crate::commands) breaker: String,
    pub(in crate::commands) resting_ms: Option<u64>,
    pub(in crate::commands) running: u64,
    pub(in crate::commands) concurrency: Option<u64>,
    pub(in crate::commands) latency_ms: Option<f64>,
    pub(in crate::commands) credentials: Vec<Credential>,
    pub(in crate::commands) rate_limit: Option<BTreeMap<String, Left>>,
}

/// A credential of it.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Credential {
    pub(in crate::commands) name: String,
    pub(in crate::commands) usable: bool,
    pub(in crate::commands) resting_ms: Option<u64>,
    pub(in crate::commands) expires: Option<String>,
}

/// What is left of a limit, in percent.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(in crate::commands) struct Left {
    pub(in crate::commands) remaining: u64,
}

impl Provider {
    /// What stands in the way of its traffic, in a few words.
    pub(in crate::commands) fn trouble(&self) -> Option<String> {
        let rest = self.resting_ms.map(|millis| format!(" {} s", millis.div_ceil(1000))).unwrap_or_default();
        match (self.started, self.breaker.as_str()) {
            (false, _) => Some("not started".to_owned()),
            (_, "open") => Some(format!("breaker open{rest}")),
            (_, "half_open") => Some("breaker half open".to_owned()),
            _ if self.resting_ms.is_some() => Some(format!("rests{rest}")),
            _ => None,
        }
    }

    /// What is left of its scarcest limit: `tokens 7 %`.
    pub(in crate::commands) fn room(&self) -> Option<String> {
        let (limit, left) = self.rate_limit.as_ref()?.iter().min_by_key(|(_, left)| left.remaining)?;
        Some(format!("{limit} {} %", left.remaining))
    }

    /// Requests under way, and how many may be: `2/8`.
    pub(in crate::commands) fn load(&self) -> String {
        match self.concurrency {
            Some(most) => format!("{}/{most}", self.running),
            None => self.running.to_string(),
        }
    }
}
