//! A provider instance as the server sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ccproxy_config::{ModelRule, map_model};
use ccproxy_health::{Outcome, Part, Reporter, Status};
use ccproxy_plugin_api::Provider;
use tokio::time::Instant;

/// A pass that follows another this closely says nothing new, and health need not hear it.
const QUIET: Duration = Duration::from_secs(1);
/// As many passes as bring any state back, whatever its threshold.
const EAGER: u64 = 16;

/// A named entry of the configuration, built.
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) version: &'static str,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) mappings: Vec<ModelRule>,
    pub(crate) traffic: Traffic,
    /// The instance's place in the service container.
    pub(crate) part: Part,
}

impl Instance {
    /// The provider's name for a model.
    pub(crate) fn map<'a>(&'a self, model: &'a str) -> &'a str {
        map_model(&self.mappings, model)
    }
}

/// What real traffic tells health of an instance.
pub(crate) struct Traffic {
    reporter: Reporter,
    origin: Instant,
    /// Milliseconds since `origin` until which passes are not told.
    quiet_until: AtomicU64,
    /// How many more passes are told at once, so that a recovery shows as soon as it can.
    eager: AtomicU64,
}

impl Traffic {
    pub(crate) fn new(reporter: Reporter) -> Self {
        Self { reporter, origin: Instant::now(), quiet_until: AtomicU64::new(0), eager: AtomicU64::new(0) }
    }

    /// Tells how an exchange went, as far as the provider is concerned.
    pub(crate) fn report(&self, outcome: Outcome) {
        if outcome.status != Status::Pass {
            self.eager.store(EAGER, Ordering::Relaxed);
            return self.reporter.report(outcome);
        }
        let eager = self.eager.load(Ordering::Relaxed);
        if eager > 0 {
            // Of passes told at the same moment one may go uncounted; there are enough of them.
            self.eager.store(eager - 1, Ordering::Relaxed);
            return self.reporter.report(outcome);
        }
        let now = self.origin.elapsed();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if millis(now) >= self.quiet_until.load(Ordering::Relaxed) {
            self.quiet_until.store(millis(now + QUIET), Ordering::Relaxed);
            self.reporter.report(outcome);
        }
    }
}
