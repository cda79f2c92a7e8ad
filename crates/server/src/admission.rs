//! How much is served at a time: places for requests, here and at each instance, and the queue for them.
//!
//! Places are given in the order in which they were asked for. Whoever finds the queue full, or has waited too long, is
//! turned away; a request that is dropped while it waits leaves the queue.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use ccproxy_config::{Limits, Settings};
use ccproxy_health::{Check, Outcome, Spec, SpecError, check_fn};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::error::Error;

/// So long after somebody was turned away health still warns.
const RECENT: Duration = Duration::from_secs(30);
/// The log hears of it no more often than this.
const TOLD: Duration = Duration::from_secs(10);
/// How often health looks.
const EVERY: Duration = Duration::from_secs(1);

/// The places for all requests together, and the queue for these and those of the instances.
pub(crate) struct Admission {
    all: Option<Gate>,
    queue: Queue,
}

/// A check with what is known of it before it runs.
type Named = (Spec, Arc<dyn Check>);

/// So many places.
#[derive(Clone)]
pub(crate) struct Gate {
    free: Arc<Semaphore>,
    places: usize,
}

/// A place, taken until it is dropped.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

struct Queue {
    origin: Instant,
    places: usize,
    patience: Duration,
    waiting: AtomicUsize,
    shed: AtomicU64,
    /// One more than the milliseconds since the origin at which somebody was turned away last; 0 before the first.
    shed_last: AtomicU64,
    /// From when on the log may hear of it again, likewise.
    told_again: AtomicU64,
}

impl Gate {
    /// How many places there are.
    pub(crate) fn places(&self) -> usize {
        self.places
    }

    /// A gate with so many places; none for 0, which means that all may pass.
    pub(crate) fn new(places: u32) -> Option<Self> {
        let places = usize::try_from(places).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        (places > 0).then(|| Self { free: Arc::new(Semaphore::new(places)), places })
    }

    /// A place, if one is free and nobody waits for it.
    pub(crate) fn try_enter(&self) -> Option<Place> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Place { _permit: permit })
    }

    pub(crate) fn is_full(&self) -> bool {
        self.free.available_permits() == 0
    }
}

impl Admission {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            all: Gate::new(limits.concurrency),
            queue: Queue {
                origin: Instant::now(),
                places: usize::try_from(limits.queue).unwrap_or(usize::MAX),
                patience: limits.queue_timeout,
                waiting: AtomicUsize::new(0),
                shed: AtomicU64::new(0),
                shed_last: AtomicU64::new(0),
                told_again: AtomicU64::new(0),
            },
        }
    }

    /// How long a request that has come now may wait.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.queue.patience
    }

    /// Waits for a place among all requests; there is none to be had where they have no limit.
    ///
    /// # Errors
    /// [`Error::Overloaded`].
    pub(crate) async fn enter(&self, until: Instant) -> Result<Option<Place>, Error> {
        match &self.all {
            Some(gate) => self.wait(gate, until).await.map(Some),
            None => Ok(None),
        }
    }

    /// Waits for a place at a gate.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if the queue is full, or the time has come and the place has not.
    pub(crate) async fn wait(&self, gate: &Gate, until: Instant) -> Result<Place, Error> {
        if let Some(place) = gate.try_enter() {
            return Ok(place);
        }
        let _waiting = self.queue.join().ok_or_else(|| self.turn_away())?;
        match timeout_at(until, Arc::clone(&gate.free).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Place { _permit: permit }),
            _ => Err(self.turn_away()),
        }
    }

    /// A connection too many has sent a request.
    pub(crate) fn no_room(&self) -> Error {
        self.turn_away();
        Error::NoRoom
    }

    /// Somebody is turned away, and health shall hear of it.
    fn turn_away(&self) -> Error {
        let queue = &self.queue;
        let shed = queue.shed.fetch_add(1, Ordering::Relaxed) + 1;
        let now = millis(queue.origin.elapsed());
        queue.shed_last.store(now + 1, Ordering::Relaxed);
        let due = |again: u64| (again <= now).then_some(now.saturating_add(millis(TOLD)));
        if queue.told_again.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok() {
            let waiting = queue.waiting.load(Ordering::Relaxed);
            tracing::warn!(since_start = shed, waiting, "requests_turned_away");
        }
        Error::Overloaded
    }

    /// How many wait for a place.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.waiting.load(Ordering::Relaxed)
    }

    /// How many were turned away since the start.
    pub(crate) fn shed(&self) -> u64 {
        self.queue.shed.load(Ordering::Relaxed)
    }

    /// The check `admission`, where anything is limited.
    pub(crate) fn check(self: &Arc<Self>, settings: &Settings) -> Result<Option<Named>, SpecError> {
        let places = settings.providers.values().map(|provider| provider.concurrency);
        let limits = places.chain([settings.limits.concurrency, settings.server.max_connections]);
        if limits.max() == Some(0) {
            return Ok(None);
        }
        let admission = Arc::clone(self);
        let check = check_fn(move || ready(admission.queue.outcome()));
        Ok(Some((Spec::new("admission")?.interval(EVERY).fall(1).rise(1), check)))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2)
}

impl Queue {
    fn join(&self) -> Option<Waiting<'_>> {
        let more = |waiting: usize| (waiting < self.places).then_some(waiting + 1);
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Waiting(self))
    }

    fn outcome(&self) -> Outcome {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let since = self
            .shed_last
            .load(Ordering::Relaxed)
            .checked_sub(1)
            .map(|last| self.origin.elapsed().saturating_sub(Duration::from_millis(last)));
        let outcome = match since {
            Some(since) if since < RECENT => Outcome::warn(format!(
                "{} requests turned away since the start, the last one {} s ago; {waiting} wait",
                self.shed.load(Ordering::Relaxed),
                since.as_secs(),
            )),
            _ => Outcome::pass(),
        };
        outcome.observed(i64::try_from(waiting).unwrap_or(i64::MAX), "requests")
    }
}

/// A place in the queue.
struct Waiting<'a>(&'a Queue);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_health::Status;
    use futures_util::FutureExt;
    use tokio::time::advance;

    use super::*;

    fn admission(concurrency: u32, queue: u32) -> Admission {
        Admission::new(&Limits { concurrency, queue, ..Limits::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn places_go_to_whoever_came_first() {
        let admission = admission(1, 2);
        let until = admission.until();
        let first = admission.enter(until).await.unwrap();
        let mut second = Box::pin(admission.enter(until));
        let mut third = Box::pin(admission.enter(until));
        assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
        let fourth = admission.enter(until).now_or_never();
        assert_eq!(fourth.unwrap().err(), Some(Error::Overloaded), "the queue is full");
        drop(first);
        assert!((&mut third).now_or_never().is_none(), "it is not its turn");
        let second = second.now_or_never().unwrap().unwrap();
        drop(second);
        assert!(third.now_or_never().unwrap().is_ok());
        assert_eq!(admission.queue.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_whoever_leaves_makes_room() {
        let admission = admission(1, 1);
        let begin = Instant::now();
        let first = admission.enter(admission.until()).await.unwrap();
        assert_eq!(admission.enter(admission.until()).await.err(), Some(Error::Overloaded));
        assert_eq!(begin.elapsed(), Limits::default().queue_timeout);
        let mut gone = Box::pin(admission.enter(admission.until()));
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        let mut next = Box::pin(admission.enter(admission.until()));
        assert!((&mut next).now_or_never().is_none(), "it waits, and is not turned away");
        drop(first);
        assert!(next.now_or_never().unwrap().is_ok(), "nobody before it is left");
    }

    #[tokio::test(start_paused = true)]
    async fn health_warns_while_somebody_is_turned_away() {
        let admission = admission(1, 0);
        let check = |expect: Status| assert_eq!(admission.queue.outcome().status, expect);
        check(Status::Pass);
        let _first = admission.enter(admission.until()).await.unwrap();
        check(Status::Pass);
        assert!(admission.enter(admission.until()).await.is_err());
        check(Status::Warn);
        advance(RECENT - Duration::from_millis(1)).await;
        check(Status::Warn);
        advance(Duration::from_millis(1)).await;
        check(Status::Pass);
    }

    #[test]
    fn no_limit_is_no_gate() {
        assert!(Gate::new(0).is_none());
        let gate = Gate::new(1).unwrap();
        let place = gate.try_enter();
        assert!(place.is_some() && gate.is_full() && gate.try_enter().is_none());
        drop(place);
        assert!(!gate.is_full());
        assert!(Gate::new(u32::MAX).is_some());
    }
}
