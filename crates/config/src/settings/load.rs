//! From layers to typed settings.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::check::{check, default_routes};
use super::providers::name_fault;
use super::store::default_path;
use super::{
    Auth, Disconnect, Health, Limits, Logging, Management, Metrics, PluginSections, Pricing, ProviderSection,
    Proxies, Reload, Retry, Route, Server, Settings, Shared, Shutdown, Store, Translation, Upstream,
};
use crate::layers::Sources;
use crate::nearest::did_you_mean;
use crate::place::{Mistake, Mistakes, Place};
use crate::read::read;
use crate::section::Section;
use crate::tree::{Node, Value};

/// The tables at the top of the file.
pub(crate) const SECTIONS: [&str; 19] = [
    "server",
    "auth",
    "limits",
    "shared",
    "store",
    "health",
    "management",
    "metrics",
    "shutdown",
    "reload",
    "disconnect",
    "retry",
    "translation",
    "pricing",
    "upstream",
    "logging",
    "providers",
    "routes",
    "plugins",
];

impl Default for Settings {
    fn default() -> Self {
        let bare = Self {
            server: Server::default(),
            auth: Auth::default(),
            limits: Limits::default(),
            shared: Shared::default(),
            store: Store::default(),
            store_path: None,
            health: Health::default(),
            management: Management::default(),
            metrics: Metrics::default(),
            disconnect: Disconnect::default(),
            retry: Retry::default(),
            translation: Translation::default(),
            pricing: Pricing::default(),
            shutdown: Shutdown::default(),
            upstream: Upstream::default(),
            proxies: Proxies::default(),
            reload: Reload::default(),
            logging: Logging::default(),
            routes: Vec::new(),
            providers: BTreeMap::new(),
            plugins: PluginSections::default(),
            tree: Node::table(Place::Default),
        };
        // The built-in values are the lowest layer.
        Self { tree: typed(&bare), ..bare }
    }
}

impl Settings {
    /// Merges the layers and reads them.
    ///
    /// Where providers are configured and routes are not, sensible ones are made. One provider: `*` goes to it. Several:
    /// `claude-*` goes to the first of kind `anthropic` (or `claude-cli`), and `gpt-*`, `chatgpt-*`, `codex-*`, `o1*`,
    /// `o3*`, `o4*`, `text-embedding-*` to the first of kind `openai` (or `codex-cli`), `*` to the first of all; the
    /// first is by name.
    ///
    /// # Errors
    /// Every mistake of all sections at once. The kinds' own keys are checked when the plugins read their sections.
    pub fn load(sources: &Sources) -> Result<Self, Mistakes> {
        let (settings, mistakes) = Self::load_as_far(sources);
        Mistakes::or(mistakes, settings)
    }

    /// The same, going on past mistakes with defaults in their places, for whoever wants to find the plugins' as well.
    #[must_use]
    pub fn load_as_far(sources: &Sources) -> (Self, Vec<Mistake>) {
        let (tree, mut mistakes) = sources.merge(Self::default().tree);
        unknown_sections(&tree, &mut mistakes);
        let mut settings = Self {
            server: section(&tree, "server", &mut mistakes),
            auth: section(&tree, "auth", &mut mistakes),
            limits: section(&tree, "limits", &mut mistakes),
            shared: section(&tree, "shared", &mut mistakes),
            store: section(&tree, "store", &mut mistakes),
            store_path: default_path(&sources.env),
            health: section(&tree, "health", &mut mistakes),
            management: section(&tree, "management", &mut mistakes),
            metrics: section(&tree, "metrics", &mut mistakes),
            disconnect: section(&tree, "disconnect", &mut mistakes),
            retry: section(&tree, "retry", &mut mistakes),
            translation: section(&tree, "translation", &mut mistakes),
            pricing: section(&tree, "pricing", &mut mistakes),
            shutdown: section(&tree, "shutdown", &mut mistakes),
            upstream: section(&tree, "upstream", &mut mistakes),
            proxies: Proxies::default(),
            reload: section(&tree, "reload", &mut mistakes),
            logging: section(&tree, "logging", &mut mistakes),
            routes: section(&tree, "routes", &mut mistakes),
            providers: providers(&tree, &mut mistakes),
            plugins: PluginSections::of(&tree, &mut mistakes),
            tree,
        };
        settings.proxies = settings.upstream.proxies(&sources.env, &mut mistakes);
        check(&settings, &sources.env, &mut mistakes);
        // Without providers the routes wait for those that appear by themselves.
        if !settings.providers.is_empty() && settings.tree.get("routes").is_none() {
            let routes = default_routes(&settings.providers);
            settings.set_routes(routes, &Place::Default);
        }
        (settings, mistakes)
    }

    pub(super) fn set_routes(&mut self, routes: Vec<Route>, place: &Place) {
        self.tree.set("routes", plain(&routes, place));
        self.routes = routes;
    }
}

/// The core's own sections as they were read. Secrets are masked.
pub(super) fn typed(settings: &Settings) -> Node {
    let mut tree = Node::table(Place::Default);
    tree.set("server", plain(&settings.server, &Place::Default));
    tree.set("auth", plain(&settings.auth, &Place::Default));
    tree.set("limits", plain(&settings.limits, &Place::Default));
    tree.set("shared", plain(&settings.shared, &Place::Default));
    tree.set("store", plain(&settings.store, &Place::Default));
    tree.set("health", plain(&settings.health, &Place::Default));
    tree.set("management", plain(&settings.management, &Place::Default));
    tree.set("metrics", plain(&settings.metrics, &Place::Default));
    tree.set("retry", plain(&settings.retry, &Place::Default));
    tree.set("translation", plain(&settings.translation, &Place::Default));
    tree.set("pricing", plain(&settings.pricing, &Place::Default));
    tree.set("shutdown", plain(&settings.shutdown, &Place::Default));
    tree.set("disconnect", plain(&settings.disconnect, &Place::Default));
    tree.set("reload", plain(&settings.reload, &Place::Default));
    tree.set("upstream", plain(&settings.upstream, &Place::Default));
    tree.set("logging", plain(&settings.logging, &Place::Default));
    tree
}

/// A typed value as a node. What cannot be serialised (nothing of ours) is left out.
fn plain<T: Serialize>(value: &T, place: &Place) -> Node {
    node(serde_json::to_value(value).unwrap_or_default(), place)
}

fn node(json: Json, place: &Place) -> Node {
    match json {
        Json::Object(map) => {
            let mut table = Node::table(place.clone());
            for (key, value) in map.into_iter().filter(|(_, value)| !value.is_null()) {
                table.set(&key, node(value, place));
            }
            table
        }
        Json::Array(items) => {
            let items = items.into_iter().map(|item| Some(node(item, place))).collect();
            Node::new(place.clone(), Value::Array(items))
        }
        Json::String(text) => Node::text(place.clone(), text),
        Json::Bool(truth) => Node::new(place.clone(), Value::Bool(truth)),
        Json::Number(number) => match number.as_i128() {
            Some(integer) => Node::new(place.clone(), Value::Integer(integer)),
            None => Node::new(place.clone(), Value::Float(number.as_f64().unwrap_or_default())),
        },
        Json::Null => Node::table(place.clone()),
    }
}

/// Reads one section as far as it can be read; its default where it cannot.
fn section<T: DeserializeOwned + Default>(tree: &Node, name: &str, mistakes: &mut Vec<Mistake>) -> T {
    let Some(node) = tree.get(name) else { return T::default() };
    let (value, found) = read(node, name);
    mistakes.extend(found);
    value.unwrap_or_default()
}

fn unknown_sections(tree: &Node, mistakes: &mut Vec<Mistake>) {
    for entry in tree.entries().iter().filter(|entry| !SECTIONS.contains(&entry.key.as_str())) {
        let mistake = Mistake::new(entry.key_place.clone(), entry.key.as_str(), "unknown section");
        mistakes.push(Mistake { hint: did_you_mean(&entry.key, "known sections", &SECTIONS), ..mistake });
    }
}

fn providers(tree: &Node, mistakes: &mut Vec<Mistake>) -> BTreeMap<String, ProviderSection> {
    let mut providers = BTreeMap::new();
    let Some(mut table) = tree.get("providers").cloned() else { return providers };
    table.expand();
    if !matches!(table.value, Value::Table(_)) {
        mistakes.push(Mistake::new(table.place, "providers", "expected tables: [providers.<name>]"));
        return providers;
    }
    for entry in table.entries() {
        let path = format!("providers.{}", entry.key);
        if let Some(fault) = name_fault(&entry.key) {
            mistakes.push(Mistake::new(entry.key_place.clone(), path.as_str(), fault));
        }
        let mut node = entry.node.clone();
        node.expand();
        match take_kind(&mut node, &path) {
            Ok(kind) => {
                let concurrency = take_concurrency(&mut node, &path, mistakes);
                let section = Section::new(path, node);
                let name = entry.key.clone();
                providers.insert(name.clone(), ProviderSection { name, kind, concurrency, section });
            }
            Err(found) => mistakes.extend(found),
        }
    }
    providers
}

/// Takes `kind` out of a provider's table: the plugin it chooses need not know it.
fn take_kind(node: &mut Node, path: &str) -> Result<String, Vec<Mistake>> {
    let whole = |message: &str| vec![Mistake::new(node.place.clone(), path, message)];
    if !matches!(node.value, Value::Table(_)) {
        return Err(whole("expected a table"));
    }
    let path_of_kind = format!("{path}.kind");
    let Some(kind) = node.get("kind") else {
        let missing = Mistake::new(node.place.clone(), path_of_kind, "missing, and it has no default");
        return Err(vec![missing.hint("name the provider's kind, such as \"anthropic\" or \"openai\"")]);
    };
    let (kind, mistakes) = read::<String>(kind, &path_of_kind);
    let kind = kind.ok_or(mistakes)?;
    node.remove("kind");
    Ok(kind)
}

/// Takes `concurrency` out of a provider's table: it is kept before the plugin is asked.
fn take_concurrency(node: &mut Node, path: &str, mistakes: &mut Vec<Mistake>) -> u32 {
    let Some(limit) = node.get("concurrency") else { return 0 };
    let (limit, found) = read(limit, &format!("{path}.concurrency"));
    mistakes.extend(found);
    node.remove("concurrency");
    limit.unwrap_or_default()
}
