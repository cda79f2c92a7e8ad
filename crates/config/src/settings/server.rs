//! `[server]`

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tls::ServerTls;
use crate::byte_size::ByteSize;

/// The listener and the limits of what it accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address to listen on: an IP address or `localhost`. Anything but a loopback address needs `[auth]`.
    pub host: String,
    /// The port to listen on; 0 lets the system choose one.
    pub port: u16,
    /// Names that browsers may call this service by, such as `ccproxy.lan`, besides IP addresses, `localhost` and what ends in
    /// `.localhost`. On a loopback address `/api`, `/dashboard` and orders are refused (421) to whoever names another `Host`:
    /// a web page may have its own name mean this machine. Add the name here under which a proxy on this machine passes
    /// requests on.
    pub allowed_hosts: Vec<String>,
    /// The largest request body that is accepted.
    pub body_limit: ByteSize,
    /// The most headers that a request may have.
    pub max_headers: u16,
    /// The largest head of a request, all headers together.
    pub header_bytes: ByteSize,
    /// How long a client may take to send the head of a request; of the first one, the TLS handshake included.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub header_timeout: Duration,
    /// How long a client may fall silent in the middle of a request body.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub body_timeout: Duration,
    /// How long an idle connection of a client is kept.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub keep_alive: Duration,
    /// How long a stream may be silent before a keep-alive event goes out.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub sse_keep_alive: Duration,
    /// How many connections of clients may be open at once; 0 means any number. One more takes the place of the one that has
    /// been idle for longest; where none is idle, its requests are turned away, health probes apart.
    pub max_connections: u32,
    /// Threads that serve requests; 0 means one per core.
    pub workers: u16,
    /// A Unix socket through which `ccproxy serve --takeover` gets the listeners of this process, which then ends as after
    /// SIGTERM: an upgrade that refuses nobody. Whoever may open it may do so; only this user may.
    pub takeover: Option<PathBuf>,
    /// The certificate to serve HTTPS with. Without it, the port serves plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServerTls>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 8000,
            allowed_hosts: Vec::new(),
            body_limit: ByteSize::mib(32),
            max_headers: 128,
            header_bytes: ByteSize::kib(64),
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            sse_keep_alive: Duration::from_secs(15),
            max_connections: 0,
            workers: 0,
            takeover: None,
            tls: None,
        }
    }
}

impl Server {
    /// The address of `host`; `None` if it is a name other than `localhost`.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        if self.host == "localhost" { Some([127, 0, 0, 1].into()) } else { self.host.parse().ok() }
    }

    /// Whether only this machine can reach the listener.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.ip().is_some_and(|ip| ip.to_canonical().is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_loopback_addresses() {
        let check = |host: &str, expect| {
            let server = Server { host: host.to_owned(), ..Server::default() };
            assert_eq!(server.is_loopback(), expect, "{host}");
        };
        check("127.0.0.1", true);
        check("127.8.8.8", true);
        check("::1", true);
        check("::ffff:127.0.0.1", true);
        check("localhost", true);
        check("0.0.0.0", false);
        check("::", false);
        check("192.168.1.7", false);
        check("example.com", false);
    }
}
