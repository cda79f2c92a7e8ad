//! What watches the process as a whole.

use std::sync::Arc;

use ccproxy_config::{Profile as Configured, Settings};
use ccproxy_health::{Builder, Check, Health, Heart, Identity, Profile, Scope, Spec, SpecError};
use ccproxy_health_system::{Lags, Options, checks};

use super::build::{GATE_LISTENER, GATE_PLUGINS, VERSION};

/// Everything of the core is registered; the instances come next.
pub(super) struct Core {
    pub(super) health: Builder,
    lags: Lags,
}

impl Core {
    /// Registers gates and checks: the machine's, then those that the program brings.
    pub(super) fn new(
        settings: &Settings,
        gates: &[String],
        brought: Vec<(Spec, Arc<dyn Check>)>,
    ) -> Result<Self, SpecError> {
        let mut health = Builder::new(Identity::new(VERSION, "claude-code-proxy", "CCProxy API Server"));
        health.stall_limit(settings.health.stall_limit).profile(match settings.health.profile {
            Configured::Ccproxy => Profile::Ccproxy,
            Configured::Ietf => Profile::Ietf,
        });
        for gate in [GATE_LISTENER, GATE_PLUGINS].into_iter().chain(gates.iter().map(String::as_str)) {
            health.gate(gate);
        }
        let lags = Lags::default();
        let options = Options { disk: settings.health.disk.clone() };
        for (spec, check) in checks(&options, &lags)?.into_iter().chain(brought) {
            let named = settings.health.critical.iter().any(|name| name == spec.name());
            health.check(Scope::Core, if named { spec.critical(true) } else { spec }, check);
        }
        Ok(Self { health, lags })
    }

    /// A heart for each thread that serves.
    pub(super) fn hearts(&mut self, workers: usize) -> Vec<Heart> {
        (0..workers).map(|i| self.health.heart(&format!("worker {i}"))).collect()
    }

    /// Ends the registration. The lags are to be kept as long as the health: a check looks at it through them.
    pub(super) fn build(self) -> (Health, Lags) {
        let health = self.health.build();
        self.lags.of(health.clone());
        (health, self.lags)
    }
}
