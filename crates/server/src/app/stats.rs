//! How many exchanges there were and how they ended: each is counted once when it begins and once when it ends.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of exchanges with providers.
#[derive(Debug, Default)]
pub struct Stats {
    begun: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    client_gone: AtomicU64,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Done,
    Failed,
    ClientGone,
}

impl Stats {
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self, ending: Ending) {
        let counter = match ending {
            Ending::Done => &self.done,
            Ending::Failed => &self.failed,
            Ending::ClientGone => &self.client_gone,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Exchanges that have begun.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Exchanges whose answer reached the client whole.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Exchanges that ended in an error, the client's, ours or the provider's.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Exchanges whose client went away before the end.
    pub fn client_gone(&self) -> u64 {
        self.client_gone.load(Ordering::Relaxed)
    }

    /// Exchanges that have begun and not ended.
    pub fn running(&self) -> u64 {
        // The ends are read first, so that an exchange that ends in between is not counted as ended before it began.
        let ended = self.done() + self.failed() + self.client_gone();
        self.begun().saturating_sub(ended)
    }
}
