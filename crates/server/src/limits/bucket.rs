//! A rate per minute: a bucket that holds what a minute allows and fills steadily (GCRA). Its whole state is the moment
//! at which it will be full again, which stays true when the rate changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// In nanoseconds, as everything here.
const MINUTE: u64 = 60_000_000_000;

/// When it will be full again, since an origin.
#[derive(Default)]
pub(super) struct Bucket(AtomicU64);

/// How full a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) limit: u64,
    pub(super) remaining: u64,
    /// Until it is full.
    pub(super) reset: Duration,
}

impl Level {
    /// How much of it is left, from 0 to 1.
    pub(super) fn share(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
        let share = self.remaining as f64 / self.limit as f64;
        share
    }
}

impl Bucket {
    /// Takes one out.
    ///
    /// # Errors
    /// How long it takes until there is one.
    pub(super) fn take(&self, now: Duration, per_minute: u64) -> Result<(), Duration> {
        let now = nanos(now);
        let next = |full: u64| Some(full.max(now) + cost(1, per_minute)).filter(|full| *full - now <= MINUTE);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        taken.map(drop).map_err(|full| missing(full, now, per_minute))
    }

    /// Whether there is one to take.
    ///
    /// # Errors
    /// How long it takes until there is.
    pub(super) fn room(&self, now: Duration, per_minute: u64) -> Result<(), Duration> {
        let wait = missing(self.0.load(Ordering::Relaxed), nanos(now), per_minute);
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    /// Takes so many out, whether they are there or not.
    pub(super) fn charge(&self, now: Duration, units: u64, per_minute: u64) {
        let (now, cost) = (nanos(now), cost(units, per_minute));
        let next = |full: u64| Some(full.max(now).saturating_add(cost));
        // It always has a next.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    pub(super) fn is_full(&self, now: Duration) -> bool {
        self.0.load(Ordering::Relaxed) <= nanos(now)
    }

    /// How much of the minute is used.
    pub(super) fn used(&self, now: Duration) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed).saturating_sub(nanos(now)))
    }

    /// So much of the minute is used, as others know better.
    pub(super) fn set_used(&self, now: Duration, used: Duration) {
        self.0.store(nanos(now.saturating_add(used)), Ordering::Relaxed);
    }

    pub(super) fn level(&self, now: Duration, limit: u64) -> Level {
        let used = self.0.load(Ordering::Relaxed).saturating_sub(nanos(now));
        let left = u128::from(MINUTE.saturating_sub(used)) * u128::from(limit) / u128::from(MINUTE);
        let remaining = u64::try_from(left).unwrap_or(limit);
        Level { limit, remaining, reset: Duration::from_nanos(used) }
    }
}

/// How long it takes until there is one to take.
fn missing(full: u64, now: u64, per_minute: u64) -> Duration {
    let used = full.saturating_sub(now);
    Duration::from_nanos(used.saturating_add(cost(1, per_minute)).saturating_sub(MINUTE))
}

/// The time that so many take to come back.
pub(super) fn cost(units: u64, per_minute: u64) -> u64 {
    let time = u128::from(units) * u128::from(MINUTE) / u128::from(per_minute.max(1));
    u64::try_from(time).unwrap_or(u64::MAX)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    #[test]
    fn a_minutes_worth_at_once_then_one_by_one() {
        let check = |per_minute: u64| {
            let bucket = Bucket::default();
            for n in 0..per_minute {
                assert_eq!(bucket.level(START, per_minute).remaining, per_minute - n, "{per_minute}");
                assert_eq!(bucket.take(START, per_minute), Ok(()), "{n} of {per_minute}");
            }
            let wait = bucket.take(START, per_minute).unwrap_err();
            assert_eq!(bucket.room(START, per_minute), Err(wait));
            let step = Duration::from_nanos(MINUTE / per_minute);
            assert!(wait.abs_diff(step) < Duration::from_micros(1), "{per_minute}: {wait:?}");
            let early = wait.checked_sub(Duration::from_nanos(1)).unwrap();
            assert!(bucket.take(START + early, per_minute).is_err());
            assert_eq!(bucket.take(START + wait, per_minute), Ok(()), "the wait is exact");
            assert!(bucket.take(START + wait, per_minute).is_err(), "and for one");
        };
        [1, 2, 7, 60, 61, 1000].into_iter().for_each(check);
    }

    #[test]
    fn debts_are_paid_off() {
        let bucket = Bucket::default();
        bucket.charge(START, 250, 100);
        let level = bucket.level(START, 100);
        assert_eq!((level.remaining, level.reset), (0, Duration::from_secs(150)));
        let wait = bucket.room(START, 100).unwrap_err();
        assert_eq!(wait, Duration::from_millis(90_600));
        assert_eq!(bucket.room(START + wait, 100), Ok(()));
        assert_eq!(bucket.level(START + wait, 100).remaining, 1);
        assert!(!bucket.is_full(START + wait) && bucket.is_full(START + level.reset));
        // Whatever a provider says, nothing wraps around.
        bucket.charge(START, u64::MAX, 1);
        bucket.charge(START, u64::MAX, 1);
        assert!(bucket.room(START, 1).is_err());
    }
}
