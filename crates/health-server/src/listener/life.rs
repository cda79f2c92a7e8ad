//! How long a connection may do nothing.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// For the head of the first request.
const HEAD: Duration = Duration::from_secs(10);
/// From one answer to the head of the next request. Watchers that keep a connection look every minute or so.
const IDLE: Duration = Duration::from_secs(75);

/// Whether a connection is busy, and since when it is not.
#[derive(Debug)]
pub(super) struct Life {
    origin: Instant,
    busy: AtomicUsize,
    served: AtomicBool,
    /// Milliseconds since `origin` at which the connection fell idle.
    idle_since: AtomicU64,
    /// Another needs the place.
    evicted: Notify,
}

impl Life {
    fn start() -> Arc<Self> {
        Arc::new(Self {
            evicted: Notify::new(),
            origin: Instant::now(),
            busy: AtomicUsize::new(0),
            served: AtomicBool::new(false),
            idle_since: AtomicU64::new(0),
        })
    }

    /// A request begins; the connection is busy until the guard is gone.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.served.store(true, Ordering::Relaxed);
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// Resolves when the connection has done nothing for too long, or nothing while another needs its place. One timer
    /// for all its requests.
    pub(super) async fn over(&self) {
        loop {
            let left = self.left();
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = sleep(left) => {}
                () = self.evicted.notified() => if self.idle_since().is_some() {
                    return;
                }
            }
        }
    }

    /// Since when the connection does nothing; none while it serves a request.
    fn idle_since(&self) -> Option<Instant> {
        let since = Duration::from_millis(self.idle_since.load(Ordering::Relaxed));
        (self.busy.load(Ordering::Relaxed) == 0).then(|| self.origin + since)
    }

    fn left(&self) -> Duration {
        let limit = if self.served.load(Ordering::Relaxed) { IDLE } else { HEAD };
        self.idle_since().map_or(IDLE, |since| (since + limit).saturating_duration_since(Instant::now()))
    }
}

/// The connections of a listener.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<Vec<Weak<Life>>>);

impl Crowd {
    /// One more.
    pub(super) fn join(&self) -> Arc<Life> {
        let life = Life::start();
        let mut lives = self.lives();
        lives.retain(|life| life.strong_count() > 0);
        lives.push(Arc::downgrade(&life));
        life
    }

    /// Asks the one to leave that has been idle for longest. Without an idle one, nobody is asked.
    pub(super) fn evict(&self) {
        let idle = |life: &Weak<Life>| {
            let life = life.upgrade()?;
            Some((life.idle_since()?, life))
        };
        let lives = self.lives();
        if let Some((_, life)) = lives.iter().filter_map(idle).min_by_key(|(since, _)| *since) {
            life.evicted.notify_one();
        }
    }

    fn lives(&self) -> MutexGuard<'_, Vec<Weak<Life>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request is being served.
#[derive(Debug)]
pub(super) struct Busy(Arc<Life>);

impl Drop for Busy {
    fn drop(&mut self) {
        let now = u64::try_from(self.0.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.idle_since.store(now, Ordering::Relaxed);
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that keeps its connection busy.
pub(super) struct Held<B> {
    body: B,
    _busy: Busy,
}

impl<B> Held<B> {
    pub(super) fn new(body: B, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Held<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn limits() {
        let second = Duration::from_secs(1);
        let begin = Instant::now();
        Life::start().over().await;
        assert_eq!(begin.elapsed(), HEAD, "nothing was ever asked");

        let (life, begin) = (Life::start(), Instant::now());
        let busy = life.busy();
        let end = async {
            sleep(500 * second).await;
            drop(busy);
        };
        tokio::join!(life.over(), end);
        let idle = begin.elapsed() - 500 * second;
        assert!((IDLE..IDLE + second).contains(&idle), "an answer may take its time: {idle:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_been_idle_for_longest_makes_room() {
        let crowd = Crowd::default();
        let [busy, third, first, second] = std::array::from_fn(|_| crowd.join());
        let _answer = busy.busy();
        for life in [&first, &second, &third] {
            tokio::time::advance(Duration::from_millis(10)).await;
            drop(life.busy());
        }
        let begin = Instant::now();
        let mut connections = JoinSet::new();
        for (name, life) in [("busy", busy), ("third", third), ("first", first), ("second", second)] {
            connections.spawn(async move {
                life.over().await;
                name
            });
        }
        for expect in ["first", "second", "third"] {
            crowd.evict();
            assert_eq!(connections.join_next().await.unwrap().unwrap(), expect);
        }
        crowd.evict();
        tokio::task::yield_now().await;
        assert!(connections.try_join_next().is_none(), "an answer is not cut");
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
