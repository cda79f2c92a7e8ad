//! `[metrics]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `/metrics` tells beside health; docs/METRICS.md has every metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Whether requests are counted. Without it there are health's own metrics only.
    pub enabled: bool,
    /// Whether requests, tokens and cost are also counted by the name of the client's key. Whoever may read the metrics then
    /// learns the names of the keys, and how much each is used.
    pub keys: bool,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: true, keys: false }
    }
}
