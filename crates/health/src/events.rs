//! The last transitions, for whoever asks what happened.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::broadcast;

use crate::state::State;

/// How many transitions are remembered.
pub const REMEMBERED: usize = 256;

/// One component changed its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Its number, counted from 1 since the start of the process.
    pub number: u64,
    /// When the outcome was taken that tipped it.
    pub time: Timestamp,
    /// `name`, or `plugin/name`.
    pub component: Arc<str>,
    /// What it was.
    pub from: State,
    /// What it is.
    pub to: State,
    /// What the outcome said, scrubbed.
    pub reason: Option<Arc<str>>,
}

/// A ring of the last [`REMEMBERED`] transitions.
#[derive(Debug)]
pub(crate) struct Events {
    ring: Mutex<Ring>,
    live: broadcast::Sender<Transition>,
}

#[derive(Debug, Default)]
struct Ring {
    last: VecDeque<Transition>,
    recorded: u64,
}

impl Default for Events {
    fn default() -> Self {
        Self { ring: Mutex::default(), live: broadcast::Sender::new(REMEMBERED) }
    }
}

impl Events {
    /// Numbers a transition, remembers it, tells whoever listens and writes its one log line.
    pub(crate) fn record(&self, mut transition: Transition) {
        let (component, from, to) =
            (&*transition.component, transition.from.as_str(), transition.to.as_str());
        // None leaves the field out of the line.
        let reason = transition.reason.as_deref();
        if (transition.from, transition.to) == (State::Unknown, State::Pass) {
            // That all is well after the start is no news.
            tracing::debug!(component, from, to, reason, "health_transition");
        } else if matches!(transition.to, State::Warn | State::Fail) {
            tracing::warn!(component, from, to, reason, "health_transition");
        } else {
            tracing::info!(component, from, to, reason, "health_transition");
        }
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.recorded += 1;
        transition.number = ring.recorded;
        if ring.last.len() >= REMEMBERED {
            ring.last.pop_front();
        }
        // Sent under the lock, so that a listener sees numbers in order. Nobody listening is no error.
        let _ = self.live.send(transition.clone());
        ring.last.push_back(transition);
    }

    /// Every transition to come.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Transition> {
        self.live.subscribe()
    }

    /// The remembered transitions, oldest first.
    pub(crate) fn recent(&self) -> Vec<Transition> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).last.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
