//! The health of the process: the one value everybody holds.

use std::{
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{
    sync::{Notify, broadcast, oneshot, watch},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    beat::{Beats, Heart},
    container::Container,
    events::{Events, Transition},
    lifecycle::{Lifecycle, Phase},
    links::Links,
    passive::{Lanes, Receivers, Reporter},
    registration::{Change, Registration},
    registry::Identity,
    report::{Probes, Profile},
    sample::Sample,
    scheduler::Scheduler,
    snapshot::{Reading, Snapshot},
    spec::Scope,
    writer::Writer,
};

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) stall_limit: Duration,
    pub(crate) grace: Duration,
    pub(crate) retry_after: u32,
    pub(crate) profile: Profile,
    pub(crate) links: Links,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stall_limit: Duration::from_secs(5),
            grace: Duration::from_secs(5),
            retry_after: 5,
            profile: Profile::default(),
            links: Links::default(),
        }
    }
}

/// What a builder hands over.
pub(crate) struct Parts {
    pub(crate) identity: Identity,
    pub(crate) settings: Settings,
    pub(crate) gates: Vec<Arc<str>>,
    pub(crate) added: Registration,
    pub(crate) container: Container,
    pub(crate) receivers: Receivers,
    pub(crate) hearts: Vec<(Arc<str>, Heart)>,
}

pub(crate) struct Inner {
    pub(crate) identity: Identity,
    pub(crate) settings: Settings,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) container: Container,
    pub(crate) lanes: Lanes,
    pub(crate) beats: Beats,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) events: Events,
    /// Told whenever a snapshot is published or a component is switched.
    pub(crate) changes: watch::Sender<()>,
    /// Tells the scheduler that components have come or gone.
    pub(crate) rescheduled: Notify,
    /// Counts how often a component was switched on or off.
    pub(crate) switched: AtomicU64,
    pub(crate) probes: Probes,
    receivers: Mutex<Option<Receivers>>,
}

/// The health of the process. Cheap to clone, readable from any thread, the main runtime blocked or not.
///
/// Build it with [`Builder`](crate::Builder), [start](Health::start) it, read it through [`report`](crate::report).
#[derive(Clone)]
pub struct Health {
    pub(crate) inner: Arc<Inner>,
}

impl Health {
    pub(crate) fn new(parts: Parts) -> Self {
        let mut snapshot =
            Snapshot { pages: Arc::default(), readings: Vec::new(), grace: parts.settings.grace };
        snapshot.change(&[], &parts.added);
        let inner = Inner {
            probes: Probes::new(&parts.identity, parts.settings.profile),
            beats: Beats::new(parts.hearts, parts.settings.stall_limit),
            switched: AtomicU64::new(0),
            identity: parts.identity,
            settings: parts.settings,
            lifecycle: Lifecycle::new(parts.gates),
            container: parts.container,
            lanes: parts.added.lanes,
            snapshot: ArcSwap::from_pointee(snapshot),
            events: Events::default(),
            changes: watch::Sender::new(()),
            rescheduled: Notify::new(),
            receivers: Mutex::new(Some(parts.receivers)),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts the checks, the writer and the heartbeats as tasks of this tracker, on the runtime of the caller.
    ///
    /// Call it as soon as the runtime runs: liveness counts the stall limit from [`build`](crate::Builder::build)
    /// on. The tasks end when `stop` is cancelled; hearts that end this way count as well, so liveness holds to the
    /// end. A second start does nothing.
    pub fn start(&self, tasks: &TaskTracker, stop: CancellationToken) {
        let receivers = self.inner.receivers.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(receivers) = receivers else {
            tracing::warn!("health_already_started");
            return;
        };
        tasks.spawn(self.inner.beats.runtime.clone().beat_until(stop.clone()));
        tasks.spawn(Writer::new(Arc::clone(&self.inner), receivers).run(stop.clone()));
        tasks.spawn(Scheduler::new(Arc::clone(&self.inner)).run(stop));
    }

    /// What is known now of every component.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.snapshot.load_full()
    }

    /// Where the process is in its life.
    pub fn phase(&self) -> Phase {
        self.inner.lifecycle.phase()
    }

    /// Resolves with the first phase that differs from the one at the time of the call (not of the first poll).
    pub fn phase_changed(&self) -> impl Future<Output = Phase> + Send + 'static {
        self.inner.lifecycle.changed()
    }

    /// A receiver of every phase to come, for loops.
    pub fn watch_phase(&self) -> watch::Receiver<Phase> {
        self.inner.lifecycle.subscribe()
    }

    /// Opens a start-up gate; the last one makes the process ready. False when there is no such gate.
    pub fn open_gate(&self, name: &str) -> bool {
        self.inner.lifecycle.open(name)
    }

    /// An operator takes the process out of rotation: readiness fails at once, everything else goes on, until
    /// [`undrain`](Self::undrain). False when it drains already.
    pub fn take_out(&self) -> bool {
        self.inner.lifecycle.take_out()
    }

    /// Ends an operator's drain. False when there is none, or when the process is shutting down.
    pub fn undrain(&self) -> bool {
        self.inner.lifecycle.put_back()
    }

    /// The process is shutting down: from here on readiness fails, at once and for good.
    pub fn drain(&self) {
        self.inner.lifecycle.advance(Phase::Draining);
    }

    /// The end of the process's life.
    pub fn stop(&self) {
        self.inner.lifecycle.advance(Phase::Stopped);
    }

    /// The container behind `service_container`.
    pub fn container(&self) -> Container {
        self.inner.container.clone()
    }

    /// Switches a component on or off. What was observed of it is kept; off, it is neither run nor counted.
    /// False when there is none of this name on this page.
    pub fn set_enabled(&self, scope: &Scope, name: &str, enabled: bool) -> bool {
        let mut found = false;
        for reading in &self.inner.snapshot.load().readings {
            if reading.scope() == scope && reading.spec().name() == name {
                reading.component.enabled.store(enabled, Ordering::SeqCst);
                found = true;
            }
        }
        // After the change, not before: whoever sees the new number sees the change.
        self.inner.switched.fetch_add(1, Ordering::SeqCst);
        self.inner.changes.send_replace(());
        found
    }

    /// The last transitions, oldest first.
    pub fn events(&self) -> Vec<Transition> {
        self.inner.events.recent()
    }

    /// Every transition to come. A listener that falls more than [`REMEMBERED`](crate::REMEMBERED) behind is told so.
    pub fn subscribe(&self) -> broadcast::Receiver<Transition> {
        self.inner.events.subscribe()
    }

    /// Marked as changed by every new snapshot and every component switched on or off. Time alone changes what a
    /// snapshot means, too: whoever follows a verdict looks again now and then.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.inner.changes.subscribe()
    }

    /// How many reports of real traffic were dropped because the writer was behind.
    pub fn dropped_reports(&self) -> u64 {
        self.inner.lanes.dropped.load(Ordering::Relaxed)
    }

    /// Every component with its numbers, in the order of registration: for metrics.
    pub fn samples(&self) -> Vec<Sample> {
        Sample::all(&self.inner)
    }

    /// The worst lateness of each runtime's heartbeats within the last 5 to 10 s, by name: how long tasks have had
    /// to wait for their turn.
    pub fn lags(&self) -> Vec<(Arc<str>, Duration)> {
        self.inner.beats.lags(Instant::now()).map(|(name, lag)| (name.into(), lag)).collect()
    }

    /// How long ago each heart beat last, by name; liveness fails for one beyond the stall limit.
    pub fn stalls(&self) -> Vec<(Arc<str>, Duration)> {
        self.inner.beats.ages(Instant::now()).map(|(name, age)| (name.into(), age)).collect()
    }

    /// The names of the plugins that have a page.
    pub fn plugins(&self) -> Vec<Arc<str>> {
        self.inner.snapshot.load().pages.iter().map(|page| Arc::clone(&page.name)).collect()
    }

    /// Tells of a component by its page and name, beside its check; the first, if several share it.
    pub fn reporter(&self, scope: &Scope, name: &str) -> Option<Reporter> {
        let component = Arc::clone(&self.inner.snapshot.load().find(scope, name)?.component);
        Some(Reporter::new(component, self.inner.lanes.clone()))
    }

    /// Begins to collect what is to be added while it runs; [`change`](Self::change) adds it.
    pub fn registration(&self) -> Registration {
        let core = |reading: &&Arc<Reading>| *reading.scope() == Scope::Core;
        let snapshot = self.inner.snapshot.load();
        let labels =
            snapshot.readings.iter().filter(core).map(|reading| Arc::clone(&reading.component.label));
        Registration::beside(self.inner.lanes.clone(), labels)
    }

    /// Takes away the pages of these plugins, with their components, and adds what was registered, in one step: no
    /// watcher sees one without the other. A page that is added takes the place of one of its name; where what readiness
    /// depends on was well, that counts until the new component's first outcome. Nothing else is touched: other
    /// components keep their state, and the history what it has of those that are gone.
    ///
    /// It is done when this resolves; false if the health has not been [started](Self::start), or has ended.
    pub async fn change(&self, gone: &[String], added: Registration) -> bool {
        let (done, is_done) = oneshot::channel();
        let change = Change { gone: gone.to_vec(), added, done };
        let started = self.inner.receivers.lock().unwrap_or_else(PoisonError::into_inner).is_none();
        started && self.inner.lanes.changes.send(change).await.is_ok() && is_done.await.is_ok()
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Health").field("phase", &self.phase()).finish_non_exhaustive()
    }
}
