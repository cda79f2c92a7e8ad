//! The heartbeats that prove progress, and how late they come.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often every heart beats.
pub(crate) const BEAT: Duration = Duration::from_millis(100);

/// A heartbeat ended on purpose: the process is shutting down, and that is no stall.
const ENDED: u64 = u64::MAX;

/// One heartbeat: milliseconds since the health began, readable from any thread.
#[derive(Debug)]
pub(crate) struct Beat {
    origin: Instant,
    last: AtomicU64,
}

impl Beat {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), last: AtomicU64::new(0) }
    }

    pub(crate) fn beat(&self) {
        self.last.store(self.millis(Instant::now()), Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.last.store(ENDED, Ordering::Relaxed);
    }

    /// How long ago the last beat was.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        self.last(now).1
    }

    /// The last beat's number, and how long ago it was.
    fn last(&self, now: Instant) -> (u64, Duration) {
        match self.last.load(Ordering::Relaxed) {
            ENDED => (ENDED, Duration::ZERO),
            last => (last, Duration::from_millis(self.millis(now).saturating_sub(last))),
        }
    }

    fn millis(&self, now: Instant) -> u64 {
        let millis = now.saturating_duration_since(self.origin).as_millis();
        u64::try_from(millis).unwrap_or(ENDED - 1)
    }
}

/// Half of the time over which the worst lateness is remembered.
const HALF: Duration = Duration::from_secs(5);

/// The worst lateness of the last 5 to 10 seconds: one slot for this half, one for the half before. A slot is the
/// number of its half in the upper 32 bits and microseconds in the lower.
#[derive(Debug)]
struct Lag {
    origin: Instant,
    slots: [AtomicU64; 2],
}

impl Lag {
    fn new() -> Self {
        Self { origin: Instant::now(), slots: [AtomicU64::new(0), AtomicU64::new(0)] }
    }

    fn half(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.origin).as_secs() / HALF.as_secs()
    }

    /// Called by the one task that beats.
    fn record(&self, late: Duration, now: Instant) {
        let half = self.half(now);
        let [even, odd] = &self.slots;
        let slot = if half.is_multiple_of(2) { even } else { odd };
        let micros = late.as_micros().min(u128::from(u32::MAX)) as u64;
        let so_far = slot.load(Ordering::Relaxed);
        let worst = if so_far >> 32 == half { micros.max(so_far & u64::from(u32::MAX)) } else { micros };
        slot.store(half << 32 | worst, Ordering::Relaxed);
    }

    fn worst(&self, now: Instant) -> Duration {
        let half = self.half(now);
        let slots = self.slots.iter().map(|slot| slot.load(Ordering::Relaxed));
        let recent = slots.filter(|slot| (slot >> 32) + 1 >= half);
        Duration::from_micros(recent.map(|slot| slot & u64::from(u32::MAX)).max().unwrap_or_default())
    }
}

/// A heart to beat on a runtime beside the main one; its stall is a stall of the process.
#[derive(Debug, Clone)]
pub struct Heart {
    beat: Arc<Beat>,
    lag: Arc<Lag>,
}

impl Heart {
    pub(crate) fn new() -> Self {
        Self { beat: Arc::new(Beat::new()), lag: Arc::new(Lag::new()) }
    }

    /// Beats until `stop` is cancelled, which proves that the runtime it is polled on runs tasks and timers.
    pub async fn beat_until(self, stop: CancellationToken) {
        let mut tick = interval(BEAT);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                planned = tick.tick() => {
                    let now = Instant::now();
                    self.lag.record(now.saturating_duration_since(planned), now);
                    self.beat.beat();
                }
            }
        }
        self.beat.end();
    }

    /// The worst lateness of late; a beat that is overdue at this moment counts already.
    fn lag(&self, now: Instant) -> Duration {
        self.lag.worst(now).max(self.beat.age(now).saturating_sub(BEAT))
    }
}

/// The heartbeats that liveness looks at.
#[derive(Debug)]
pub(crate) struct Beats {
    pub(crate) runtime: Heart,
    pub(crate) scheduler: Beat,
    pub(crate) writer: Beat,
    others: Vec<(Arc<str>, Heart)>,
    limit: Duration,
}

const RUNTIME: &str = "main runtime";

impl Beats {
    /// A heart older than `limit` is a stall.
    pub(crate) fn new(others: Vec<(Arc<str>, Heart)>, limit: Duration) -> Self {
        Self { runtime: Heart::new(), scheduler: Beat::new(), writer: Beat::new(), others, limit }
    }

    fn all(&self) -> impl Iterator<Item = (&str, &Beat)> {
        let core = [(RUNTIME, &*self.runtime.beat), ("scheduler", &self.scheduler), ("writer", &self.writer)];
        core.into_iter().chain(self.others.iter().map(|(name, heart)| (&**name, &*heart.beat)))
    }

    /// How long ago each beat was, by name.
    pub(crate) fn ages(&self, now: Instant) -> impl Iterator<Item = (&str, Duration)> {
        self.all().map(move |(name, beat)| (name, beat.age(now)))
    }

    /// Whether a heart that has not beaten for this long has stalled: whatever speaks of a stall asks here.
    pub(crate) fn is_stall(&self, age: Duration) -> bool {
        age > self.limit
    }

    /// How late each runtime's beats have come of late, by name.
    pub(crate) fn lags(&self, now: Instant) -> impl Iterator<Item = (&str, Duration)> {
        let others = self.others.iter().map(|(name, heart)| (&**name, heart));
        std::iter::once((RUNTIME, &self.runtime))
            .chain(others)
            .map(move |(name, heart)| (name, heart.lag(now)))
    }

    /// The stall of this moment as a number: which hearts they are, since which beat and for how many seconds. None
    /// when all beat. No two stalls share one, so what was rendered of the first is never told of the second.
    pub(crate) fn stalled(&self, now: Instant) -> Option<u64> {
        let mut sum = None;
        for (index, (_, beat)) in self.all().enumerate() {
            let (last, age) = beat.last(now);
            if self.is_stall(age) {
                (index, last, age.as_secs()).hash(sum.get_or_insert_with(DefaultHasher::new));
            }
        }
        sum.map(|sum| sum.finish())
    }
}

#[cfg(test)]
mod tests;
