//! `[health]`

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the health endpoints tell, to whom, and what counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// Who sees details of the health.
    pub details: Details,
    /// How long the process may make no progress before it is no longer live.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub stall_limit: Duration,
    /// Whether a degraded answer carries `x-envoy-degraded: 1`.
    pub envoy_degraded: bool,
    /// Names of components without which the service is not ready. An upstream that all replicas share takes all of
    /// them out of rotation at once when it is named here.
    pub critical: Vec<String>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            details: Details::Auto,
            stall_limit: Duration::from_secs(5),
            envoy_degraded: false,
            critical: Vec::new(),
        }
    }
}

/// Who sees details of the health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Details {
    /// `always` while the listener is on a loopback address, `authorized` otherwise.
    #[default]
    Auto,
    /// Everybody.
    Always,
    /// Whoever shows a key; others see the state of the service as a whole.
    Authorized,
    /// Whoever shows a key; others see the status and nothing else.
    Status,
}

impl Details {
    /// The same with `Auto` decided.
    #[must_use]
    pub fn resolve(self, loopback: bool) -> Self {
        match (self, loopback) {
            (Self::Auto, true) => Self::Always,
            (Self::Auto, false) => Self::Authorized,
            (other, _) => other,
        }
    }
}
