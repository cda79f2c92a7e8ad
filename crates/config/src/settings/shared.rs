//! `[shared]`

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secret::SecretSource;

/// What several replicas have in common: the requests and tokens a minute and the budgets of each key (`[limits]`), counted in Redis or Valkey.
/// Requests and streams at a time, and `[limits]` concurrency, are each replica's own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shared {
    /// Where it is: `redis://USER:PASSWORD@HOST:PORT/DATABASE`, or `unix:///SOCKET`. Without it each replica counts by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretSource>,
    /// How long a request waits for it at most. When it does not answer, limits are this replica's alone until it does.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub timeout: Duration,
    /// What the names of all keys there begin with.
    pub prefix: String,
}

impl Default for Shared {
    fn default() -> Self {
        Self { url: None, timeout: Duration::from_millis(20), prefix: "ccproxy".to_owned() }
    }
}
