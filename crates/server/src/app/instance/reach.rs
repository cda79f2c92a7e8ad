//! Whether the upstream is reached, as far as traffic tells.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ccproxy_health::{Outcome, Reporter, Status};

use super::traffic::{EVERY, millis};

/// A pass that follows another this closely says nothing new, and health need not hear it.
const QUIET: Duration = Duration::from_secs(1);
/// As many outcomes as turn any state, whatever its threshold.
const ENOUGH: u64 = 16;

/// Tells health of failures, and of as many passes as it takes: never of more than [`ENOUGH`] in [`EVERY`].
pub(super) struct Reach {
    reporter: Reporter,
    /// Milliseconds since the origin until which passes are not told.
    quiet_until: AtomicU64,
    /// How many more passes are told at once, so that a recovery shows as soon as it can.
    eager: AtomicU64,
    /// The number of this [`EVERY`], counted from the origin, above eight bits of how many were told in it.
    spent: AtomicU64,
}

impl Reach {
    pub(super) fn new(reporter: Reporter) -> Self {
        let zero = || AtomicU64::new(0);
        Self { reporter, quiet_until: zero(), eager: zero(), spent: zero() }
    }

    pub(super) fn tell(&self, now: Duration, outcome: Outcome) {
        if self.is_news(now, outcome.status) && self.may_tell(now) {
            self.reporter.report(outcome);
        }
    }

    fn is_news(&self, now: Duration, status: Status) -> bool {
        if status != Status::Pass {
            self.eager.store(ENOUGH, Ordering::Relaxed);
            return true;
        }
        let eager = self.eager.load(Ordering::Relaxed);
        if eager > 0 {
            // Of passes told at the same moment one may go uncounted; there are enough of them.
            self.eager.store(eager - 1, Ordering::Relaxed);
            return true;
        }
        let quiet = self.quiet_until.load(Ordering::Relaxed);
        let next = millis(now + QUIET);
        let mine = || self.quiet_until.compare_exchange(quiet, next, Ordering::Relaxed, Ordering::Relaxed);
        millis(now) >= quiet && mine().is_ok()
    }

    fn may_tell(&self, now: Duration) -> bool {
        let number = millis(now) / millis(EVERY);
        let step = |word: u64| match word >> 8 {
            // Another thread's clock may be a little ahead.
            of if of >= number => (word & 0xff < ENOUGH).then_some(word + 1),
            _ => Some((number << 8) + 1),
        };
        self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_health::{Builder, Identity, Scope, Spec};

    use super::*;

    #[test]
    fn no_flood_whatever_the_traffic() {
        let mut health = Builder::new(Identity::new("1", "test", "Test"));
        let reach = Reach::new(health.passive(Scope::plugin("claude"), Spec::new("upstream").unwrap()));
        let told = |at: u64, statuses: &[Status]| {
            let now = Duration::from_millis(at);
            let news = statuses.iter().filter(|status| reach.is_news(now, **status) && reach.may_tell(now));
            news.count()
        };
        let (pass, fail) = (Status::Pass, Status::Fail);
        assert_eq!(told(0, &[pass; 100]), 1, "all is well");
        assert_eq!(told(999, &[pass; 100]), 0);
        assert_eq!(told(1000, &[pass; 100]), 1);
        assert_eq!(told(2000, &[fail; 3]), 3, "each failure counts");
        assert_eq!(told(2050, &[fail; 1000]), 13);
        assert_eq!(told(2099, &[pass, fail].repeat(1000)), 0, "the two by turns are no more");
        assert_eq!(told(2100, &[pass; 1000]), 16, "a recovery shows at once");
        assert_eq!(told(2200, &[pass; 1000]), 0);
        assert_eq!(told(2310, &[fail, pass]), 2, "so does a turn");
    }

    #[test]
    fn threads_spend_no_more() {
        let mut health = Builder::new(Identity::new("1", "test", "Test"));
        let reach = &Reach::new(health.passive(Scope::plugin("claude"), Spec::new("upstream").unwrap()));
        let told = std::thread::scope(|scope| {
            let count = || (0..10_000).filter(|_| reach.may_tell(Duration::ZERO)).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(told as u64, ENOUGH);
    }
}
