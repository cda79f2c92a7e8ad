//! From the configuration to an [`Application`], with every mistake reported at once and no I/O.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, Weak};

use ccproxy_config::{Management, Mistake, Mistakes, ProviderSection, Proxies, Server, Settings, Shutdown};
use ccproxy_health::{Check, Health, Heart, Registration, Scope, Spec};
use ccproxy_health_server::grpc::Grpc;
use ccproxy_health_system::{Lags, Watched};
use ccproxy_plugin_api::{Hook, HookEntry, Instance as Name, PluginEntry};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::core::Core;
use super::instance::Instance;
use super::reload::{ReloadOrder, Reloader, Reloads};
use super::start::Starter;
use super::watch::watch;
use super::{App, Application, Current, Instances, Process, Read};
use crate::admin::{self, telling::Doors};
use crate::admission::Admission;
use crate::archive::Archive;
use crate::limits::Ledgers;
use crate::limits::shared::Shared;
use crate::listen::tls::Tls;
use crate::metrics;
use crate::recorder::Recorder;
use crate::stored::Responses;

/// The start-up gates, in the order in which they open.
pub(crate) const GATE_LISTENER: &str = "listener-bound";
pub(crate) const GATE_PLUGINS: &str = "plugins-started";

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is not in the configuration.
#[derive(Clone, Default)]
pub struct BuildOptions {
    /// Listen on a public address although nobody has to show a key.
    pub insecure_no_auth: bool,
    /// Checks of the core beside our own.
    pub checks: Vec<(Spec, Arc<dyn Check>)>,
    /// The plugins that follow requests.
    pub hooks: &'static [HookEntry],
    /// Start-up gates beside our own; whoever names one opens it through [`Bound::health`](crate::Bound::health).
    pub gates: Vec<String>,
}

/// How to listen and how to stop.
pub(crate) struct Listen {
    pub(crate) server: Server,
    pub(crate) management: Management,
    pub(crate) shutdown: Shutdown,
    /// What HTTPS is served with, if it is.
    pub(crate) tls: Option<Arc<Tls>>,
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
            mistakes.extend(open_to_all(&settings.server, settings));
        }
        let BuildOptions { mut checks, gates, hooks, insecure_no_auth } = options;
        let tls = Tls::new(settings);
        checks.extend(certificate(tls.as_ref()));
        let admission = Arc::new(Admission::new(&settings.limits));
        checks.extend(
            admission.check(settings).map_err(|error| settings.mistake("limits", error.to_string()))?,
        );
        let shared = Shared::new(settings).map_err(|mistake| mistakes.push(mistake)).ok().flatten();
        if let Some(shared) = &shared {
            checks.push(shared.check().map_err(|error| settings.mistake("shared", error.to_string()))?);
        }
        let (followers, watched) = followers(settings, hooks, &mut mistakes);
        let archive = Archive::new(settings).unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            Archive::of(None)
        });
        // The store comes first.
        let recorder = Arc::new(Recorder::new(archive.follower().into_iter().chain(followers).collect()));
        checks.extend(archive.check().map_err(|error| settings.mistake("store", error.to_string()))?);
        checks.extend(watched);
        checks.extend(recorder.check().map_err(|error| settings.mistake("plugins", error.to_string()))?);
        let read = Read::new(settings).map_err(|found| mistakes.extend(found)).ok();
        let mut core = Core::new(settings, &gates, checks)
            .map_err(|error| settings.mistake("health", error.to_string()))?;
        let hearts = core.hearts(workers(&settings.server));
        let registration = core.health.registration();
        let instances = instances(settings, plugins, registration, |_| None, &mut mistakes);
        mistakes.extend(unknown_critical(settings, &instances, registration));
        let (Some(read), true) = (read, mistakes.is_empty()) else {
            return Err(Mistakes::new(mistakes));
        };
        let (orders, ordered) = mpsc::channel(1);
        let current = assemble(
            settings,
            read,
            instances,
            (admission, Ledgers::new(shared), recorder, archive),
            core.build(),
            orders,
        );
        let listen = Listen {
            server: settings.server.clone(),
            management: settings.management.clone(),
            shutdown: settings.shutdown.clone(),
            tls,
            hearts,
        };
        let reloader = Reloader::new(&current, settings, plugins, insecure_no_auth);
        Ok(Self { current, listen, reloading: (reloader, ordered) })
    }
}

/// How many threads serve.
fn workers(server: &Server) -> usize {
    match server.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => usize::from(workers),
    }
}

/// The check of the certificate, which only looks at memory.
fn certificate(tls: Option<&Arc<Tls>>) -> Option<Watched> {
    let tls = Arc::clone(tls?);
    // The name is a valid one.
    ccproxy_health_system::certificate(move || tls.certificate()).ok()
}

/// Those who follow requests, by name.
type Followers = Vec<(String, Arc<dyn Hook>)>;

/// The plugins that are switched on, and their checks.
fn followers(
    settings: &Settings,
    hooks: &[HookEntry],
    mistakes: &mut Vec<Mistake>,
) -> (Followers, Vec<Watched>) {
    let names: Vec<&str> = hooks.iter().map(|entry| entry.name).collect();
    mistakes.extend(settings.plugins.unknown(&names));
    let (mut followers, mut checks) = (Vec::new(), Vec::new());
    for entry in hooks {
        match entry.build(&settings.plugins.section(entry.name)) {
            Ok(built) => followers.extend(built.map(|built| {
                checks.extend(built.checks);
                (entry.name.to_owned(), built.hook)
            })),
            Err(found) => mistakes.extend(found),
        }
    }
    (followers, checks)
}

fn assemble(
    settings: &Settings,
    read: Read,
    instances: Instances,
    (admission, ledgers, recorder, archive): (Arc<Admission>, Ledgers, Arc<Recorder>, Arc<Archive>),
    (health, lags): (Health, Lags),
    orders: mpsc::Sender<ReloadOrder>,
) -> Arc<Current> {
    let closed = CancellationToken::new();
    for name in instances.keys() {
        health.container().part(name);
    }
    archive.follow(&health);
    Arc::new_cyclic(|current| {
        let process = Process {
            current: Weak::clone(current),
            responses: Responses::new(&settings.translation),
            ledgers,
            admission,
            grpc: Grpc::new(health.clone()).until(closed.clone()),
            doors: Doors::new(settings, &health, current, &closed),
            health,
            stats: Arc::default(),
            recorder,
            traffic: metrics::Traffic::new(&settings.metrics),
            reloads: Reloads::new(),
            archive,
            started: Timestamp::now(),
            address: OnceLock::new(),
            connections: TaskTracker::new(),
            sockets: TaskTracker::new(),
            leftovers: TaskTracker::new(),
            pages: admin::pages(),
            orders,
            starter: Starter::default(),
            closing: AtomicBool::new(false),
            closed,
            _lags: lags,
        };
        Current::new(App::new(settings, read, instances, Arc::new(process)))
    })
}

/// A public address without a key to show is an open relay on the operator's bill.
pub(super) fn open_to_all(server: &Server, settings: &Settings) -> Option<Mistake> {
    if server.is_loopback() || settings.auth.is_required() {
        return None;
    }
    let message = format!("{} is reachable from other machines and nobody has to show a key", server.host);
    let hint = "set [auth] token or keys, listen on 127.0.0.1, or insist with --insecure-no-auth";
    Some(settings.mistake("server.host", message).hint(hint))
}

/// The instances, built, but for those that `keep` has already.
pub(super) fn instances(
    settings: &Settings,
    plugins: &'static [PluginEntry],
    health: &mut Registration,
    keep: impl Fn(&ProviderSection) -> Option<Arc<Instance>>,
    mistakes: &mut Vec<Mistake>,
) -> Instances {
    let (mut instances, proxies) = (BTreeMap::new(), Arc::new(settings.proxies.clone()));
    for (name, section) in &settings.providers {
        let built = || instance(settings, &proxies, section, plugins, health).map(Arc::new);
        match keep(section).map_or_else(built, Ok) {
            Ok(instance) => drop(instances.insert(name.clone(), instance)),
            Err(found) => mistakes.extend(found),
        }
    }
    instances
}

fn instance(
    settings: &Settings,
    proxies: &Arc<Proxies>,
    section: &ProviderSection,
    plugins: &'static [PluginEntry],
    health: &mut Registration,
) -> Result<Instance, Mistakes> {
    let entry = plugins.iter().find(|entry| entry.kind == section.kind).ok_or_else(|| {
        let kinds: Vec<&str> = plugins.iter().map(|entry| entry.kind).collect();
        let message = format!("there is no kind {:?}", section.kind);
        // The section begins below the kind, which the whole configuration has the place of.
        let key = format!("providers.{}.kind", section.name);
        settings.mistake(&key, message).hint(format!("the kinds are {}", kinds.join(", ")))
    })?;
    let built = entry.build(&Name::new(&section.name).through(proxies), &section.section)?;
    watch(section, entry, built, health, settings)
        .map_err(|error| section.section.mistake("", error.to_string()).into())
}

/// What readiness is to depend on and is not there: it would be depended on in vain.
fn unknown_critical(settings: &Settings, instances: &Instances, health: &Registration) -> Vec<Mistake> {
    let known = |listed: &str| match listed.split_once('/') {
        None => instances.contains_key(listed) || health.has(&Scope::Core, listed),
        Some((name, check)) => health.has(&Scope::plugin(name), check),
    };
    // An instance that could not be built has mistakes of its own to tell.
    let unbuilt = |listed: &str| {
        let name = listed.split('/').next().unwrap_or(listed);
        settings.providers.contains_key(name) && !instances.contains_key(name)
    };
    let unknown = settings.health.critical.iter().filter(|listed| !known(listed) && !unbuilt(listed));
    unknown
        .map(|listed| {
            let message =
                format!("{listed:?} names neither a provider instance, nor a check of one or of the core");
            settings.mistake("health.critical", message).hint(
                "give INSTANCE, INSTANCE/CHECK such as claude/upstream, or a check of the core such as memory",
            )
        })
        .collect()
}
