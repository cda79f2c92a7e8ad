//! How busy an instance is, for routes that choose by it, and until when it rests.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::traffic::millis;

/// An average that nothing new has been added to counts half after this long: an instance that was slow and is no longer
/// asked has to be tried again some time.
const HALF_LIFE: f64 = 10.0;

/// Exchanges under way, the age of what is known, and the rest that the provider has asked for.
#[derive(Debug, Default)]
pub(super) struct Load {
    running: AtomicUsize,
    /// Milliseconds since the origin at which a latency was noted last.
    noted: AtomicU64,
    /// Milliseconds since the origin until which the provider wants to be left alone.
    rests_until: AtomicU64,
}

impl Load {
    pub(super) fn begin(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.running.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    pub(super) fn noted(&self, now: Duration) {
        self.noted.store(millis(now), Ordering::Relaxed);
    }

    /// What another exchange would have to wait for, in no unit: the average latency by its age, times all that wait.
    pub(super) fn cost(&self, now: Duration, average: Duration) -> f64 {
        let age = now.saturating_sub(Duration::from_millis(self.noted.load(Ordering::Relaxed)));
        let faded = average.as_secs_f64() * (-age.as_secs_f64() / HALF_LIFE).exp2();
        let running = u32::try_from(self.running.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        faded * (f64::from(running) + 1.0)
    }

    /// The provider has asked to be left alone for so long.
    pub(super) fn rest(&self, now: Duration, wait: Duration) {
        self.rests_until.store(millis(now + wait), Ordering::Relaxed);
    }

    /// How long it rests from now on.
    pub(super) fn rests(&self, now: Duration) -> Option<Duration> {
        let left = self.rests_until.load(Ordering::Relaxed).saturating_sub(millis(now));
        (left > 0).then(|| Duration::from_millis(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs() {
        let load = Load::default();
        let second = Duration::from_secs;
        load.noted(second(100));
        let check = |now: u64, expect: f64| {
            let got = load.cost(second(now), second(8));
            assert!((got - expect).abs() < 1e-9, "{got} at {now}");
        };
        check(100, 8.0);
        check(110, 4.0);
        check(120, 2.0);
        load.begin();
        check(120, 4.0);
        load.end();
        check(120, 2.0);
    }

    #[test]
    fn rests() {
        let load = Load::default();
        let second = Duration::from_secs;
        assert_eq!(load.rests(second(0)), None);
        load.rest(second(10), second(5));
        assert_eq!(load.rests(second(12)), Some(second(3)));
        assert_eq!(load.rests(second(15)), None);
    }
}
