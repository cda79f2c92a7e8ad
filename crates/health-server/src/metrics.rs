//! Health as Prometheus metrics: what is known already, read when it is asked for.
//!
//! | metric, after `ccproxy_health` | what |
//! |---|---|
//! | `_live`, `_ready` | 1 or 0 |
//! | `_phase{phase}` | 1 for the phase of now, 0 for the others |
//! | `_check_status{status}` | 1 for the status of now: `pass`, `warn`, `fail` or `unknown` |
//! | `_check_runs_total{status}` | outcomes, those of real traffic included |
//! | `_check_transitions_total` | changes of state |
//! | `_check_last_success_timestamp_seconds` | when the last pass was taken |
//! | `_check_duration_seconds` | how long the last run took |
//! | `_check_value{unit}` | what the last outcome measured, if it is a number |
//! | `_reports_dropped_total` | reports of real traffic that found no room |
//! | `_loop_lag_seconds{runtime}` | how late the runtime's tasks ran, at worst, of late |
//!
//! Those of checks are labelled `plugin` (empty for the core), `component` and `measurement` (empty where there is but
//! one): names that were registered, and no others.

mod checks;
mod exposition;
mod family;

use std::fmt::Error;

use ccproxy_health::{Health, Phase, Status, aggregate};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::{Registry, Unit};

pub use exposition::Format;
use family::{Family, Number, yes};

/// What every name begins with.
pub const PREFIX: &str = "ccproxy_health";

const PHASES: [Phase; 4] = [Phase::Starting, Phase::Ready, Phase::Draining, Phase::Stopped];

/// The metrics of a health, for a registry.
///
/// ```
/// use ccproxy_health::{Builder, Identity};
/// use ccproxy_health_server::metrics::{Format, HealthMetrics};
/// use prometheus_client::registry::Registry;
///
/// let health = Builder::new(Identity::new("1.2.3", "my-service", "My Service")).build();
/// let mut registry = Registry::default();
/// registry.register_collector(Box::new(HealthMetrics::new(health)));
/// assert!(Format::Classic.write(&registry)?.contains("\nccproxy_health_ready 1\n"));
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct HealthMetrics(Health);

impl HealthMetrics {
    /// The metrics of this health.
    pub fn new(health: Health) -> Self {
        Self(health)
    }
}

/// A registry that has these metrics; others may be added.
pub fn registry(health: &Health) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(HealthMetrics::new(health.clone())));
    registry
}

impl Collector for HealthMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let health = &self.0;
        let holds = |status| yes(status != Status::Fail);
        Family::gauge("live", "Whether the process makes progress.")
            .with(&[], holds(aggregate::live(health).status))
            .encode(&mut encoder)?;
        Family::gauge("ready", "Whether the service may be sent traffic.")
            .with(&[], holds(aggregate::ready(health, &[]).status))
            .encode(&mut encoder)?;
        let now = health.phase();
        PHASES
            .into_iter()
            .fold(Family::gauge("phase", "The phase of the service's life."), |family, phase| {
                family.with(&[("phase", phase.as_str())], yes(phase == now))
            })
            .encode(&mut encoder)?;
        checks::encode(&health.samples(), &mut encoder)?;
        Family::counter("reports_dropped", "Reports of real traffic that found no room.")
            .with(&[], Number::Count(health.dropped_reports()))
            .encode(&mut encoder)?;
        let lag = Family::gauge("loop_lag", "How late the tasks of a runtime ran, at worst, of late.");
        health
            .lags()
            .iter()
            .fold(lag.unit(Unit::Seconds), |family, (runtime, lag)| {
                family.with(&[("runtime", runtime)], Number::Measure(lag.as_secs_f64()))
            })
            .encode(&mut encoder)
    }
}
