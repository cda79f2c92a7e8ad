//! What all requests share: instances, routes, keys, limits, health.

pub(crate) mod build;
mod core;
mod instance;
mod route;
mod stats;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ccproxy_config::Retry;
use ccproxy_health::Health;
use ccproxy_health_server::grpc::Grpc;
use ccproxy_health_system::Lags;
use ccproxy_wire::Dialect;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use instance::{Instance, Passage, Shut, Traffic, Verdict};
pub(crate) use route::{Route, Target};
pub(crate) use stats::Ending;
pub use stats::Stats;

use crate::admin::telling::Doors;
use crate::auth::Keys;
use crate::stored::Responses;

/// Everything is built, nothing is started, no I/O was done.
pub struct Application {
    pub(crate) app: Arc<App>,
    pub(crate) listen: build::Listen,
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

/// The state of the running program that requests see.
pub(crate) struct App {
    pub(crate) instances: BTreeMap<String, Arc<Instance>>,
    pub(crate) routes: Vec<Route>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) limits: Limits,
    pub(crate) responses: Responses,
    pub(crate) health: Health,
    /// What is told of our health, by the door at which it is asked for.
    pub(crate) doors: Doors,
    pub(crate) grpc: Grpc,
    pub(crate) stats: Arc<Stats>,
    /// The WebSockets that are open.
    pub(crate) sockets: TaskTracker,
    pub(crate) pages: axum::Router<Arc<App>>,
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
    pub(crate) retry: Retry,
}

impl App {
    pub(crate) fn instance(&self, name: &str) -> Option<&Arc<Instance>> {
        self.instances.get(name)
    }

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
        self.closing.store(true, Ordering::Relaxed);
        self.closed.cancel();
    }
}
