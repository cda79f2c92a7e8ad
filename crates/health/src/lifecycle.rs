//! Where the process is in its life.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

/// Where the process is in its life. It only ever moves forward, but for a drain that an operator takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Some start-up gate is still closed.
    Starting,
    /// Every gate is open.
    Ready,
    /// It ends what it has begun and wants no more.
    Draining,
    /// It is over.
    Stopped,
}

impl Phase {
    /// `starting`, `ready`, `draining` or `stopped`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        }
    }
}

#[derive(Debug)]
struct Gate {
    name: Arc<str>,
    open: AtomicBool,
}

/// The phase and the start-up gates. Readers see a change at once: there is no writer task between.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    gates: Vec<Gate>,
    phase: watch::Sender<Phase>,
    /// The drain is an operator's, who may take it back.
    taken_out: AtomicBool,
    /// Counts whatever changes here, so that an answer made before can be told from one made after.
    version: AtomicU64,
}

impl Lifecycle {
    pub(crate) fn new(gates: Vec<Arc<str>>) -> Self {
        let phase = if gates.is_empty() { Phase::Ready } else { Phase::Starting };
        let gates = gates.into_iter().map(|name| Gate { name, open: AtomicBool::new(false) }).collect();
        Self {
            gates,
            phase: watch::Sender::new(phase),
            taken_out: AtomicBool::new(false),
            version: AtomicU64::new(0),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Opens every gate of this name; the last one makes the process ready. False when there is no such gate.
    pub(crate) fn open(&self, name: &str) -> bool {
        let mut found = false;
        for gate in self.gates.iter().filter(|gate| &*gate.name == name) {
            gate.open.store(true, Ordering::SeqCst);
            found = true;
        }
        // After the change, not before: whoever sees the new version sees the change.
        self.version.fetch_add(1, Ordering::SeqCst);
        if !found {
            tracing::warn!(gate = name, "health_gate_unknown");
        } else if self.closed().next().is_none() {
            self.advance(Phase::Ready);
        }
        found
    }

    /// An operator's drain, which [`put_back`](Self::put_back) undoes. False when a drain is under way already.
    pub(crate) fn take_out(&self) -> bool {
        self.change(|phase| {
            let drains = phase < Phase::Draining;
            if drains {
                self.taken_out.store(true, Ordering::SeqCst);
            }
            drains.then_some(Phase::Draining)
        })
    }

    /// Ends an operator's drain. False when there is none, or when the process is shutting down.
    pub(crate) fn put_back(&self) -> bool {
        self.change(|phase| {
            let undone = phase == Phase::Draining && self.taken_out.swap(false, Ordering::SeqCst);
            let back = if self.closed().next().is_none() { Phase::Ready } else { Phase::Starting };
            undone.then_some(back)
        })
    }

    /// Another number than before, whenever a gate or the phase has changed.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Every gate and whether it is open.
    pub(crate) fn gates(&self) -> impl Iterator<Item = (&str, bool)> {
        self.gates.iter().map(|gate| (&*gate.name, gate.open.load(Ordering::SeqCst)))
    }

    /// The gates still closed, in the order of their registration.
    pub(crate) fn closed(&self) -> impl Iterator<Item = &str> {
        self.gates.iter().filter(|gate| !gate.open.load(Ordering::SeqCst)).map(|gate| &*gate.name)
    }

    /// Moves forward to a phase; a step back is ignored. From here on no operator's drain can be taken back.
    pub(crate) fn advance(&self, to: Phase) {
        self.change(|phase| {
            if to >= Phase::Draining {
                self.taken_out.store(false, Ordering::SeqCst);
            }
            (to > phase).then_some(to)
        });
    }

    /// Changes the phase, under its lock, to what `next` makes of it. Says whether it changed.
    fn change(&self, next: impl FnOnce(Phase) -> Option<Phase>) -> bool {
        let mut step = None;
        self.phase.send_if_modified(|phase| {
            step = next(*phase).map(|to| (std::mem::replace(phase, to), to));
            // Under the lock, and so before anyone is told of the new phase.
            self.version.fetch_add(u64::from(step.is_some()), Ordering::SeqCst);
            step.is_some()
        });
        if let Some((from, to)) = step {
            tracing::info!(from = from.as_str(), to = to.as_str(), "health_phase");
        }
        step.is_some()
    }

    /// Resolves with the first phase that differs from the one at the time of this call.
    pub(crate) fn changed(&self) -> impl Future<Output = Phase> + Send + 'static {
        // Subscribed here, not at the first poll: a change between the two must not be missed.
        let mut receiver = self.phase.subscribe();
        async move {
            if receiver.changed().await.is_err() {
                return Phase::Stopped;
            }
            *receiver.borrow_and_update()
        }
    }
}

#[cfg(test)]
mod tests;
