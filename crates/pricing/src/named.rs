//! The models that a configuration names.

use std::collections::BTreeSet;

use ccproxy_config::{ModelRule, Settings, map_model};
use serde::{Deserialize, Serialize};

/// A provider's model that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Named {
    /// The provider instance.
    pub provider: String,
    /// Its kind.
    pub kind: String,
    /// The provider's name for the model.
    pub model: String,
    /// The key that names it, such as `routes[0].targets[1]`.
    pub key: String,
}

/// What all kinds of providers call their rules.
#[derive(Default, Deserialize)]
struct Rules {
    #[serde(default)]
    model_mappings: Vec<ModelRule>,
}

impl Named {
    /// Those of routes, as far as they name models and not patterns, and those that providers' rules make of others; each
    /// once, by the first key that names it.
    #[must_use]
    pub fn of(settings: &Settings) -> Vec<Self> {
        let mut named = Vec::new();
        let mut seen = BTreeSet::new();
        let mut add = |provider: &str, model: &str, key: String| {
            let Some(section) = settings.providers.get(provider) else { return };
            if seen.insert((provider.to_owned(), model.to_owned())) {
                let (provider, kind) = (section.name.clone(), section.kind.clone());
                named.push(Self { provider, kind, model: model.to_owned(), key });
            }
        };
        let rules = |provider: &str| {
            let section = settings.providers.get(provider).map(|provider| &provider.section);
            let rules = section.and_then(|section| section.read::<Rules>().ok());
            rules.unwrap_or_default().model_mappings
        };
        for (at, route) in settings.routes.iter().enumerate() {
            let of_route = Some(route.model.as_str()).filter(|model| !model.contains('*'));
            for (n, target) in route.targets.iter().enumerate() {
                if let Some(model) = target.model.as_deref().or(of_route) {
                    let rules = rules(&target.instance);
                    add(&target.instance, map_model(&rules, model), format!("routes[{at}].targets[{n}]"));
                }
            }
        }
        for provider in settings.providers.keys() {
            for (n, rule) in rules(provider).iter().enumerate() {
                add(provider, rule.target(), format!("providers.{provider}.model_mappings[{n}]"));
            }
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_config::Sources;

    use super::*;

    #[test]
    fn models_of_routes_and_rules() {
        let toml = "[providers.claude]\nkind = 'anthropic'\nmodel_mappings = [{ match = 'fast', target = 'claude-haiku-4-5' }]\n\
            [providers.local]\nkind = 'simulator'\n\
            [[routes]]\nmodel = 'fast'\ntargets = ['claude', 'local/m', 'local']\n\
            [[routes]]\nmodel = 'claude-*'\ntargets = ['claude', 'claude/claude-opus-5']\n";
        let settings = Settings::load(&Sources::from_text("t.toml", toml)).unwrap();
        let named: Vec<String> = Named::of(&settings)
            .into_iter()
            .map(|one| format!("{} {} {} {}", one.key, one.provider, one.kind, one.model))
            .collect();
        let expect = [
            "routes[0].targets[0] claude anthropic claude-haiku-4-5",
            "routes[0].targets[1] local simulator m",
            "routes[0].targets[2] local simulator fast",
            "routes[1].targets[1] claude anthropic claude-opus-5",
        ];
        assert_eq!(named, expect);
    }
}
