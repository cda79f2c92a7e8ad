//! The mock upstream: answers every request in the dialect of its path, the way its body asks for (see [`Shape`]).

mod faulty;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use ccproxy_wire::Dialect;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::bodies::{self, DIALECTS, Script};
use crate::shape::Shape;
use crate::stamps;
use faulty::Faulty;

/// Serves connections until the listener fails or the future is dropped, which also ends the connections.
///
/// # Errors
/// When accepting a connection fails.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let mut connections = JoinSet::new();
    let replies = DIALECTS.map(|dialect| (dialect, bodies::reply(dialect)));
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        while connections.try_join_next().is_some() {}
        let replies = replies.clone();
        let service = service_fn(move |request| answer(request, replies.clone()));
        // One short buffer per event is cheaper to copy together than to gather from three slices.
        let serving = http1::Builder::new().writev(false).serve_connection(TokioIo::new(socket), service);
        // A connection that breaks is the load generator's to report: it misses the answer.
        connections.spawn(async move { serving.await.is_ok() });
    }
}

type Replies = [(Dialect, Bytes); 3];

async fn answer(request: Request<Incoming>, replies: Replies) -> Result<Response<Answer>, hyper::Error> {
    let asked = bodies::dialect_at(request.uri().path());
    let Some((dialect, reply)) = replies.into_iter().find(|(dialect, _)| Some(*dialect) == asked) else {
        let mut response = Response::new(Answer::Json(None));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Ok(response);
    };
    let body = request.into_body().collect().await?.to_bytes();
    let shape = Shape::read(&body);
    let faulty = shape.fault.map(|fault| Faulty::new(dialect, shape, fault));
    let status = faulty.as_ref().map_or(StatusCode::OK, |faulty| faulty.status);
    let streamed = shape.events > 0 && status == StatusCode::OK;
    let answer = match faulty {
        Some(faulty) => Answer::Faulty(faulty),
        None if streamed => Answer::Events(Events::new(dialect, shape)),
        None => Answer::Json(Some(reply)),
    };
    let mut response = Response::new(answer);
    *response.status_mut() = status;
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let kind = if streamed { "text/event-stream" } else { "application/json" };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if streamed {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    Ok(response)
}

/// A whole JSON body, or events one by one; or what becomes neither.
#[derive(Debug)]
enum Answer {
    Json(Option<Bytes>),
    Events(Events),
    Faulty(Faulty),
}

#[derive(Debug)]
struct Events {
    script: Script,
    gap: Duration,
    pace: Pace,
}

/// What happens before the next event. The first never waits.
#[derive(Debug)]
enum Pace {
    /// Wait for the timer.
    Ticks(Interval),
    /// Come back once: returning `Pending` is what makes hyper flush the event before.
    Flush,
    /// Send it now.
    Now,
}

impl Events {
    fn new(dialect: Dialect, shape: Shape) -> Self {
        Self { script: Script::new(dialect, shape.events), gap: shape.gap, pace: Pace::Now }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.script.is_over() {
            return Poll::Ready(None);
        }
        match &mut self.pace {
            Pace::Ticks(ticks) => {
                ready!(ticks.poll_tick(cx));
            }
            Pace::Flush => {
                self.pace = Pace::Now;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Pace::Now if self.gap.is_zero() => self.pace = Pace::Flush,
            Pace::Now => {
                let mut ticks = interval_at(Instant::now() + self.gap, self.gap);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                self.pace = Pace::Ticks(ticks);
            }
        }
        Poll::Ready(Some(self.script.write(&stamps::now())))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let data = match &mut *self {
            Self::Json(reply) => reply.take(),
            Self::Events(events) => ready!(events.poll_next(cx)),
            Self::Faulty(faulty) => match ready!(faulty.poll_next(cx)) {
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                frame => frame.and_then(Result::ok),
            },
        };
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Json(reply) => reply.is_none(),
            Self::Events(events) => events.script.is_over(),
            Self::Faulty(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Json(reply) => SizeHint::with_exact(reply.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Events(_) => SizeHint::default(),
            Self::Faulty(faulty) => faulty.length.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}
