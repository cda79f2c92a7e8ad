//! What watches a provider instance: the checks it brings, and what its traffic tells.

use std::sync::Arc;
use std::time::Duration;

use ccproxy_config::{Health as Settings, ProviderSection};
use ccproxy_health::{Builder, Reporter, Scope, Spec, SpecError};
use ccproxy_plugin_api::{Built, PluginEntry};

use super::instance::{Instance, Reporters, Traffic};

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
    health: &mut Builder,
    settings: &Settings,
) -> Result<Instance, SpecError> {
    let name = section.name.as_str();
    health.plugin(name, entry.description);
    let page = Page { name, critical: &settings.critical };
    for (spec, check) in built.checks {
        health.check(page.scope(), page.spec(spec), check);
    }
    let upstream = Spec::new("upstream")?;
    let upstream = match built.reachability {
        // Many replicas may share the upstream: they do not all look at once.
        Some(check) => health.check(page.scope(), page.spec(upstream.interval(REACH).spread_start()), check),
        None => health.passive(page.scope(), page.spec(upstream.interval(UNTOLD))),
    };
    let mut measure = |name: &str| -> Result<Reporter, SpecError> {
        // The measures average by themselves, so what they say is believed at once. Two pulses keep them alive.
        let spec = Spec::new(name)?.interval(PULSE * 2).fall(1).rise(1);
        Ok(health.passive(page.scope(), page.spec(spec)))
    };
    let reporters = Reporters {
        upstream,
        errors: measure("errors")?,
        latency: measure("latency")?,
        rate_limit: measure("rate_limit")?,
    };
    let traffic = Arc::new(Traffic::new(reporters, settings.slow));
    let breaker = Spec::new("breaker")?.interval(PULSE).fall(1).rise(1);
    traffic.tell_breaker(health.check(page.scope(), page.spec(breaker), Arc::clone(&traffic) as _));
    Ok(Instance {
        name: name.to_owned(),
        kind: entry.kind,
        version: entry.version,
        provider: built.provider,
        mappings: built.model_mappings,
        traffic,
        part: health.container().part(name),
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

    /// A component as the operator wants it. The instance's name alone means its upstream.
    fn spec(&self, spec: Spec) -> Spec {
        let full = format!("{}/{}", self.name, spec.name());
        let named = |listed: &String| *listed == full || (listed == self.name && spec.name() == "upstream");
        let critical = self.critical.iter().any(named);
        if critical { spec.critical(true) } else { spec }
    }
}
