//! `[reload]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a changed configuration comes into force without a restart. SIGHUP and `POST /reload` have the file read again in
/// any case.
///
/// What is running goes on until it is done, as it began. A file with a mistake changes nothing, and health and the log say
/// so. These keys are read at the start only, and a reload that changes one says so and applies the rest: all of
/// `[metrics]`, `[shutdown]` and `[logging]`; `[server]` but for `allowed_hosts`, `body_limit`, `body_timeout` and `sse_keep_alive`; `[health]` but for
/// `slow` and the instances in `critical`; `[management]` but for `token`; `[translation]` but for `strict`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Reload {
    /// Whether the file, and the files that tokens are read from, are looked at every two seconds, and a change is applied
    /// once it has been there for two.
    pub watch: bool,
}

impl Default for Reload {
    fn default() -> Self {
        Self { watch: true }
    }
}
