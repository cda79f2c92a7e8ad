//! `[logging]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is logged, and in which form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// The least severe level that is logged: `error`, `warn`, `info`, `debug`, `trace`, `off`, or directives per
    /// module such as `info,hyper=warn`.
    pub level: String,
    /// The form of a line.
    pub format: LogFormat,
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Auto }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// `pretty` on a terminal, `json` otherwise.
    #[default]
    Auto,
    /// For people.
    Pretty,
    /// For machines: one JSON object per line.
    Json,
}
