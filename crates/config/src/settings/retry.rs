//! `[retry]`

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a provider is asked again for the same request: only where its failure may pass, and before anything of an answer
/// has reached the client. The next target of the route is asked at once, the same one after a pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// How often a request is sent to providers at most, over all targets of its route. 1 repeats nothing.
    #[schemars(range(min = 1))]
    pub attempts: u8,
    /// How many of an instance's requests may be repeated, in percent; a few in a second always may. It keeps an
    /// overloaded provider from being asked twice by everybody. 0 repeats nothing.
    #[schemars(range(max = 100))]
    pub budget: u8,
    /// The pause before the same target is asked again, at most: a random part of it is waited, and twice as much the
    /// next time.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub backoff: Duration,
    /// The longest pause. A provider that wants more (`retry-after`) is not waited for: the client gets its answer.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub max_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            budget: 20,
            backoff: Duration::from_millis(200),
            max_wait: Duration::from_secs(2),
        }
    }
}
