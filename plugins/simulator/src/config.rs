//! The configuration of an instance.

use std::time::Duration;

use ccproxy_config::ModelRule;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::fault::Fault;

/// How an instance of the simulator behaves where a request does not say otherwise.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Time before the answer's first byte.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub latency: Duration,
    /// Tokens a second in streams; 0 is as fast as possible.
    pub token_rate: u32,
    /// A fault that every request meets.
    pub fault: Option<Fault>,
    /// Rules that rename models before they reach the instance. The first that matches wins.
    pub model_mappings: Vec<ModelRule>,
}
