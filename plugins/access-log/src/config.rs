//! `[plugins.access-log]`.

use std::path::PathBuf;

use ccproxy_config::ByteSize;
use ccproxy_plugin_api::KeyError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The access log.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is written.
    pub enabled: bool,
    /// The file that lines are added to; none for the standard output. It is made with mode 0600.
    pub path: Option<PathBuf>,
    /// The form of a line: a JSON object, or the Common or Combined Log Format of web servers.
    pub format: Format,
    /// Whose requests: the clients' and, as JSON only, the calls of providers.
    pub sides: Vec<Side>,
    /// Whether health probes are in it.
    pub probes: bool,
    /// A file that would grow larger becomes `PATH.1`, which becomes `PATH.2`, and so on. 0 leaves that to others: whoever
    /// moves the file away gets a new one within a second.
    pub max_size: ByteSize,
    /// How many of those are kept.
    pub max_files: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            path: None,
            format: Format::Json,
            sides: vec![Side::Client],
            probes: false,
            max_size: ByteSize::mib(100),
            max_files: 5,
        }
    }
}

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A JSON object.
    Json,
    /// The Common Log Format.
    Common,
    /// The same, the program of the client at the end.
    Combined,
}

/// Where a request was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Coming from a client.
    Client,
    /// Going to a provider.
    Upstream,
}

impl Config {
    pub(crate) fn has(&self, side: Side) -> bool {
        self.sides.contains(&side)
    }

    /// What the types cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<KeyError>> {
        let wrong = |key, message: &str| KeyError { key, message: message.to_owned() };
        let mut errors = Vec::new();
        if self.sides.is_empty() {
            errors.push(wrong("sides", "expected \"client\", \"upstream\" or both"));
        }
        if self.format != Format::Json && self.has(Side::Upstream) {
            errors.push(wrong("sides", "only format = \"json\" has lines for calls of providers"));
        }
        if self.path.as_ref().is_some_and(|path| path.file_name().is_none()) {
            errors.push(wrong("path", "expected the path of a file"));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
