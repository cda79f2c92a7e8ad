//! `[shutdown]`

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the service goes down after SIGTERM: not ready at once, new requests are still accepted during the drain delay,
/// requests that run are waited for until the deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    /// How long requests are still accepted, so that balancers can notice; 0s where none is in front.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub drain_delay: Duration,
    /// How long running requests are waited for, counted from the signal. Those that still run then are cut.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub deadline: Duration,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { drain_delay: Duration::from_secs(5), deadline: Duration::from_secs(600) }
    }
}
