//! Where PostgreSQL is, and how it is spoken to.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::{Tls, Trust};
use crate::StoreError;

/// How long it may take to connect, where the URL says nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where PostgreSQL is, by its URL. `Debug` shows no password.
#[derive(Clone)]
pub struct Server {
    config: Config,
    trust: Trust,
    /// Host and database.
    place: String,
}

impl Server {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?…`. `sslmode` is `disable`, `prefer` (the default), `require`, which
    /// encrypts and trusts anybody, or `verify-full`, which trusts the system's authorities or those in the file `sslrootcert`.
    pub(crate) fn of_url(url: &str) -> Result<Self, StoreError> {
        let wrong = |message: &'static str| StoreError::PostgresUrl(message);
        let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut root, mut others) = (None, None, Vec::new());
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => root = Some(PathBuf::from(value.replace("%2F", "/"))),
                _ => others.push(parameter),
            }
        }
        let place =
            if others.is_empty() { place.to_owned() } else { format!("{place}?{}", others.join("&")) };
        // Its own error may quote the URL, and with it a password.
        let config: Result<Config, _> = place.parse();
        let mut config = config.map_err(|_| {
            wrong("expected postgres://USER:PASSWORD@HOST:PORT/DATABASE; it has a part or a parameter that is not known")
        })?;
        if config.get_hosts().is_empty() {
            return Err(wrong("expected postgres://USER:PASSWORD@HOST:PORT/DATABASE; there is no host"));
        }
        let (mode, trust) = match mode.unwrap_or("prefer") {
            "disable" => (SslMode::Disable, Trust::Anybody),
            "prefer" => (SslMode::Prefer, Trust::Anybody),
            "require" => (SslMode::Require, Trust::Anybody),
            "verify-full" => (SslMode::Require, root.take().map_or(Trust::System, Trust::File)),
            _ => return Err(wrong("sslmode has to be disable, prefer, require or verify-full")),
        };
        if root.is_some() {
            return Err(wrong("sslrootcert goes with sslmode=verify-full only"));
        }
        // Nobody listens in on a socket, and its server has no name to show a certificate for.
        let local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        let mode = if local { SslMode::Disable } else { mode };
        config.ssl_mode(mode).application_name("ccproxy").keepalives_idle(Duration::from_secs(30));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        let place = told(&config);
        Ok(Self { config, trust, place })
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// How long connecting may take, to all hosts together.
    pub(super) fn patience(&self) -> Duration {
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(1);
        2 * self.config.get_connect_timeout().copied().unwrap_or(PATIENCE) * hosts
    }

    pub(super) fn tls(&self) -> Result<Tls, String> {
        Tls::new(&self.trust)
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }
}

/// The hosts and the database.
fn told(config: &Config) -> String {
    let host = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
    format!("{}/{}", hosts.join(","), config.get_dbname().or_else(|| config.get_user()).unwrap_or_default())
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.place)
    }
}
