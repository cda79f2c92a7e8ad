//! A stream that could still be asked for elsewhere: its beginning is held back until it shows content, or an error.
//!
//! Overloaded providers answer HTTP 200 and report it in the first event.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use ccproxy_plugin_api::{Answer, AnswerBody, CallError};
use ccproxy_upstream::retry::{self, Verdict};
use ccproxy_wire::Dialect;
use ccproxy_wire::sse::Events;
use ccproxy_wire::stream::{Opening, opening};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;

use super::call;
use super::relay::Kind;
use crate::app::Instance;

/// More than this without any content is held back no longer.
const HELD_LIMIT: usize = 64 * 1024;

/// Whether an answer is a stream that may begin with an error.
pub(super) fn may_fail(answer: &Answer) -> bool {
    answer.status().is_success() && Kind::of(answer.headers()) == Kind::Events
}

/// Waits for the first event that tells how it goes, no longer than `patience`; the answer is whole all the same. A body
/// that breaks off before is a call without an answer.
pub(super) async fn look(
    attempt: Result<Answer, CallError>,
    dialect: Dialect,
    instance: &Instance,
    patience: Duration,
) -> (Result<Answer, CallError>, Option<Verdict>) {
    let (parts, mut inner) = match attempt {
        Ok(answer) => answer.into_parts(),
        Err(error) => return (Err(error), None),
    };
    let mut held = Held::default();
    // Whoever waits longer wants a keep-alive, which only the relay can send.
    let seen = tokio::time::timeout(patience, held.judge(&mut inner, dialect)).await;
    let verdict = match seen.unwrap_or(Ok(None)) {
        Ok(verdict) => verdict,
        Err(error) => {
            call::broke(instance, &error);
            let verdict = retry::of_error(error.kind());
            return (Err(error), Some(verdict));
        }
    };
    let body = Replayed { held: held.frames, inner }.boxed_unsync();
    (Ok(http::Response::from_parts(parts, body)), verdict)
}

#[derive(Default)]
struct Held {
    frames: VecDeque<Frame<Bytes>>,
    events: Events,
    bytes: usize,
}

impl Held {
    async fn judge(
        &mut self,
        inner: &mut AnswerBody,
        dialect: Dialect,
    ) -> Result<Option<Verdict>, CallError> {
        while self.bytes < HELD_LIMIT {
            let Some(frame) = inner.frame().await.transpose()? else { return Ok(None) };
            let mut told = None;
            if let Some(data) = frame.data_ref() {
                self.bytes += data.len();
                self.events.push(data, |name, data| {
                    let opening = opening(dialect, name, data);
                    if told.is_none() && opening != Opening::Preamble {
                        told = Some(opening);
                    }
                });
            }
            self.frames.push_back(frame);
            match told {
                None | Some(Opening::Preamble) => {}
                Some(Opening::Error { passing: true }) => return Ok(Some(Verdict::Passing(None))),
                Some(Opening::Error { passing: false } | Opening::Content) => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// What was held back, and then the rest.
struct Replayed {
    held: VecDeque<Frame<Bytes>>,
    inner: AnswerBody,
}

impl Body for Replayed {
    type Data = Bytes;
    type Error = CallError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CallError>>> {
        match self.held.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => Pin::new(&mut self.inner).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.inner.is_end_stream()
    }

    /// A stream of events has no length that anybody relies on.
    fn size_hint(&self) -> SizeHint {
        if self.held.is_empty() { self.inner.size_hint() } else { SizeHint::default() }
    }
}
