//! From the configuration to an [`Application`], with every mistake reported at once and no I/O.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ccproxy_config::{
    Mistake, Mistakes, ProviderSection, Route as RouteSettings, Server, Settings, Shutdown,
};
use ccproxy_health::{Builder, Check, Health, Heart, Identity, Scope, Spec};
use ccproxy_plugin_api::{Instance as Name, PluginEntry};

use super::instance::Instance;
use super::watch::watch;
use super::{App, Application, HealthView, Limits, Route, Target};
use crate::admin;
use crate::auth::Keys;

/// The start-up gates, in the order in which they open.
pub(crate) const GATE_LISTENER: &str = "listener-bound";
pub(crate) const GATE_PLUGINS: &str = "plugins-started";

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is not in the configuration.
#[derive(Clone, Default)]
pub struct BuildOptions {
    /// Listen on a public address although nobody has to show a key.
    pub insecure_no_auth: bool,
    /// Checks of the core beside our own.
    pub checks: Vec<(Spec, Arc<dyn Check>)>,
    /// Start-up gates beside our own; whoever names one opens it through [`Bound::health`](crate::Bound::health).
    pub gates: Vec<String>,
}

/// How to listen and how to stop.
pub(crate) struct Listen {
    pub(crate) server: Server,
    pub(crate) shutdown: Shutdown,
    /// One for each thread that serves.
    pub(crate) hearts: Vec<Heart>,
}

impl Application {
    /// Builds everything from the configuration.
    ///
    /// # Errors
    /// Every mistake that the configuration's own types could not see, each with its place.
    pub fn build(
        settings: &Settings,
        plugins: &'static [PluginEntry],
        options: BuildOptions,
    ) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        if !options.insecure_no_auth {
            mistakes.extend(open_to_all(settings));
        }
        let BuildOptions { checks, gates, .. } = options;
        let keys = Keys::new(settings).map_err(|mistake| mistakes.push(mistake)).ok();
        let mut health = Builder::new(Identity::new(VERSION, "claude-code-proxy", "CCProxy API Server"));
        health.stall_limit(settings.health.stall_limit).gate(GATE_LISTENER).gate(GATE_PLUGINS);
        for gate in &gates {
            health.gate(gate);
        }
        let mut core = Vec::new();
        for (spec, check) in checks {
            let named = settings.health.critical.iter().any(|name| name == spec.name());
            core.push(spec.name().to_owned());
            health.check(Scope::Core, if named { spec.critical(true) } else { spec }, check);
        }
        let hearts = (0..workers(&settings.server)).map(|i| health.heart(&format!("worker {i}"))).collect();
        let instances = instances(settings, plugins, &mut health, &mut mistakes);
        mistakes.extend(unknown_critical(settings, &instances, &core));
        let (Some(keys), true) = (keys, mistakes.is_empty()) else {
            return Err(Mistakes::new(mistakes));
        };
        let app = assemble(settings, keys, health.build(), instances);
        let listen = Listen { server: settings.server.clone(), shutdown: settings.shutdown.clone(), hearts };
        Ok(Self { app: Arc::new(app), listen })
    }
}

/// How many threads serve.
fn workers(server: &Server) -> usize {
    match server.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => usize::from(workers),
    }
}

fn assemble(
    settings: &Settings,
    keys: Keys,
    health: Health,
    instances: BTreeMap<String, Arc<Instance>>,
) -> App {
    let routes = settings.routes.iter().map(|route| resolve(route, &instances)).collect();
    let server = &settings.server;
    App {
        routes,
        instances,
        keys,
        limits: Limits {
            body: server.body_limit.bytes(),
            body_timeout: server.body_timeout,
            headers: usize::from(server.max_headers),
            sse_keep_alive: server.sse_keep_alive,
        },
        health,
        health_view: HealthView {
            details: settings.health.details.resolve(server.is_loopback()),
            envoy_degraded: settings.health.envoy_degraded,
        },
        stats: Arc::default(),
        pages: admin::pages(),
        closing: AtomicBool::new(false),
    }
}

/// A public address without a key to show is an open relay on the operator's bill.
fn open_to_all(settings: &Settings) -> Option<Mistake> {
    if settings.server.is_loopback() || settings.auth.is_required() {
        return None;
    }
    let message =
        format!("{} is reachable from other machines and nobody has to show a key", settings.server.host);
    let hint = "set [auth] token or keys, listen on 127.0.0.1, or insist with --insecure-no-auth";
    Some(settings.mistake("server.host", message).hint(hint))
}

fn instances(
    settings: &Settings,
    plugins: &'static [PluginEntry],
    health: &mut Builder,
    mistakes: &mut Vec<Mistake>,
) -> BTreeMap<String, Arc<Instance>> {
    let mut instances = BTreeMap::new();
    for (name, section) in &settings.providers {
        match instance(settings, section, plugins, health) {
            Ok(instance) => drop(instances.insert(name.clone(), Arc::new(instance))),
            Err(found) => mistakes.extend(found),
        }
    }
    instances
}

fn instance(
    settings: &Settings,
    section: &ProviderSection,
    plugins: &'static [PluginEntry],
    health: &mut Builder,
) -> Result<Instance, Mistakes> {
    let entry = plugins.iter().find(|entry| entry.kind == section.kind).ok_or_else(|| {
        let kinds: Vec<&str> = plugins.iter().map(|entry| entry.kind).collect();
        let message = format!("there is no kind {:?}", section.kind);
        // The section begins below the kind, which the whole configuration has the place of.
        let key = format!("providers.{}.kind", section.name);
        settings.mistake(&key, message).hint(format!("the kinds are {}", kinds.join(", ")))
    })?;
    let built = entry.build(&Name::new(&section.name), &section.section)?;
    watch(section, entry, built, health, &settings.health)
        .map_err(|error| section.section.mistake("", error.to_string()).into())
}

fn unknown_critical(
    settings: &Settings,
    instances: &BTreeMap<String, Arc<Instance>>,
    core: &[String],
) -> Vec<Mistake> {
    let known = |listed: &str| {
        core.iter().any(|name| name == listed)
            || instances.contains_key(listed.split('/').next().unwrap_or(listed))
    };
    let unknown = settings.health.critical.iter().filter(|listed| !known(listed));
    unknown
        .map(|listed| {
            let message = format!("{listed:?} names neither a provider instance nor a check of the core");
            settings
                .mistake("health.critical", message)
                .hint("give INSTANCE, INSTANCE/CHECK such as claude/upstream, or a check of the core such as memory")
        })
        .collect()
}

/// The configuration has checked that the instances exist.
fn resolve(route: &RouteSettings, instances: &BTreeMap<String, Arc<Instance>>) -> Route {
    let targets = route.targets.iter().filter_map(|target| {
        let instance = Arc::clone(instances.get(&target.instance)?);
        Some(Target { instance, model: target.model.clone() })
    });
    Route { model: route.model.clone(), targets: targets.collect() }
}
