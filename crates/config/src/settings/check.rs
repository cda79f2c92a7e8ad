//! What a type cannot express, and the routes that follow from the providers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::detect::detected_names;
use super::key_file::key_names;
use super::{ProviderSection, Route, Settings, Strategy, Target};
use crate::env::Env;
use crate::nearest::did_you_mean;
use crate::place::{Mistake, Place};
use crate::read::read;
use crate::tree::{Node, Step, dotted};

pub(super) fn check(settings: &Settings, env: &Env, mistakes: &mut Vec<Mistake>) {
    numbers(settings, mistakes);
    if let Some(keys) = settings.tree.get("auth").and_then(|auth| auth.get("keys")) {
        key_names(keys, "auth.keys", BTreeMap::new(), mistakes);
    }
    if let Some(prices) = settings.tree.get("pricing").and_then(|pricing| pricing.get("models")) {
        super::pricing::check(prices, "pricing.models", &mut BTreeMap::new(), mistakes);
    }
    routes(&settings.tree, env, mistakes);
}

fn numbers(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    let Settings { server, health, management, shutdown, disconnect, retry, .. } = settings;
    let mut demand = |ok: bool, key: &str, message: &str| {
        if !ok {
            mistakes.push(settings.mistake(key, message));
        }
    };
    demand(server.ip().is_some(), "server.host", "expected an IP address or localhost");
    let is_name = |host: &String| {
        let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !host.trim_matches('.').is_empty() && host.chars().all(known)
    };
    demand(
        server.allowed_hosts.iter().all(is_name),
        "server.allowed_hosts",
        "expected names such as ccproxy.lan, without scheme, port or *",
    );
    demand(server.body_limit.bytes() > 0, "server.body_limit", "must be more than 0");
    demand(server.max_headers > 0, "server.max_headers", "must be more than 0");
    demand(server.header_bytes.bytes() >= 1024, "server.header_bytes", "must be at least 1KiB");
    demand(!server.header_timeout.is_zero(), "server.header_timeout", "must be more than 0s");
    demand(!server.body_timeout.is_zero(), "server.body_timeout", "must be more than 0s");
    demand(!server.keep_alive.is_zero(), "server.keep_alive", "must be more than 0s");
    demand(!server.sse_keep_alive.is_zero(), "server.sse_keep_alive", "must be more than 0s");
    // Hearts beat every 100 ms, and a busy machine lets them be late.
    let second = Duration::from_secs(1);
    demand(health.stall_limit >= second, "health.stall_limit", "must be at least 1s");
    demand(management.ip().is_some(), "management.host", "expected an IP address or localhost");
    let other =
        |port: Option<u16>, taken: Option<u16>| port.is_none_or(|port| port == 0 || Some(port) != taken);
    demand(other(management.port, Some(server.port)), "management.port", "must not be server.port");
    demand(
        other(management.agent_port, Some(server.port)),
        "management.agent_port",
        "must not be server.port",
    );
    demand(
        other(management.agent_port, management.port),
        "management.agent_port",
        "must not be management.port",
    );
    demand(
        shutdown.deadline >= shutdown.drain_delay,
        "shutdown.deadline",
        "must not be shorter than shutdown.drain_delay",
    );
    demand(!disconnect.time.is_zero(), "disconnect.time", "must be more than 0s");
    demand(retry.attempts > 0, "retry.attempts", "must be more than 0; 1 repeats nothing");
    demand(retry.budget <= 100, "retry.budget", "must be at most 100, in percent");
    demand(!settings.shared.timeout.is_zero(), "shared.timeout", "must be more than 0s");
    demand(!settings.logging.level.trim().is_empty(), "logging.level", "must not be empty");
}

/// Looks at the tree, so that routes are checked that could not be read as a whole.
fn routes(tree: &Node, env: &Env, mistakes: &mut Vec<Mistake>) {
    let names = provider_names(tree, env);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let Some(mut list) = tree.get("routes").cloned() else { return };
    list.expand();
    for (index, route) in list.items() {
        let path = [Step::Key("routes".to_owned()), Step::Index(index), Step::Key("targets".to_owned())];
        let path = dotted("", &path);
        let Some(mut targets) = route.get("targets").cloned() else { continue };
        targets.expand();
        if matches!(&targets.value, crate::tree::Value::Array(items) if items.is_empty()) {
            mistakes.push(Mistake::new(targets.place.clone(), path.as_str(), "a route needs a target"));
        }
        if let (Some(read_route), _) = read::<Route>(route, "") {
            mistakes.extend(weights_fault(&read_route).map(|fault| {
                let weights = route.get("weights").unwrap_or(route);
                Mistake::new(weights.place.clone(), format!("routes[{index}].weights"), fault)
            }));
        }
        for (n, target) in targets.items() {
            let (Some(Target { instance, .. }), _) = read(target, "") else { continue };
            if !names.contains(&instance.as_str()) {
                let mistake =
                    Mistake::new(target.place.clone(), format!("{path}[{n}]"), "there is no such provider");
                mistakes
                    .push(Mistake { hint: did_you_mean(&instance, "known providers", &names), ..mistake });
            }
        }
    }
}

/// What is wrong with the shares of a route's targets.
fn weights_fault(route: &Route) -> Option<&'static str> {
    match (route.strategy, route.weights.as_slice()) {
        (Strategy::Weighted, weights) if weights.len() != route.targets.len() => {
            Some("give each target a weight, in the order of the targets")
        }
        (Strategy::Weighted, weights) if weights.iter().all(|weight| *weight == 0) => {
            Some("one of the weights must be more than 0")
        }
        (Strategy::Weighted, _) | (_, []) => None,
        _ => Some("weights go with strategy = \"weighted\" only"),
    }
}

/// The names that are configured, also of providers that could not be read (one mistake is enough for each); where
/// there are none, the names of those that appear by themselves.
fn provider_names(tree: &Node, env: &Env) -> Vec<String> {
    let mut table = tree.get("providers").cloned().unwrap_or_else(|| Node::table(Place::Default));
    table.expand();
    let names: Vec<String> = table.entries().iter().map(|entry| entry.key.clone()).collect();
    if names.is_empty() { detected_names(env).into_iter().map(str::to_owned).collect() } else { names }
}

/// Models of each family, and the kinds that serve it.
const FAMILIES: [(&[&str], &[&str]); 2] = [
    (&["anthropic", "claude-cli"], &["claude-*"]),
    (&["openai", "codex-cli"], &["gpt-*", "chatgpt-*", "codex-*", "o1*", "o3*", "o4*", "text-embedding-*"]),
];

/// The routes of a configuration that names none; see [`Settings::load`].
pub(super) fn default_routes(providers: &BTreeMap<String, ProviderSection>) -> Vec<Route> {
    let route = |pattern: &'static str, name: &str| Route::to(pattern, vec![Target::instance(name)]);
    let Some(first) = providers.keys().next() else { return Vec::new() };
    let mut routes = Vec::new();
    if providers.len() > 1 {
        for (kinds, patterns) in FAMILIES {
            let of_kind = |kind: &&str| providers.values().find(|provider| provider.kind == **kind);
            if let Some(provider) = kinds.iter().find_map(of_kind) {
                routes.extend(patterns.iter().map(|pattern| route(pattern, &provider.name)));
            }
        }
    }
    routes.push(route("*", first));
    routes
}
