//! What is written, on the thread of the store's lane.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ccproxy_plugin_api::{Hook, HookError, Wants};
use ccproxy_record::{Event, Record};
use ccproxy_store::{Options, Store, StoreError, Transition};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::time::Instant;

use super::{Archive, State, told};

/// How often the store is looked after: what is old goes, and its size is seen.
const CARE: Duration = Duration::from_secs(60);
/// The same while there is more to do.
const MORE: Duration = Duration::from_millis(200);
/// How long changes of health wait after the store did not take them.
const AGAIN: Duration = Duration::from_secs(5);
/// So many changes wait at most; the oldest give way.
const CHANGES: usize = 1024;

/// Gives the store what it is to keep.
pub(super) struct Keeper {
    archive: Arc<Archive>,
    options: Options,
    work: Mutex<Work>,
}

struct Work {
    changes: VecDeque<Transition>,
    /// When they may be given to the store.
    changes_at: Instant,
    care_at: Instant,
    /// That care fails is told once.
    told: bool,
}

impl Keeper {
    pub(super) fn new(archive: Arc<Archive>, options: Options) -> Self {
        let now = Instant::now();
        let work = Work { changes: VecDeque::new(), changes_at: now, care_at: now, told: false };
        Self { archive, options, work: Mutex::new(work) }
    }

    fn store(&self) -> Option<Store> {
        match &*self.archive.state() {
            State::Open(store, _) => Some(store.clone()),
            _ => None,
        }
    }

    /// Notes what the store said to what it was given.
    fn note(&self, result: &Result<(), StoreError>) {
        if let State::Open(_, trouble) = &mut *self.archive.state() {
            *trouble = result.as_ref().err().map(ToString::to_string);
        }
    }

    /// Takes what has changed in our health since.
    fn gather(&self, waiting: &mut VecDeque<Transition>) {
        let mut changes = self.archive.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(receiver) = changes.as_mut() else { return };
        loop {
            match receiver.try_recv() {
                Ok(change) => {
                    if waiting.len() >= CHANGES {
                        waiting.pop_front();
                    }
                    waiting.push_back(told(&change));
                }
                Err(TryRecvError::Lagged(lost)) => tracing::warn!(lost, "health_changes_are_not_kept"),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}

impl Hook for Keeper {
    fn wants(&self) -> Wants {
        Wants { exchanges: true, ..Wants::default() }
    }

    fn start(&self) -> Result<(), HookError> {
        let opened = Store::open(&self.options);
        let mut state = self.archive.state();
        match opened {
            Ok(store) => {
                tracing::info!(kind = self.options.kind.name(), "store_is_open");
                *state = State::Open(store, None);
                self.archive.opened.cancel();
                Ok(())
            }
            Err(error) => {
                *state = State::Missing(error.to_string());
                Err(HookError::again(error.to_string()))
            }
        }
    }

    fn take(&self, events: &[Event]) -> Result<(), HookError> {
        let Some(store) = self.store() else { return Err(HookError::again("the store is not open")) };
        let records: Vec<Arc<Record>> = events
            .iter()
            .filter_map(|event| match event {
                Event::Exchange(record) => Some(Arc::clone(record)),
                Event::Visit(_) => None,
            })
            .collect();
        let result = store.append(&records);
        self.note(&result);
        result.map_err(|error| HookError::again(error.to_string()))
    }

    fn pause(&self) -> Result<(), HookError> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        self.gather(&mut work.changes);
        let Some(store) = self.store() else { return Ok(()) };
        let now = Instant::now();
        if !work.changes.is_empty() && now >= work.changes_at {
            let result = store.append_transitions(work.changes.make_contiguous());
            self.note(&result);
            match result {
                Ok(()) => work.changes.clear(),
                Err(_) => work.changes_at = now + AGAIN,
            }
        }
        if now >= work.care_at {
            let cared = store.maintain().and_then(|more| Ok((more, store.size()?)));
            work.care_at = now + if matches!(cared, Ok((true, _))) { MORE } else { CARE };
            match cared {
                Ok((_, size)) => {
                    self.archive.size.store(size, Ordering::Relaxed);
                    work.told = false;
                }
                Err(error) if !work.told => {
                    work.told = true;
                    tracing::warn!(%error, "store_is_not_looked_after");
                }
                Err(_) => {}
            }
        }
        Ok(())
    }
}
