//! `[plugins.request-tracer]`.

use std::path::PathBuf;
use std::time::Duration;

use ccproxy_config::ByteSize;
use schemars::JsonSchema;
use serde::Deserialize;

/// The request tracer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether messages are kept. They hold what clients ask and are answered.
    pub enabled: bool,
    /// The folder in which each exchange has a folder. It is made with mode 0700, files with 0600.
    pub dir: Option<PathBuf>,
    /// Only exchanges that did not end well.
    pub failed_only: bool,
    /// How much of each body is kept.
    pub max_body: ByteSize,
    /// When all folders together are larger, the oldest go.
    pub max_size: ByteSize,
    /// Older folders go.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub max_age: Duration,
    /// What may wait in memory to be written. An exchange for which there is no room is not kept.
    pub buffer: ByteSize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            dir: None,
            failed_only: false,
            max_body: ByteSize::mib(4),
            max_size: ByteSize::mib(1024),
            max_age: Duration::from_hours(7 * 24),
            buffer: ByteSize::mib(64),
        }
    }
}
