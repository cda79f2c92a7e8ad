//! Answers that go wrong.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use ccproxy_wire::error::ErrorBody;
use ccproxy_wire::{Dialect, Family};
use hyper::StatusCode;

use crate::bodies::{self, Script};
use crate::fault::Fault;
use crate::shape::Shape;
use crate::stamps;

/// So many events go out before a stream breaks.
const EVENTS: u32 = 3;
const GARBAGE: &[u8] = b"\x00\xff<html>not the dialect</html>\n\n";

/// A body that comes to no good end.
#[derive(Debug)]
pub(super) struct Faulty {
    pub(super) status: StatusCode,
    frames: std::vec::IntoIter<Bytes>,
    /// What is told of its length.
    pub(super) length: Option<u64>,
    end: End,
    flushed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Break,
    Silence,
}

impl Faulty {
    pub(super) fn new(dialect: Dialect, shape: Shape, fault: Fault) -> Self {
        match error(dialect, shape.events > 0, fault) {
            Some((status, body)) => Self::of(status, vec![body], End::Whole),
            None if shape.events > 0 => Self::stream(dialect, fault),
            None => Self::half(&bodies::reply(dialect), fault),
        }
    }

    fn of(status: StatusCode, frames: Vec<Bytes>, end: End) -> Self {
        Self { status, frames: frames.into_iter(), length: None, end, flushed: false }
    }

    fn stream(dialect: Dialect, fault: Fault) -> Self {
        // A script for more events than it gets to say.
        let mut script = Script::new(dialect, EVENTS + 1);
        let mut frames: Vec<_> = (0..EVENTS).map(|_| script.write(&stamps::now())).collect();
        match fault {
            Fault::OverloadedStream => frames = vec![words(fault).render_event(dialect, 0)],
            Fault::Garbage => frames.push(Bytes::from_static(GARBAGE)),
            _ => {}
        }
        Self::of(StatusCode::OK, frames, End::of(fault))
    }

    fn half(reply: &Bytes, fault: Fault) -> Self {
        let end = End::of(fault);
        let mut frames = vec![reply.slice(..reply.len() / 2)];
        if fault == Fault::Garbage {
            frames.push(Bytes::from_static(GARBAGE));
        }
        let length = (end != End::Whole).then_some(reply.len() as u64);
        Self { length, ..Self::of(StatusCode::OK, frames, end) }
    }

    pub(super) fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match (self.frames.next(), self.end) {
            (Some(frame), _) => Poll::Ready(Some(Ok(frame))),
            (None, End::Whole) => Poll::Ready(None),
            // Coming back is what makes hyper flush; without that, what has been said would be lost with the connection.
            (None, End::Break) if !std::mem::replace(&mut self.flushed, true) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            (None, End::Break) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            // Nobody wakes it: it ends with its connection.
            (None, End::Silence) => Poll::Pending,
        }
    }
}

impl End {
    fn of(fault: Fault) -> Self {
        match fault {
            Fault::Reset => Self::Break,
            Fault::Stall => Self::Silence,
            _ => Self::Whole,
        }
    }
}

/// The error that is answered at once, if the fault is one.
fn error(dialect: Dialect, streamed: bool, fault: Fault) -> Option<(StatusCode, Bytes)> {
    let anthropic = dialect.family() == Family::Anthropic;
    let status = match fault {
        Fault::RateLimit => 429,
        Fault::OverloadedStream if streamed => return None,
        Fault::Overloaded | Fault::OverloadedStream => {
            if anthropic {
                529
            } else {
                503
            }
        }
        Fault::ServerError => 500,
        Fault::Auth => 401,
        Fault::TooLong => 400,
        Fault::Reset | Fault::Stall | Fault::Truncate | Fault::Garbage => return None,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Some((status, words(fault).render(dialect.family())))
}

/// As the vendors word it.
fn words(fault: Fault) -> ErrorBody<'static> {
    let (anthropic_type, openai_type, code, message) = match fault {
        Fault::RateLimit => {
            ("rate_limit_error", "requests", Some("rate_limit_exceeded"), "Rate limit reached")
        }
        Fault::Overloaded | Fault::OverloadedStream => {
            ("overloaded_error", "server_error", Some("overloaded"), "Overloaded")
        }
        Fault::Auth => {
            ("authentication_error", "invalid_request_error", Some("invalid_api_key"), "Incorrect API key")
        }
        Fault::TooLong => (
            "invalid_request_error",
            "invalid_request_error",
            Some("context_length_exceeded"),
            "prompt is too long: 200001 tokens > 200000 maximum",
        ),
        _ => ("api_error", "server_error", None, "Internal server error"),
    };
    ErrorBody {
        anthropic_type,
        openai_type,
        openai_code: code,
        param: None,
        message,
        request_id: "req_bench",
    }
}
