//! What watches a provider instance: the checks it brings, and what its traffic tells.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use ccproxy_config::{ProviderSection, Retry, Settings};
use ccproxy_health::{Check, Outcome, Registration, Reporter, Scope, Spec, SpecError, check_fn};
use ccproxy_plugin_api::{Built, Instance as Name, PluginEntry};
use tokio_util::sync::CancellationToken;
use tower::retry::budget::TpsBudget;

use super::instance::{Instance, Reporters, Traffic};
use crate::admission::Gate;

/// How often an upstream that no traffic tells of is connected to.
const REACH: Duration = Duration::from_secs(30);
/// How long what traffic said of an upstream counts where nothing else tells of it.
const UNTOLD: Duration = Duration::from_secs(60);
/// How often the breaker is looked at, and what was measured of traffic is told again.
const PULSE: Duration = Duration::from_secs(5);

/// Registers what watches the instance.
pub(super) fn watch(
    section: &ProviderSection,
    entry: &PluginEntry,
    built: Built,
    health: &mut Registration,
    settings: &Settings,
) -> Result<Instance, SpecError> {
    let name = section.name.as_str();
    health.plugin(name, entry.description);
    let page = Page { name, critical: &settings.health.critical };
    for (spec, check) in built.checks {
        health.check(page.scope(), page.marked(spec), check);
    }
    let upstream = Spec::new("upstream")?;
    let upstream = match built.reachability {
        Some(check) => {
            // Many replicas may share the upstream: they do not all look at once, unless readiness waits for it.
            let spec = upstream.interval(REACH);
            let spec = if page.is_critical("upstream") { spec } else { spec.spread_start() };
            health.check(page.scope(), page.spec(spec)?, check)
        }
        None => health.passive(page.scope(), page.spec(upstream.interval(UNTOLD))?),
    };
    let mut measure = |name: &str| -> Result<Reporter, SpecError> {
        // The measures average by themselves, so what they say is believed at once. Two pulses keep them alive.
        let spec = Spec::new(name)?.interval(PULSE * 2).fall(1).rise(1);
        Ok(health.passive(page.scope(), page.spec(spec)?))
    };
    let reporters = Reporters {
        upstream,
        errors: measure("errors")?,
        latency: measure("latency")?,
        rate_limit: measure("rate_limit")?,
    };
    let traffic = Arc::new(Traffic::new(reporters, settings.health.slow));
    let breaker = Spec::new("breaker")?.interval(PULSE).fall(1).rise(1);
    traffic.tell_breaker(health.check(page.scope(), page.spec(breaker)?, pulse(&traffic)));
    Ok(Instance {
        name: name.to_owned(),
        kind: entry.kind,
        version: entry.version,
        provider: built.provider,
        mappings: built.model_mappings,
        traffic,
        repeats: budget(&settings.retry),
        gate: Gate::new(section.concurrency),
        gone: CancellationToken::new(),
    })
}

/// For ten seconds a request allows its share of a repetition; so many a second always may, or an instance with little
/// traffic would never be asked twice.
fn budget(retry: &Retry) -> TpsBudget {
    const MEMORY: Duration = Duration::from_secs(10);
    const ALWAYS: u32 = 5;
    let always = if retry.budget == 0 { 0 } else { ALWAYS };
    TpsBudget::new(MEMORY, always, f32::from(retry.budget.min(100)) / 100.0)
}

/// The check of the breaker, which looks at memory only. It holds the traffic weakly: the traffic's reporters hold the
/// components, which hold their checks.
fn pulse(traffic: &Arc<Traffic>) -> Arc<dyn Check> {
    let traffic = Arc::downgrade(traffic);
    check_fn(move || {
        let traffic = traffic.upgrade();
        // Without its instance nobody asks for the breaker.
        ready(traffic.map_or_else(Outcome::pass, |traffic| traffic.pulse()))
    })
}

/// The page of an instance, and what the operator finds critical.
struct Page<'a> {
    name: &'a str,
    critical: &'a [String],
}

impl Page<'_> {
    fn scope(&self) -> Scope {
        Scope::plugin(self.name)
    }

    /// A component of ours: when it suffers, the instance does.
    fn spec(&self, spec: Spec) -> Result<Spec, SpecError> {
        Ok(self.marked(spec.affects(&[&Name::new(self.name).endpoints()])?))
    }

    /// A component as the operator wants it.
    fn marked(&self, spec: Spec) -> Spec {
        let critical = self.is_critical(spec.name());
        if critical { spec.critical(true) } else { spec }
    }

    /// The instance's name alone means its upstream.
    fn is_critical(&self, check: &str) -> bool {
        let full = format!("{}/{check}", self.name);
        self.critical.iter().any(|listed| *listed == full || (listed == self.name && check == "upstream"))
    }
}

/// Whether an instance of this name would be built alike with both configurations.
pub(super) fn is_same(name: &str, one: &Settings, other: &Settings) -> bool {
    let critical = |settings: &Settings| -> Vec<String> {
        let listed = settings.health.critical.iter();
        let named = listed.filter(|listed| listed.split('/').next() == Some(name));
        named.cloned().collect()
    };
    let same = match (one.providers.get(name), other.providers.get(name)) {
        (Some(one), Some(other)) => one.is_same(other),
        _ => false,
    };
    same && one.health.slow == other.health.slow
        && one.retry.budget == other.retry.budget
        && critical(one) == critical(other)
}

#[cfg(test)]
mod tests {
    use ccproxy_health::{Builder, Identity, Status};

    use super::super::instance::Verdict;
    use super::*;

    #[tokio::test]
    async fn a_check_holds_no_instance() {
        let mut health = Builder::new(Identity::new("1", "test", "Test"));
        let mut reporter = |name| health.passive(Scope::plugin("claude"), Spec::new(name).unwrap());
        let reporters = Reporters {
            upstream: reporter("upstream"),
            errors: reporter("errors"),
            latency: reporter("latency"),
            rate_limit: reporter("rate_limit"),
        };
        let traffic = Arc::new(Traffic::new(reporters, Duration::from_secs(30)));
        let check = pulse(&traffic);
        let kept = Arc::downgrade(&check);
        traffic.tell_breaker(health.check(Scope::plugin("claude"), Spec::new("breaker").unwrap(), check));
        let check = kept.upgrade().unwrap();
        (0..5).for_each(|_| traffic.ended(Verdict::Fault("it was on fire".into()), None));
        assert_eq!(check.run().await.status, Status::Fail, "it sees the traffic");
        drop(check);
        let gone = Arc::downgrade(&traffic);
        drop(health.build());
        assert!(kept.upgrade().is_some(), "the traffic's reporter still holds it");
        drop(traffic);
        assert!(gone.upgrade().is_none() && kept.upgrade().is_none(), "nothing is left");
    }
}
