//! What runs when nothing is configured.

use super::{ProviderSection, Route, Settings, Target};
use crate::env::Env;
use crate::place::Place;
use crate::section::Section;
use crate::tree::Node;

/// Instances that appear by themselves: name, kind, the variables of the key and of the base URL.
const DETECTED: [(&str, &str, &str, &str); 2] = [
    ("claude", "anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    ("codex", "openai", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
];

/// The instance of the simulator.
const DEMO: &str = "demo";

impl Settings {
    /// Adds what the environment suggests, if the configuration names no provider at all: `claude` where there is an
    /// `ANTHROPIC_API_KEY`, `codex` where there is an `OPENAI_API_KEY` (at `ANTHROPIC_BASE_URL` and `OPENAI_BASE_URL`
    /// if these are set), and always `demo`, the simulator.
    ///
    /// Unless routes are configured, they follow: without a key everything goes to `demo`; with one, `claude-*` to
    /// `claude`, `demo*` and `simulator*` to `demo`, all else to `codex`, or to `claude` where that is all there is.
    #[must_use]
    pub fn with_detected(mut self, env: &Env) -> Self {
        if !self.providers.is_empty() {
            return self;
        }
        let found = detected_names(env);
        for (name, kind, key, base_url) in DETECTED.iter().filter(|(name, ..)| found.contains(name)) {
            let place = Place::Env((*key).to_owned());
            let mut source = Node::table(place.clone());
            source.set("env", Node::text(place.clone(), *key));
            let credentials = crate::tree::Value::Array(vec![Some(source)]);
            let mut section = Node::table(place.clone());
            if let Some(url) = env.get(base_url) {
                section.set("base_url", Node::text(Place::Env((*base_url).to_owned()), url));
            }
            section.set("credentials", Node::new(place, credentials));
            self.add(name, kind, section);
        }
        self.add(DEMO, "simulator", Node::table(Place::Default));
        if self.tree.get("routes").is_none() {
            self.set_routes(routes(&found), &Place::Default);
        }
        self
    }

    fn add(&mut self, name: &str, kind: &str, section: Node) {
        let mut table = section.clone();
        table.set("kind", Node::text(section.place.clone(), kind));
        if let Some(providers) = self.tree.slot("providers", &Place::Default) {
            providers.set(name, table);
        }
        let section = Section::new(format!("providers.{name}"), section);
        let provider =
            ProviderSection { name: name.to_owned(), kind: kind.to_owned(), concurrency: 0, section };
        self.providers.insert(name.to_owned(), provider);
    }
}

/// The names of the instances that appear by themselves.
pub(super) fn detected_names(env: &Env) -> Vec<&'static str> {
    let with_key = DETECTED.iter().filter(|(_, _, key, _)| env.get(key).is_some()).map(|(name, ..)| *name);
    with_key.chain([DEMO]).collect()
}

fn routes(found: &[&str]) -> Vec<Route> {
    let route = |model: &'static str, name: &str| Route::to(model, vec![Target::instance(name)]);
    let Some(last) = found.iter().rfind(|name| **name != DEMO) else { return vec![route("*", DEMO)] };
    let mut routes = Vec::new();
    if found.contains(&"claude") {
        routes.push(route("claude-*", "claude"));
    }
    routes.extend([route("demo*", DEMO), route("simulator*", DEMO), route("*", last)]);
    routes
}
