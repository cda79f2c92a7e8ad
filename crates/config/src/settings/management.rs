//! `[management]`

use std::net::IpAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secret::SecretSource;

/// Listeners for those who watch and run the service, on a thread of their own: they answer while the rest is blocked.
/// Off unless a port or a socket is given. The health endpoints of the main port stay.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Management {
    /// The address of the ports below: an IP address or `localhost`.
    pub host: String,
    /// The port for health, metrics, `/drain` and `/reload`; 0 lets the system choose one. Without it, there is none.
    pub port: Option<u16>,
    /// A Unix socket for the same. Whoever may open it may drain the service and have it reload; only this
    /// user may.
    pub socket: Option<PathBuf>,
    /// The port for HAProxy's agent-check: one line such as `up ready 100%` or `drain` to whoever connects.
    pub agent_port: Option<u16>,
    /// What to show for `POST /drain`, `/undrain` and `/reload`, as `Authorization: Bearer …`; it opens all details of the
    /// health and, at every port, what `/api` and the dashboard show, too. Without it, only the Unix socket and a management port on a loopback address take these orders; on
    /// any other address whoever shows no client's key sees the verdicts and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretSource>,
}

impl Default for Management {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: None, socket: None, agent_port: None, token: None }
    }
}

impl Management {
    /// The address of `host`; `None` if it is a name other than `localhost`.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        if self.host == "localhost" { Some([127, 0, 0, 1].into()) } else { self.host.parse().ok() }
    }

    /// Whether only this machine can reach the ports.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.ip().is_some_and(|ip| ip.to_canonical().is_loopback())
    }
}
