//! The last transitions, for whoever asks what happened.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use crate::state::State;

/// How many transitions are remembered.
pub const REMEMBERED: usize = 256;

/// One component changed its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
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
#[derive(Debug, Default)]
pub(crate) struct Events {
    ring: Mutex<VecDeque<Transition>>,
}

impl Events {
    /// Remembers a transition and writes its one log line.
    pub(crate) fn record(&self, transition: Transition) {
        let (component, from, to) =
            (&*transition.component, transition.from.as_str(), transition.to.as_str());
        let reason = transition.reason.as_deref().unwrap_or_default();
        if matches!(transition.to, State::Warn | State::Fail) {
            tracing::warn!(component, from, to, reason, "health_transition");
        } else {
            tracing::info!(component, from, to, reason, "health_transition");
        }
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() >= REMEMBERED {
            ring.pop_front();
        }
        ring.push_back(transition);
    }

    /// The remembered transitions, oldest first.
    pub(crate) fn recent(&self) -> Vec<Transition> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
