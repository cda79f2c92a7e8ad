//! What requests share: an [`App`] for all that began under one configuration, and a [`Process`] for all there ever are.

pub(crate) mod build;
mod core;
mod instance;
pub(crate) mod reload;
mod route;
pub(crate) mod start;
mod stats;
mod watch;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use ccproxy_config::{Disconnect, Mistake, ModelRule, OnDisconnect, Retry, Settings, Unpriced};
use ccproxy_health::Health;
use ccproxy_health_server::grpc::Grpc;
use ccproxy_health_system::Lags;
use ccproxy_pricing::Prices;
use ccproxy_wire::Dialect;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use instance::{Instance, Passage, Shut, Standing, Traffic, Verdict};
use reload::Reloads;
pub(crate) use route::{Route, Target};
pub(crate) use stats::Ending;
pub use stats::Stats;

use crate::admin::telling::Doors;
use crate::admission::Admission;
use crate::archive::Archive;
use crate::auth::Keys;
use crate::limits::Ledgers;
use crate::metrics;
use crate::recorder::Recorder;
use crate::stored::Responses;

/// Everything is built, nothing is started, no I/O was done.
pub struct Application {
    pub(crate) current: Arc<Current>,
    pub(crate) listen: build::Listen,
    pub(crate) reloading: (reload::Reloader, mpsc::Receiver<reload::ReloadOrder>),
}

/// What a provider instance is, for people.
#[derive(Debug, Clone)]
pub struct InstanceInfo {
    /// The name, which is also the mount.
    pub name: String,
    /// The kind of provider.
    pub kind: &'static str,
    /// What it speaks natively.
    pub dialects: Vec<Dialect>,
}

/// The application as the configuration in force has it. A request takes it once, at its beginning, and keeps it to its
/// end, whatever is in force by then.
pub(crate) struct Current(ArcSwap<App>);

impl Current {
    fn new(app: App) -> Self {
        Self(ArcSwap::from_pointee(app))
    }

    pub(crate) fn app(&self) -> Arc<App> {
        self.0.load_full()
    }

    /// For whoever outlives the configuration.
    pub(crate) fn process(&self) -> Arc<Process> {
        Arc::clone(&self.0.load().process)
    }
}

/// The provider instances by name.
pub(crate) type Instances = BTreeMap<String, Arc<Instance>>;

/// The state of the running program that a request sees: what follows from one configuration, and the process behind it.
pub(crate) struct App {
    pub(crate) instances: Instances,
    pub(crate) routes: Vec<Route>,
    pub(crate) keys: Keys,
    /// What tokens cost.
    pub(crate) prices: Prices,
    pub(crate) limits: Limits,
    /// Names of ours besides our addresses and `localhost`.
    hosts: Box<[String]>,
    pub(crate) shown: Shown,
    process: Arc<Process>,
}

impl Deref for App {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

/// The configuration, for people.
pub(crate) struct Shown {
    /// As `ccproxy config show` has it, secrets masked.
    pub(crate) toml: Box<str>,
    /// The files that it was read from.
    pub(crate) files: Box<[String]>,
}

impl Shown {
    fn of(settings: &Settings) -> Self {
        let files = settings.file().map(Path::to_owned).into_iter().chain(settings.files());
        Self { toml: settings.show().into(), files: files.map(|path| path.display().to_string()).collect() }
    }
}

/// What lives as long as the process, whatever the configuration.
pub(crate) struct Process {
    /// The newest of them.
    current: Weak<Current>,
    pub(crate) responses: Responses,
    /// What clients have used, by the names of their keys.
    pub(crate) ledgers: Ledgers,
    pub(crate) admission: Arc<Admission>,
    pub(crate) health: Health,
    /// What is told of our health, by the door at which it is asked for.
    pub(crate) doors: Doors,
    pub(crate) grpc: Grpc,
    pub(crate) stats: Arc<Stats>,
    /// Where the records of exchanges go.
    pub(crate) recorder: Arc<Recorder>,
    /// What `/metrics` tells of them.
    pub(crate) traffic: Option<metrics::Traffic>,
    pub(crate) reloads: Reloads,
    /// What is kept of them.
    pub(crate) archive: Arc<Archive>,
    pub(crate) started: Timestamp,
    /// Where clients are listened to, once they are.
    pub(crate) address: OnceLock<SocketAddr>,
    /// The connections to the main port.
    pub(crate) connections: TaskTracker,
    /// The WebSockets that are open.
    pub(crate) sockets: TaskTracker,
    /// What may outlive its client.
    pub(crate) leftovers: TaskTracker,
    pub(crate) pages: axum::Router<Arc<App>>,
    /// Where a reload is asked for.
    orders: mpsc::Sender<reload::ReloadOrder>,
    /// Starts instances.
    pub(crate) starter: start::Starter,
    /// Whether `closed` is cancelled, for those who ask at every request.
    closing: AtomicBool,
    /// The listener is closed: streams that have no end of their own end.
    closed: CancellationToken,
    /// Through it the check of the event loops finds the health.
    _lags: Lags,
}

/// What a request may be.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) body: u64,
    pub(crate) body_timeout: Duration,
    pub(crate) headers: usize,
    pub(crate) sse_keep_alive: Duration,
    /// A request that another dialect cannot carry whole is refused.
    pub(crate) strict_translation: bool,
    /// A request whose cost would not be known is refused where its client has a budget.
    pub(crate) refuses_unpriced: bool,
    pub(crate) disconnect: Disconnect,
    pub(crate) retry: Retry,
}

impl Limits {
    /// Whether a call is seen through when its client goes away.
    pub(crate) fn outlives_client(&self) -> bool {
        self.disconnect.policy == OnDisconnect::Finish
    }
}

/// What is read beside the configuration itself.
struct Read {
    keys: Keys,
    prices: Prices,
}

impl Read {
    /// # Errors
    /// Every mistake in what is read.
    fn new(settings: &Settings) -> Result<Self, Vec<Mistake>> {
        match (Keys::new(settings), Prices::new(settings)) {
            (Ok(keys), Ok(prices)) => Ok(Self { keys, prices }),
            (keys, prices) => {
                let mistakes = [keys.err(), prices.err()];
                Err(mistakes.into_iter().flatten().flatten().collect())
            }
        }
    }

    /// The keys whose files are not what they were.
    fn changes(&self, before: &App) -> impl Iterator<Item = &'static str> {
        let prices = (self.prices.of_file() != before.prices.of_file()).then_some("pricing.file");
        self.keys.changes(&before.keys).chain(prices)
    }
}

impl App {
    fn new(settings: &Settings, read: Read, instances: Instances, process: Arc<Process>) -> Self {
        let server = &settings.server;
        if let Some(traffic) = &process.traffic {
            traffic.know(models(settings, &instances));
        }
        Self {
            routes: settings.routes.iter().map(|route| Route::of(route, &instances)).collect(),
            instances,
            keys: read.keys,
            prices: read.prices,
            limits: Limits {
                body: server.body_limit.bytes(),
                body_timeout: server.body_timeout,
                headers: usize::from(server.max_headers),
                sse_keep_alive: server.sse_keep_alive,
                strict_translation: settings.translation.strict,
                refuses_unpriced: settings.limits.unpriced == Unpriced::Refuse,
                disconnect: settings.disconnect.clone(),
                retry: settings.retry.clone(),
            },
            hosts: server
                .allowed_hosts
                .iter()
                .map(|host| host.trim_matches('.').to_ascii_lowercase())
                .collect(),
            shown: Shown::of(settings),
            process,
        }
    }

    /// Whether this is a name of ours; it is in small letters and has no port.
    pub(crate) fn goes_by(&self, name: &str) -> bool {
        self.hosts.iter().any(|host| host == name)
    }

    pub(crate) fn instance(&self, name: &str) -> Option<&Arc<Instance>> {
        self.instances.get(name)
    }

    /// What a request that begins now is to see.
    pub(crate) fn newest(self: &Arc<Self>) -> Arc<Self> {
        self.current.upgrade().map_or_else(|| Arc::clone(self), |current| current.app())
    }
}

/// The models that the configuration names.
fn models<'a>(settings: &'a Settings, instances: &'a Instances) -> impl Iterator<Item = &'a str> {
    let routes = settings.routes.iter();
    let routed = routes.flat_map(|route| {
        let asked = Some(route.model.as_str()).filter(|model| !model.contains('*'));
        asked.into_iter().chain(route.targets.iter().filter_map(|target| target.model.as_deref()))
    });
    routed.chain(instances.values().flat_map(|it| it.mappings.iter().map(ModelRule::target)))
}

impl Process {
    /// Whether the listener is closed and requests on old connections are turned away.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Resolves when the listener is closed.
    pub(crate) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    pub(crate) fn close(&self) {
        self.sockets.close();
        self.leftovers.close();
        self.closing.store(true, Ordering::Relaxed);
        self.closed.cancel();
    }
}
