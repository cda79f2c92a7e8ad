//! `[store]`

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::{ByteSize, SecretSource};

/// Where records of exchanges, usage and the history of health are kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Whether there is one. Without it there are no usage, no budgets across restarts, and no requests to look at.
    pub enabled: bool,
    /// Where it is: the path of a file for SQLite, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE` for several replicas. Without
    /// it, `ccproxy/ccproxy.db` in `$XDG_DATA_HOME` or `~/.local/share`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretSource>,
    /// How long records, the history of health and the sums of hours are kept.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub retention: Duration,
    /// How long it is remembered what was used by day; never shorter than `retention`. Sums of minutes are kept for 48 hours.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub keep_usage: Duration,
    /// How large the store may become; the oldest records go first.
    pub max_size: ByteSize,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Store {
    fn default() -> Self {
        Self {
            enabled: true,
            url: None,
            retention: 90 * DAY,
            keep_usage: 800 * DAY,
            max_size: ByteSize::mib(2048),
        }
    }
}

/// The file of the store where the configuration names none; `None` if nobody's home is known.
pub(super) fn default_path(env: &Env) -> Option<PathBuf> {
    let absolute = |name: &str| env.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base =
        absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(Path::new(".local/share"))))?;
    Some(base.join("ccproxy/ccproxy.db"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_is_if_nobody_says_so() {
        let check = |env: &[(&str, &str)], expect: Option<&str>| {
            assert_eq!(default_path(&env.iter().copied().collect()), expect.map(PathBuf::from));
        };
        check(&[("HOME", "/home/a")], Some("/home/a/.local/share/ccproxy/ccproxy.db"));
        check(&[("HOME", "/home/a"), ("XDG_DATA_HOME", "/data")], Some("/data/ccproxy/ccproxy.db"));
        check(
            &[("HOME", "/home/a"), ("XDG_DATA_HOME", "data")],
            Some("/home/a/.local/share/ccproxy/ccproxy.db"),
        );
        check(&[], None);
    }
}
