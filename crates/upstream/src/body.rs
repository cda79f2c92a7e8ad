//! The body of an answer, watched by the clock: silent for too long, or too long in all.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use ccproxy_plugin_api::{CallError, CallErrorKind};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::error::of_body;
use crate::pool::Busy;

/// A provider's body that errs when it falls silent, or goes on for too long.
pub struct TimedBody<B = Incoming> {
    inner: B,
    idle: Duration,
    deadline: Instant,
    last: Instant,
    alarm: Alarm,
    failed: bool,
    /// Its place among the requests of a connection.
    _busy: Option<Busy>,
}

impl<B> TimedBody<B> {
    /// Watches `inner`: no gap longer than `idle`, no end later than `deadline`.
    pub fn new(inner: B, idle: Duration, deadline: Instant) -> Self {
        Self {
            inner,
            idle,
            deadline,
            last: Instant::now(),
            alarm: Alarm::default(),
            failed: false,
            _busy: None,
        }
    }

    /// Keeps the place of its request until it is dropped.
    pub(crate) fn hold(mut self, busy: Busy) -> Self {
        self._busy = Some(busy);
        self
    }

    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<CallError> {
        ready!(self.alarm.poll(context, (self.last + self.idle).min(self.deadline)));
        Poll::Ready(self.late())
    }

    fn late(&self) -> CallError {
        if self.deadline <= Instant::now() {
            let message = "the provider's answer took longer than the instance's timeouts.total allows";
            return CallError::new(CallErrorKind::TotalTimeout, message);
        }
        let message =
            format!("the provider fell silent for {:?} in the middle of its answer; try again", self.idle);
        CallError::new(CallErrorKind::IdleTimeout, message)
    }
}

impl<B: Body<Data = Bytes, Error = hyper::Error> + Unpin> Body for TimedBody<B> {
    type Data = Bytes;
    type Error = CallError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CallError>>> {
        let this = &mut *self;
        if this.failed {
            return Poll::Ready(None);
        }
        let frame = match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                this.last = Instant::now();
                return Poll::Ready(Some(Ok(frame)));
            }
            Poll::Ready(Some(Err(error))) => Err(of_body(&error)),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => Err(ready!(this.poll_late(context))),
        };
        this.failed = true;
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.failed || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A body of frames that come after the given pauses, and then never end.
    async fn run(pauses: &[u64], total: Duration) -> (usize, CallErrorKind, Duration) {
        let begun = Instant::now();
        let pauses: Vec<u64> = pauses.to_vec();
        let frames = futures_util::stream::unfold(pauses.into_iter(), |mut pauses| async move {
            match pauses.next() {
                Some(pause) => tokio::time::sleep(SECOND * u32::try_from(pause).unwrap()).await,
                None => std::future::pending().await,
            }
            Some((Ok::<_, hyper::Error>(Frame::data(Bytes::from_static(b"x"))), pauses))
        });
        let mut body = TimedBody::new(StreamBody::new(Box::pin(frames)), 10 * SECOND, begun + total);
        let mut got = 0;
        loop {
            match body.frame().await.expect("it never ends by itself") {
                Ok(_) => got += 1,
                Err(error) => return (got, error.kind(), begun.elapsed()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_and_length() {
        // (frames, error, seconds)
        let idle = CallErrorKind::IdleTimeout;
        assert_eq!(run(&[], 3600 * SECOND).await, (0, idle, 10 * SECOND));
        assert_eq!(run(&[9, 9, 9], 3600 * SECOND).await, (3, idle, 37 * SECOND));
        assert_eq!(run(&[9, 11], 3600 * SECOND).await, (1, idle, 19 * SECOND));
        assert_eq!(run(&[9, 9, 9, 9], 30 * SECOND).await, (3, CallErrorKind::TotalTimeout, 30 * SECOND));
    }
}
