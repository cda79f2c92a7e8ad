//! How long the upstream takes to its first byte, on average.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ccproxy_health::Outcome;

/// Each exchange moves the average by one of so many parts of the way.
const PARTS: u64 = 8;

/// An average that forgets: of eight exchanges ago a third is left.
#[derive(Debug, Default)]
pub(super) struct Latency {
    /// In microseconds, and never 0 once there is one.
    average: AtomicU64,
}

impl Latency {
    pub(super) fn note(&self, first_byte: Duration) {
        let micros = u64::try_from(first_byte.as_micros()).unwrap_or(u64::MAX).clamp(1, u64::MAX / PARTS);
        let average = match self.average.load(Ordering::Relaxed) {
            0 => micros,
            average => (average * (PARTS - 1) + micros).div_ceil(PARTS),
        };
        // Of two exchanges at the same moment one may go unnoticed: the average is as good without it.
        self.average.store(average, Ordering::Relaxed);
    }

    /// The average; nothing before the first success.
    pub(super) fn average(&self) -> Duration {
        Duration::from_micros(self.average.load(Ordering::Relaxed))
    }

    /// Whether there is an average, and so long a wait is more.
    pub(super) fn is_exceeded_by(&self, wait: Duration) -> bool {
        let average = self.average.load(Ordering::Relaxed);
        average != 0 && wait > Duration::from_micros(average)
    }

    /// What health is told; nothing before the first success. Slow is degraded, and never worse.
    pub(super) fn outcome(&self, slow: Duration) -> Option<Outcome> {
        let average = match self.average.load(Ordering::Relaxed) {
            0 => return None,
            micros => Duration::from_micros(micros),
        };
        let outcome = if average > slow {
            Outcome::warn(format!("the first byte takes longer than {slow:?} on average"))
        } else {
            Outcome::pass()
        };
        // Tenths of a millisecond are the finest that anybody reads.
        Some(outcome.observed((average.as_secs_f64() * 1e4).round() / 10.0, "ms"))
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_health::Status;

    use super::*;

    #[test]
    fn it_follows_and_forgets() {
        let latency = Latency::default();
        let slow = Duration::from_secs(1);
        assert_eq!(latency.outcome(slow), None);
        let check = |millis: u64, times: u32, status, observed: f64| {
            (0..times).for_each(|_| latency.note(Duration::from_millis(millis)));
            let outcome = latency.outcome(slow).unwrap();
            assert_eq!(
                outcome,
                Outcome { status, output: outcome.output.clone(), ..Outcome::pass() }
                    .observed(observed, "ms")
            );
        };
        check(100, 1, Status::Pass, 100.0);
        check(900, 1, Status::Pass, 200.0);
        check(20_000, 1, Status::Warn, 2675.0);
        check(0, 100, Status::Pass, 0.0);
        check(u64::MAX, 1, Status::Warn, 288_230_376_151_711.8);
    }
}
