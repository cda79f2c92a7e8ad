//! The store, as the server has it: written by the thread of its lane, read on threads made for it, and done without where
//! it cannot be had.
//!
//! Requests never wait for it. Where it cannot be opened it is tried again; meanwhile records wait in their lane, and what is
//! asked of it is answered with the reason.

mod keeper;
mod read;

use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ccproxy_config::{Mistake, Settings};
use ccproxy_health::{Health, Outcome, Spec, SpecError, Transition as Changed, check_fn};
use ccproxy_health_system::Watched;
use ccproxy_plugin_api::Hook;
use ccproxy_store::{Kept, Kind, Options, Store, StoreError, Transition};
use secrecy::ExposeSecret;
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

use crate::limits::Ledgers;

/// What the lane and the check are called.
pub(crate) const NAME: &str = "store";
/// How often health looks.
const EVERY: Duration = Duration::from_secs(1);

/// What happened, as far as it is kept.
pub(crate) struct Archive {
    /// None where nothing is kept.
    options: Option<Options>,
    /// Cancelled when the store is open.
    opened: CancellationToken,
    state: Mutex<State>,
    /// Bytes that it takes up, as was last seen.
    size: AtomicU64,
    /// Changes of our health, on their way.
    changes: Mutex<Option<broadcast::Receiver<Changed>>>,
    places: Arc<Semaphore>,
    waiting: Semaphore,
}

/// How the store stands.
enum State {
    /// It is being opened for the first time.
    Opening,
    /// It cannot be had for now; why.
    Missing(String),
    /// It is open; why it does not take what it is given, if it does not.
    Open(Store, Option<String>),
    Closed,
}

impl Archive {
    /// What the configuration has kept. Nothing is opened yet.
    ///
    /// # Errors
    /// A URL that cannot be had or makes no sense.
    pub(crate) fn new(settings: &Settings) -> Result<Arc<Self>, Mistake> {
        options(settings).map(Self::of)
    }

    pub(crate) fn of(options: Option<Options>) -> Arc<Self> {
        Arc::new(Self {
            options,
            opened: CancellationToken::new(),
            state: Mutex::new(State::Opening),
            size: AtomicU64::new(0),
            changes: Mutex::default(),
            places: Arc::new(Semaphore::new(read::AT_A_TIME)),
            waiting: Semaphore::new(read::WAITING),
        })
    }

    /// What follows requests for it, by its name; none where nothing is kept.
    pub(crate) fn follower(self: &Arc<Self>) -> Option<(String, Arc<dyn Hook>)> {
        let options = self.options.clone()?;
        Some((NAME.to_owned(), Arc::new(keeper::Keeper::new(Arc::clone(self), options))))
    }

    /// Keeps the changes of a health that has not been started.
    pub(crate) fn follow(&self, health: &Health) {
        if self.options.is_some() {
            *self.changes.lock().unwrap_or_else(PoisonError::into_inner) = Some(health.subscribe());
        }
    }

    /// The kind of store: `none` where nothing is kept.
    pub(crate) fn kind(&self) -> &'static str {
        self.options.as_ref().map_or("none", |options| options.kind.name())
    }

    /// Waits for the store, and has what was spent before taken over: a restart gives nobody a budget anew.
    pub(crate) async fn restore(&self, ledgers: &Ledgers) {
        self.opened.cancelled().await;
        for (period, since) in Ledgers::windows() {
            match self.read(move |store| store.spent(since)).await {
                Ok(spent) => ledgers.restore(period, since, spent),
                Err(error) => tracing::error!(%error, %period, "budgets_begin_anew"),
            }
        }
    }

    /// Nothing is asked of it, and nothing written, from now on; it is closed when what is under way has ended.
    pub(crate) fn close(&self) {
        *self.state() = State::Closed;
    }

    /// The check `store`, where one is kept. No request suffers when it fails.
    pub(crate) fn check(self: &Arc<Self>) -> Result<Option<Watched>, SpecError> {
        if self.options.is_none() {
            return Ok(None);
        }
        let history = Arc::clone(self);
        let check = check_fn(move || ready(history.outcome()));
        Ok(Some((Spec::new(NAME)?.interval(EVERY).fall(1).rise(1), check)))
    }

    fn outcome(&self) -> Outcome {
        let outcome = match &*self.state() {
            State::Opening => Outcome::warn("it is being opened"),
            State::Missing(why) => Outcome::warn(why.clone()),
            State::Open(_, Some(why)) => Outcome::warn(format!("it takes no records for now: {why}")),
            State::Open(_, None) | State::Closed => Outcome::pass(),
        };
        outcome.observed(i64::try_from(self.size.load(Ordering::Relaxed)).unwrap_or(i64::MAX), "bytes")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a configuration has what happens kept, if it has.
///
/// # Errors
/// A URL that cannot be had or makes no sense.
pub fn options(settings: &Settings) -> Result<Option<Options>, Mistake> {
    let section = &settings.store;
    let wrong = |message: String| settings.mistake("store.url", message);
    let kind = match (&section.url, &settings.store_path) {
        _ if !section.enabled => return Ok(None),
        (Some(source), _) => {
            let url = crate::auth::read(source).map_err(wrong)?;
            url.expose_secret().parse().map_err(|error: StoreError| wrong(error.to_string()))?
        }
        (None, Some(path)) => Kind::Sqlite(path.clone()),
        (None, None) => return Ok(None),
    };
    let kept = Kept { records: section.retention, usage: section.keep_usage, size: section.max_size.bytes() };
    Ok(Some(Options { kind, kept }))
}

/// A change of health, as the store has it.
pub(crate) fn told(change: &Changed) -> Transition {
    let (plugin, component) = change.component.split_once('/').unwrap_or(("", &change.component));
    Transition {
        at: change.time,
        plugin: plugin.to_owned(),
        component: component.to_owned(),
        from: change.from.as_str().to_owned(),
        to: change.to.as_str().to_owned(),
        output: change.reason.as_deref().map(str::to_owned),
    }
}
