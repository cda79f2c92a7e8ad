//! What the time limits of a connection are measured by, at the cost of a few atomic words.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Whether a connection is busy, and since when it is not.
pub(crate) struct Clock {
    origin: Instant,
    busy: AtomicUsize,
    /// Milliseconds since `origin` at which the connection fell idle.
    idle_since: AtomicU64,
    /// One more than the milliseconds since `origin` at which a head began to arrive; 0 while none does.
    head_since: AtomicU64,
    /// The connection speaks HTTP/2, where bytes between requests need not begin a head: they may be a ping.
    http2: AtomicBool,
}

/// The limits of a connection that serves no request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// For the head of a request, and for the first byte of the first.
    pub(crate) head: Duration,
    /// Between two requests.
    pub(crate) idle: Duration,
}

impl Clock {
    pub(crate) fn start() -> Arc<Self> {
        // The first head is due from the beginning.
        Arc::new(Self {
            origin: Instant::now(),
            busy: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(1),
            http2: AtomicBool::new(false),
        })
    }

    /// A request begins; the connection is busy until the guard is gone.
    pub(crate) fn busy(self: &Arc<Self>, version: Version) -> Busy {
        self.http2.store(version == Version::HTTP_2, Ordering::Relaxed);
        self.busy.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// Whether the connection has used up a limit.
    pub(crate) fn is_over(&self, limits: Limits) -> bool {
        if self.busy.load(Ordering::Relaxed) > 0 {
            return false;
        }
        let now = self.now();
        let past = |since: u64, limit: Duration| u128::from(now.saturating_sub(since)) >= limit.as_millis();
        match self.head_since.load(Ordering::Relaxed) {
            0 => past(self.idle_since.load(Ordering::Relaxed), limits.idle),
            since => past(since - 1, limits.head),
        }
    }

    /// How many milliseconds the connection has been idle, if it is: it has served a request and no other has begun.
    pub(super) fn idle_for(&self) -> Option<u64> {
        let idle = self.busy.load(Ordering::Relaxed) == 0 && self.head_since.load(Ordering::Relaxed) == 0;
        idle.then(|| self.now().saturating_sub(self.idle_since.load(Ordering::Relaxed)))
    }

    fn bytes_came(&self) {
        let may_begin_head = !self.http2.load(Ordering::Relaxed) && self.busy.load(Ordering::Relaxed) == 0;
        if may_begin_head && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(self.now() + 1, Ordering::Relaxed);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }
}

/// A request is being served.
pub(crate) struct Busy(Arc<Clock>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that tells the clock when bytes come.
pub(super) struct Watched<S> {
    stream: S,
    clock: Arc<Clock>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, clock: Arc<Clock>) -> Self {
        Self { stream, clock }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buf))?;
        if buf.filled().len() > before {
            self.clock.bytes_came();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const LIMITS: Limits = Limits { head: Duration::from_secs(10), idle: Duration::from_secs(75) };

    #[tokio::test(start_paused = true)]
    async fn limits() {
        let clock = Clock::start();
        tokio::time::advance(9 * SECOND).await;
        assert!(!clock.is_over(LIMITS), "the first head has time left");
        tokio::time::advance(SECOND).await;
        assert!(clock.is_over(LIMITS), "the first head is late");

        let (first, second) = (clock.busy(Version::HTTP_11), clock.busy(Version::HTTP_11));
        drop(first);
        tokio::time::advance(3600 * SECOND).await;
        assert!(!clock.is_over(LIMITS), "a request may take its time");

        drop(second);
        tokio::time::advance(74 * SECOND).await;
        assert!(!clock.is_over(LIMITS), "an idle connection has time left");
        clock.bytes_came();
        tokio::time::advance(9 * SECOND).await;
        assert!(!clock.is_over(LIMITS), "a head that has begun has its own time");
        clock.bytes_came();
        tokio::time::advance(SECOND).await;
        assert!(clock.is_over(LIMITS), "more bytes give a slow head no more time");

        drop(clock.busy(Version::HTTP_2));
        tokio::time::advance(SECOND).await;
        clock.bytes_came();
        tokio::time::advance(73 * SECOND).await;
        assert!(!clock.is_over(LIMITS), "a ping is no head");
        tokio::time::advance(SECOND).await;
        assert!(clock.is_over(LIMITS), "a ping buys no time");

        drop(clock.busy(Version::HTTP_11));
        tokio::time::advance(75 * SECOND).await;
        assert!(clock.is_over(LIMITS), "the connection has been idle for too long");
    }
}
