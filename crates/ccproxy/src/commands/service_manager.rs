//! The service manager that started us, if it wants to hear from us: systemd.

use std::time::Duration;

use ccproxy_health::Health;
#[cfg(unix)]
use ccproxy_health_server::systemd::{Following, Systemd};

/// Who tells the service manager how we are; nobody where none listens.
#[derive(Debug, Default)]
pub(crate) struct ServiceManager {
    #[cfg(unix)]
    following: Option<Following>,
}

#[cfg(unix)]
impl ServiceManager {
    /// Begins telling. A service manager that cannot be told is no reason not to serve.
    pub(crate) fn follow(health: Health, deadline: Duration) -> Self {
        let Some(systemd) = Systemd::from_env(|name| std::env::var_os(name)) else { return Self::default() };
        let following = systemd.start(health, deadline);
        Self { following: following.map_err(|error| tracing::warn!(%error, "systemd_not_told")).ok() }
    }

    /// Tells that we are stopping.
    pub(crate) fn stopping(&self) {
        if let Some(following) = &self.following {
            following.stopping();
        }
    }

    /// Tells that the configuration is being read again.
    pub(crate) fn reloading(&self) {
        if let Some(following) = &self.following {
            following.reloading();
        }
    }

    /// Tells that it has been.
    pub(crate) fn reloaded(&self) {
        if let Some(following) = &self.following {
            following.reloaded();
        }
    }
}

#[cfg(not(unix))]
impl ServiceManager {
    pub(crate) fn follow(_: Health, _: Duration) -> Self {
        Self::default()
    }

    pub(crate) fn stopping(&self) {}

    pub(crate) fn reloading(&self) {}

    pub(crate) fn reloaded(&self) {}
}
