//! The hook: exchanges are noted by those who serve, and written by its own thread.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ccproxy_plugin_api::{Hook, HookError, Messages, Wants};
use ccproxy_record::{Ending, Event, Record};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::config::Config;
use crate::folder;
use crate::shelf::Shelf;
use crate::trace::{Noted, Shared, Trace};

/// How long an exchange waits for its record, which may have been dropped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked what is there.
const LOOK: Duration = Duration::from_secs(60);
/// How many records may wait for their exchange, which may not be followed.
const RECORDS: usize = 8192;

pub(crate) struct Tracer {
    dir: PathBuf,
    failed_only: bool,
    shared: Arc<Shared>,
    state: Mutex<State>,
}

struct State {
    shelf: Shelf,
    look_at: Instant,
    /// Exchanges that have ended and are not written yet.
    ended: VecDeque<Noted>,
    records: VecDeque<Arc<Record>>,
    /// Of the batch that is to come again.
    known: bool,
}

impl Tracer {
    pub(crate) fn new(config: &Config, dir: PathBuf) -> Self {
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let shared = Shared::new(size(config.max_body.bytes()), size(config.buffer.bytes()));
        let state = State {
            shelf: Shelf::new(dir.clone(), config.max_size.bytes(), config.max_age),
            look_at: Instant::now(),
            ended: VecDeque::new(),
            records: VecDeque::new(),
            known: false,
        };
        Self { dir, failed_only: config.failed_only, shared: Arc::new(shared), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is ready.
    fn write(&self, state: &mut State) -> Result<(), HookError> {
        state.ended.extend(self.shared.ended());
        let skipped = self.shared.skipped.swap(0, Ordering::Relaxed);
        if skipped > 0 {
            tracing::warn!(skipped, "exchanges_not_traced");
        }
        for _ in 0..state.ended.len() {
            let Some(mut noted) = state.ended.pop_front() else { break };
            let record = state.record(&noted.id);
            if record.is_none() && noted.ended.elapsed() < PATIENCE {
                state.ended.push_back(noted);
                continue;
            }
            let well = record.as_ref().is_some_and(|record| record.ending == Ending::Done);
            if !noted.is_worth_keeping() || self.failed_only && well {
                continue;
            }
            match folder::write(&self.dir, &mut noted, record.as_deref()) {
                Ok(name) => state.shelf.add(name),
                Err(error) => {
                    state.records.extend(record);
                    state.ended.push_front(noted);
                    return Err(self.refused(&error));
                }
            }
        }
        state.shelf.prune(Timestamp::now()).map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &io::Error) -> HookError {
        HookError::again(format!(
            "{} cannot be written: {error}; see to the folder, its permissions and room, or change plugins.request-tracer.dir",
            self.dir.display()
        ))
    }
}

impl State {
    /// The record of an exchange, which nobody asks for again.
    fn record(&mut self, id: &str) -> Option<Arc<Record>> {
        let at = self.records.iter().position(|record| record.id == id)?;
        self.records.remove(at)
    }
}

impl Hook for Tracer {
    fn wants(&self) -> Wants {
        Wants { exchanges: true, messages: true, ..Wants::default() }
    }

    fn start(&self) -> Result<(), HookError> {
        let looked = self.state().shelf.look(Timestamp::now());
        looked.map_err(|error| self.refused(&error))
    }

    fn take(&self, events: &[Event]) -> Result<(), HookError> {
        let mut state = self.state();
        if !state.known {
            let records = events.iter().filter_map(|event| match event {
                Event::Exchange(record) => Some(Arc::clone(record)),
                Event::Visit(_) => None,
            });
            state.records.extend(records);
            let more = state.records.len().saturating_sub(RECORDS);
            state.records.drain(..more);
        }
        let written = self.write(&mut state);
        state.known = written.is_err();
        written
    }

    fn pause(&self) -> Result<(), HookError> {
        let mut state = self.state();
        self.write(&mut state)?;
        if Instant::now() >= state.look_at {
            state.look_at = Instant::now() + LOOK;
            state.shelf.look(Timestamp::now()).map_err(|error| self.refused(&error))?;
        }
        Ok(())
    }

    fn messages(&self, id: &str) -> Option<Arc<dyn Messages>> {
        Some(Arc::new(Trace::begin(&self.shared, id)?))
    }
}
