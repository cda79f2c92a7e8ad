//! The store, as the server has it: opened beside the listener, written to by a lane of its own, read by pages.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ccproxy_config::{Mistake, Settings};
use ccproxy_health::{Health, Transition};
use ccproxy_plugin_api::{Hook, HookError, Wants};
use ccproxy_record::{Event, Record};
use ccproxy_store::{Kept, Options, Store, StoreError};
use secrecy::ExposeSecret;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{Semaphore, broadcast};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::limits::Ledgers;

/// The lane's name.
pub(crate) const NAME: &str = "store";
/// How many may read at once, and how long one may take.
const READERS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(10);
/// How often what is too old is looked for, and how often while there is more of it.
const MAINTAIN: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(1));

/// A store that is opened when the server starts, and again until it can be.
pub(crate) struct Archive {
    options: Options,
    store: OnceLock<Store>,
    /// Cancelled when there is one.
    opened: CancellationToken,
    /// Why there is none yet.
    reason: Mutex<String>,
    readers: Semaphore,
    transitions: Mutex<Option<broadcast::Receiver<Transition>>>,
    maintain: Mutex<Instant>,
}

impl Archive {
    /// Where it is configured. Nothing is opened yet.
    ///
    /// # Errors
    /// A URL that cannot be had or makes no sense.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Arc<Self>>, Mistake> {
        let section = &settings.store;
        if !section.enabled {
            return Ok(None);
        }
        let wrong = |message: String| settings.mistake("store.url", message);
        let kind = match &section.url {
            Some(source) => {
                let url = crate::auth::read(source).map_err(wrong)?;
                url.expose_secret().parse().map_err(|error: StoreError| wrong(error.to_string()))?
            }
            None => match &settings.store_path {
                Some(path) => ccproxy_store::Kind::Sqlite(PathBuf::clone(path)),
                None => return Ok(None),
            },
        };
        let kept =
            Kept { records: section.retention, usage: section.keep_usage, size: section.max_size.bytes() };
        Ok(Some(Arc::new(Self {
            options: Options { kind, kept },
            store: OnceLock::new(),
            opened: CancellationToken::new(),
            reason: Mutex::new("it is being opened".to_owned()),
            readers: Semaphore::new(READERS),
            transitions: Mutex::default(),
            maintain: Mutex::new(Instant::now()),
        })))
    }

    /// Has the history of this health kept.
    pub(crate) fn follow(&self, health: &Health) {
        *self.transitions.lock().unwrap_or_else(PoisonError::into_inner) = Some(health.subscribe());
    }

    /// The kind of database.
    pub(crate) fn kind(&self) -> &'static str {
        self.options.kind.name()
    }

    /// Whether the store is open.
    pub(crate) fn is_open(&self) -> bool {
        self.store.get().is_some()
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

    /// Reads on a thread that may block.
    ///
    /// # Errors
    /// [`Error::NoStore`], [`Error::StoreBusy`], [`Error::BadQuery`] and [`Error::StoreFailed`].
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        let Some(store) = self.store.get().cloned() else {
            let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
            return Err(Error::NoStore { reason });
        };
        let read = async {
            let _place = self.readers.acquire().await;
            tokio::task::spawn_blocking(move || work(&store)).await
        };
        let done = timeout(PATIENCE, read).await.map_err(|_| Error::StoreBusy)?;
        done.map_err(|_| Error::Internal)?.map_err(|error| match error {
            StoreError::Query(message) => Error::BadQuery { mistakes: message },
            error => {
                tracing::error!(%error, "store_was_not_read");
                Error::StoreFailed
            }
        })
    }

    fn open(&self) -> Result<&Store, HookError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        match Store::open(&self.options) {
            Ok(store) => {
                tracing::info!(kind = store.name(), "store_is_open");
                let store = self.store.get_or_init(|| store);
                self.opened.cancel();
                Ok(store)
            }
            Err(error) => {
                *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = error.to_string();
                Err(again(&error))
            }
        }
    }

    fn keep_transitions(&self, store: &Store) {
        let mut follower = self.transitions.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(follower) = &mut *follower else { return };
        let mut found = Vec::new();
        loop {
            match follower.try_recv() {
                Ok(transition) => found.push(told(&transition)),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if let (false, Err(error)) = (found.is_empty(), store.append_transitions(&found)) {
            tracing::error!(%error, transitions = found.len(), "history_of_health_is_not_kept");
        }
    }

    fn maintain(&self, store: &Store) {
        let mut next = self.maintain.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if now < *next {
            return;
        }
        let more = store.maintain().unwrap_or_else(|error| {
            tracing::error!(%error, "store_is_not_cleaned_up");
            false
        });
        *next = now + if more { MAINTAIN.1 } else { MAINTAIN.0 };
    }
}

fn again(error: &StoreError) -> HookError {
    HookError::again(error.to_string())
}

/// A transition of health as the store has it.
pub(crate) fn told(transition: &Transition) -> ccproxy_store::Transition {
    let (plugin, component) = transition.component.rsplit_once('/').unwrap_or(("", &transition.component));
    ccproxy_store::Transition {
        at: transition.time,
        plugin: plugin.to_owned(),
        component: component.to_owned(),
        from: transition.from.as_str().to_owned(),
        to: transition.to.as_str().to_owned(),
        output: transition.reason.as_deref().map(str::to_owned),
    }
}

/// The lane that writes.
pub(crate) struct Writer(pub(crate) Arc<Archive>);

impl Hook for Writer {
    fn wants(&self) -> Wants {
        Wants { exchanges: true, ..Wants::default() }
    }

    fn start(&self) -> Result<(), HookError> {
        self.0.open().map(|_| ())
    }

    fn take(&self, events: &[Event]) -> Result<(), HookError> {
        let records: Vec<Arc<Record>> = events
            .iter()
            .filter_map(|event| match event {
                Event::Exchange(record) => Some(Arc::clone(record)),
                Event::Visit(_) => None,
            })
            .collect();
        self.0.open()?.append(&records).map_err(|error| again(&error))
    }

    fn pause(&self) {
        if let Some(store) = self.0.store.get() {
            self.0.keep_transitions(store);
            self.0.maintain(store);
        }
    }
}
