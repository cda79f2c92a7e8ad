//! `[health]`

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the health endpoints tell, to whom, and what counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// The form of the JSON pages.
    pub profile: Profile,
    /// Who sees details of the health. What `/api` shows of requests takes more on the main port where clients have to show
    /// something: `management.token` or `auth.token`.
    pub details: Details,
    /// How long the process may make no progress before it is no longer live.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub stall_limit: Duration,
    /// Whether a degraded answer carries `x-envoy-degraded: 1`.
    pub envoy_degraded: bool,
    /// Names of components without which the service is not ready: INSTANCE, INSTANCE/CHECK, or a check of the core such
    /// as `disk`. An upstream that all replicas share takes all of
    /// them out of rotation at once when it is named here.
    pub critical: Vec<String>,
    /// Directories whose room on disk is watched; a check each.
    pub disk: Vec<PathBuf>,
    /// An instance whose first byte takes longer than this on average is shown as degraded.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub slow: Duration,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            profile: Profile::Ccproxy,
            details: Details::Auto,
            stall_limit: Duration::from_secs(5),
            envoy_degraded: false,
            critical: Vec::new(),
            disk: Vec::new(),
            slow: Duration::from_secs(30),
        }
    }
}

/// The form of the JSON pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// That of the Python CCProxy API Server, byte for byte where all is well.
    #[default]
    Ccproxy,
    /// Every recommendation of draft-inadarei-api-health-check-06.
    Ietf,
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
