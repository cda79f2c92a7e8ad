//! What watches a provider instance: the checks it brings, and what its traffic tells.

use std::time::Duration;

use ccproxy_config::{Health as HealthSettings, ProviderSection};
use ccproxy_health::{Builder, ComponentType, Scope, Spec, SpecError};
use ccproxy_plugin_api::{Built, PluginEntry};

use super::instance::{Instance, Traffic};

/// Registers what watches the instance. Its name alone in `health.critical` makes its traffic critical.
pub(super) fn watch(
    section: &ProviderSection,
    entry: &PluginEntry,
    built: Built,
    health: &mut Builder,
    settings: &HealthSettings,
) -> Result<Instance, SpecError> {
    let name = section.name.as_str();
    let critical = &settings.critical;
    let is_critical =
        |check: &str| critical.iter().any(|listed| listed.as_str() == format!("{name}/{check}"));
    health.plugin(name, entry.description);
    for (spec, check) in built.checks {
        let spec = if is_critical(spec.name()) { spec.critical(true) } else { spec };
        health.check(Scope::plugin(name), spec, check);
    }
    let named = critical.iter().any(|listed| listed == name);
    let traffic = Spec::new("upstream")?
        .component_type(ComponentType::Component)
        .interval(Duration::from_secs(60))
        .critical(named || is_critical("upstream"));
    let reporter = health.passive(Scope::plugin(name), traffic);
    Ok(Instance {
        name: name.to_owned(),
        kind: entry.kind,
        version: entry.version,
        provider: built.provider,
        mappings: built.model_mappings,
        traffic: Traffic::new(reporter),
        part: health.container().part(name),
    })
}
