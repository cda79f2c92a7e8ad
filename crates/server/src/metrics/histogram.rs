//! How long things took, in classes that are chosen once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper ends of the classes, in microseconds: a cached answer and a long stream both find theirs.
const ENDS: [u64; 16] = [
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    20_000_000,
    40_000_000,
    80_000_000,
    160_000_000,
    u64::MAX,
];

/// The same classes for a histogram with examples, in seconds.
pub(super) fn ends() -> impl Iterator<Item = f64> {
    ENDS.iter().filter(|end| **end != u64::MAX).map(|end| Duration::from_micros(*end).as_secs_f64())
}

/// A histogram that threads add to without waiting for each other.
#[derive(Default)]
pub(super) struct Histogram {
    counts: [AtomicU64; ENDS.len()],
    micros: AtomicU64,
}

impl Histogram {
    /// Adds a time, and tells its class.
    pub(super) fn add(&self, time: Duration) -> usize {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let class = ENDS.partition_point(|end| *end < micros);
        if let Some(count) = self.counts.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
        class
    }

    /// Each class's upper end in seconds and its count, and the sum of all times in seconds.
    pub(super) fn read(&self) -> (Vec<(f64, u64)>, f64) {
        let end = |end: u64| {
            if end == u64::MAX { f64::MAX } else { Duration::from_micros(end).as_secs_f64() }
        };
        let counts =
            ENDS.iter().zip(&self.counts).map(|(of, count)| (end(*of), count.load(Ordering::Relaxed)));
        (counts.collect(), Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_their_upper_ends() {
        let check = |micros, expect: usize| {
            assert_eq!(Histogram::default().add(Duration::from_micros(micros)), expect, "{micros}");
        };
        check(0, 0);
        check(5_000, 0);
        check(5_001, 1);
        check(160_000_000, 14);
        check(160_000_001, 15);
    }
}
