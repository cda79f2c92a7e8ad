//! Whether the upstream is reached, as far as traffic tells.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ccproxy_health::{Outcome, Reporter, Status};

/// A pass that follows another this closely says nothing new, and health need not hear it.
const QUIET: Duration = Duration::from_secs(1);
/// As many passes as bring any state back, whatever its threshold.
const EAGER: u64 = 16;

/// Tells health of every failure, and of as many passes as it takes.
pub(super) struct Reach {
    reporter: Reporter,
    /// Milliseconds since the origin until which passes are not told.
    quiet_until: AtomicU64,
    /// How many more passes are told at once, so that a recovery shows as soon as it can.
    eager: AtomicU64,
}

impl Reach {
    pub(super) fn new(reporter: Reporter) -> Self {
        Self { reporter, quiet_until: AtomicU64::new(0), eager: AtomicU64::new(0) }
    }

    pub(super) fn tell(&self, now: Duration, outcome: Outcome) {
        if outcome.status != Status::Pass {
            self.eager.store(EAGER, Ordering::Relaxed);
            return self.reporter.report(outcome);
        }
        let eager = self.eager.load(Ordering::Relaxed);
        if eager > 0 {
            // Of passes told at the same moment one may go uncounted; there are enough of them.
            self.eager.store(eager - 1, Ordering::Relaxed);
            return self.reporter.report(outcome);
        }
        if super::traffic::millis(now) >= self.quiet_until.load(Ordering::Relaxed) {
            self.quiet_until.store(super::traffic::millis(now + QUIET), Ordering::Relaxed);
            self.reporter.report(outcome);
        }
    }
}
