//! How many exchanges of the last minute failed: twelve buckets of five seconds, each one atomic word.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ccproxy_upstream::breaker::Tally;

const BUCKETS: u64 = 12;
const SECONDS: u64 = 5;
/// A word holds the number of its five seconds, counted from 1, above two counters of this many bits.
const BITS: u32 = 20;
const FULL: u64 = (1 << BITS) - 1;

/// Counts without a lock. A bucket that is full (a million exchanges in five seconds) counts no further.
#[derive(Debug, Default)]
pub(super) struct Window([AtomicU64; BUCKETS as usize]);

impl Window {
    /// Counts an exchange.
    pub(super) fn count(&self, now: Duration, failed: bool) {
        let number = number(now);
        let Some(bucket) = usize::try_from(number % BUCKETS).ok().and_then(|at| self.0.get(at)) else {
            return;
        };
        let step = |word: u64| {
            // Whatever an earlier round left is overwritten.
            let word = if word >> (2 * BITS) == number { word } else { number << (2 * BITS) };
            let full = word & FULL == FULL;
            (!full).then_some(word + 1 + (u64::from(failed) << BITS))
        };
        // An error is a bucket that is full.
        let _ = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
    }

    /// What was counted in the last minute, give or take five seconds.
    pub(super) fn tally(&self, now: Duration) -> Tally {
        let number = number(now);
        let recent = self.0.iter().map(|bucket| bucket.load(Ordering::Relaxed)).filter(|word| {
            let of = word >> (2 * BITS);
            of != 0 && of + BUCKETS > number
        });
        let count = |bits: u64| u32::try_from(bits & FULL).unwrap_or(u32::MAX);
        recent.fold(Tally::default(), |tally, word| Tally {
            total: tally.total + count(word),
            failed: tally.failed + count(word >> BITS),
        })
    }
}

fn number(now: Duration) -> u64 {
    now.as_secs() / SECONDS + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_falls_out() {
        let window = Window::default();
        let at = Duration::from_secs;
        let check = |second, total, failed| {
            assert_eq!(window.tally(at(second)), Tally { total, failed }, "second {second}");
        };
        check(0, 0, 0);
        window.count(at(0), true);
        window.count(at(4), false);
        window.count(at(30), true);
        check(30, 3, 2);
        check(59, 3, 2);
        check(60, 1, 1);
        check(89, 1, 1);
        check(90, 0, 0);
        window.count(at(1000), false);
        check(1000, 1, 0);
        check(100_000, 0, 0);
    }

    #[test]
    fn threads_lose_no_count() {
        let window = Window::default();
        std::thread::scope(|scope| {
            for failed in [true, false, true, false] {
                let window = &window;
                scope.spawn(move || (0..10_000).for_each(|_| window.count(Duration::ZERO, failed)));
            }
        });
        assert_eq!(window.tally(Duration::ZERO), Tally { total: 40_000, failed: 20_000 });
    }

    #[test]
    fn a_full_bucket_stays_full() {
        let window = Window::default();
        (0..=FULL + 10).for_each(|_| window.count(Duration::ZERO, true));
        let full = u32::try_from(FULL).unwrap();
        assert_eq!(window.tally(Duration::ZERO), Tally { total: full, failed: full });
    }
}
