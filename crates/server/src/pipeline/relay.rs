//! Step 4: the answer goes to the client as it comes, watched from the side.
//!
//! Between two of the same dialect nothing is buffered and nothing is changed, with three exceptions that each have
//! their reason: the model's name is given back where the operator has it mapped, a silent stream gets a keep-alive
//! between two events, and a stream that breaks off ends in the dialect's own error.

mod delivery;
mod stream;
mod translated;
mod whole;

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use ccproxy_plugin_api::{Answer, AnswerBody, CallError, CallErrorKind};
use ccproxy_wire::edit;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, Response};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};

pub(crate) use self::delivery::Delivery;
use self::stream::Stream;
use self::translated::Made;
use self::whole::Whole;
use super::account::Exchange;
use super::adapt::Answered;
use super::translate::Translation;
use crate::body::Body;

/// The largest answer that is held to be changed.
const HELD_LIMIT: usize = 64 * 1024 * 1024;

/// A provider's body on its way to the client.
pub(crate) struct Relay {
    inner: AnswerBody,
    exchange: Exchange,
    watch: Watch,
    finished: bool,
}

/// What is read of a body as it goes by.
enum Watch {
    Stream(Box<Stream>),
    Whole(Whole),
    Nothing,
}

/// A relay that could not begin hands the exchange back, so that its end is told with the error.
type Failed = (CallError, Box<Exchange>);

/// Makes the client's answer of the provider's.
pub(super) async fn relay(
    answer: Answer,
    method: &Method,
    answered: Answered,
    mut exchange: Exchange,
) -> Result<Response<Body>, Failed> {
    let (mut parts, inner) = answer.into_parts();
    exchange.answered(parts.status);
    let restore = match answered {
        Answered::AsItIs => None,
        Answered::Renamed(name) => Some(name),
        Answered::Translated(translation) => return translated(parts, inner, *translation, exchange).await,
    };
    exchange.tells(parts.status);
    if *method == Method::HEAD || inner.is_end_stream() {
        exchange.done();
        return Ok(Response::from_parts(parts, Body::empty()));
    }
    let kind = Kind::of(&parts.headers);
    let watch = match (kind, exchange.stream_dialect()) {
        (Kind::Events, Some(dialect)) => Watch::Stream(Box::new(Stream::new(
            dialect,
            restore,
            &mut parts.headers,
            exchange.app().limits.sse_keep_alive,
        ))),
        (Kind::Json, _) => match restore {
            Some(name) => return restored(parts, inner, &name, exchange).await,
            None => Watch::Whole(Whole::default()),
        },
        _ => Watch::Nothing,
    };
    let relay = Relay { inner, exchange, watch, finished: false };
    Ok(Response::from_parts(parts, Body::from(relay)))
}

/// The answer in the client's dialect.
async fn translated(
    mut parts: http::response::Parts,
    inner: AnswerBody,
    translation: Translation,
    mut exchange: Exchange,
) -> Result<Response<Body>, Failed> {
    match translated::begin(&mut parts, inner, translation, exchange.id()).await {
        Ok(Made::Whole(body, usage)) => {
            exchange.tells(parts.status);
            exchange.sends(&body);
            exchange.byte();
            exchange.usage(usage);
            exchange.done();
            Ok(Response::from_parts(parts, Body::from(body)))
        }
        Ok(Made::Failed(body)) => {
            exchange.tells(parts.status);
            exchange.sends(&body);
            exchange.byte();
            exchange.reported(parts.status);
            Ok(Response::from_parts(parts, Body::from(body)))
        }
        Ok(Made::Stream(translated, inner)) => {
            exchange.tells(parts.status);
            let stream = Stream::translated(translated, exchange.app().limits.sse_keep_alive);
            let watch = Watch::Stream(Box::new(stream));
            Ok(Response::from_parts(parts, Body::from(Relay { inner, exchange, watch, finished: false })))
        }
        Err(error) => {
            exchange.blame(&error);
            Err((error, Box::new(exchange)))
        }
    }
}

/// A whole answer with the client's name of the model in it.
async fn restored(
    mut parts: http::response::Parts,
    inner: AnswerBody,
    name: &str,
    mut exchange: Exchange,
) -> Result<Response<Body>, Failed> {
    let body = match collect(inner).await {
        Ok(body) => body,
        Err(error) => {
            exchange.blame(&error);
            return Err((error, Box::new(exchange)));
        }
    };
    let body = match edit::model_span(&body) {
        Some(span) => edit::replace_string(&body, span, name),
        None => body,
    };
    parts.headers.remove(CONTENT_LENGTH);
    exchange.sends(&body);
    exchange.byte();
    exchange.usage(ccproxy_wire::Usage::of_answer(&body));
    exchange.done();
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Holds a whole body that has to be changed.
pub(super) async fn collect(body: AnswerBody) -> Result<Bytes, CallError> {
    let collected = Limited::new(body, HELD_LIMIT).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| match error.downcast::<CallError>() {
        Ok(error) => *error,
        Err(_) => {
            let message = format!("the provider's answer is larger than {HELD_LIMIT} bytes");
            CallError::new(CallErrorKind::TooLarge, message)
        }
    })
}

/// What an answer's body is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Events,
    Json,
    Other,
}

impl Kind {
    /// What compressed is cannot be read.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let plain = headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
        match headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes) {
            Some(kind) if plain && begins(kind, b"text/event-stream") => Self::Events,
            Some(kind) if plain && begins(kind, b"application/json") => Self::Json,
            _ => Self::Other,
        }
    }
}

fn begins(value: &[u8], kind: &[u8]) -> bool {
    value.split_at_checked(kind.len()).is_some_and(|(start, _)| start.eq_ignore_ascii_case(kind))
}

type Polled = Poll<Option<Result<Frame<Bytes>, CallError>>>;

impl Relay {
    /// A frame has come: it is looked at and passed on. `None` if all of it is held back for now.
    fn pass(&mut self, frame: Frame<Bytes>) -> Option<Result<Frame<Bytes>, CallError>> {
        self.exchange.byte();
        let Ok(data) = frame.into_data() else {
            return None;
        };
        let data = match &mut self.watch {
            Watch::Stream(stream) => match stream.pass(data) {
                Ok(data) => {
                    if stream.has_content(&data) {
                        self.exchange.token();
                    }
                    data
                }
                Err(error) => return self.break_off(error),
            },
            Watch::Whole(whole) => whole.pass(data),
            Watch::Nothing => data,
        };
        if self.inner.is_end_stream() && self.is_sized() {
            self.settle();
        }
        (!data.is_empty()).then(|| Ok(Frame::data(data)))
    }

    /// Whoever reads a body of known length does not ask for its end.
    fn is_sized(&self) -> bool {
        !matches!(&self.watch, Watch::Stream(stream) if !stream.is_sized())
    }

    /// The provider's body has ended. A stream that ended too early goes on with an error.
    fn end(&mut self) -> Option<Result<Frame<Bytes>, CallError>> {
        if let Some(error) = self.settle() {
            return Some(self.error_frame(error));
        }
        let Watch::Stream(stream) = &mut self.watch else {
            return None;
        };
        let rest = stream.rest();
        (!rest.is_empty()).then(|| Ok(Frame::data(rest)))
    }

    /// The provider's body broke off; after the last event there is nothing left that could break.
    fn break_off(&mut self, error: CallError) -> Option<Result<Frame<Bytes>, CallError>> {
        if matches!(&self.watch, Watch::Stream(stream) if stream.is_over()) {
            self.settle();
            return None;
        }
        self.finish(|exchange| exchange.broke_off(&error));
        Some(self.error_frame(error))
    }

    /// Tells how the body ended, and gives the error of an end that came too early.
    fn settle(&mut self) -> Option<CallError> {
        let (early, told_error) = match &mut self.watch {
            Watch::Stream(stream) => (stream.early_end(), stream.told_error()),
            Watch::Whole(_) | Watch::Nothing => (None, false),
        };
        match &early {
            Some(error) => self.finish(|exchange| exchange.broke_off(error)),
            None if told_error => self.finish(Exchange::told_error),
            None => self.finish(Exchange::done),
        }
        early
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Polled {
        let this = self;
        while !this.finished {
            let polled = match Pin::new(&mut this.inner).poll_frame(context) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    let Watch::Stream(stream) = &mut this.watch else {
                        return Poll::Pending;
                    };
                    return Poll::Ready(Some(Ok(Frame::data(ready!(stream.poll_keep_alive(context))))));
                }
            };
            let frame = match polled {
                Some(Ok(frame)) => this.pass(frame),
                Some(Err(error)) => this.break_off(error),
                None => this.end(),
            };
            if frame.is_some() {
                return Poll::Ready(frame);
            }
        }
        Poll::Ready(None)
    }

    fn finish(&mut self, tell: impl FnOnce(&mut Exchange)) {
        self.finished = true;
        match &self.watch {
            Watch::Stream(stream) => self.exchange.usage(stream.usage()),
            Watch::Whole(whole) => self.exchange.usage(whole.usage()),
            Watch::Nothing => {}
        }
        tell(&mut self.exchange);
    }

    /// Between two events the dialect's own error ends the stream; anywhere else only a closed connection tells the
    /// client that the answer is not whole.
    fn error_frame(&mut self, error: CallError) -> Result<Frame<Bytes>, CallError> {
        let Watch::Stream(stream) = &mut self.watch else { return Err(error) };
        let id = self.exchange.id();
        let same = |error, dialect, events| crate::respond::stream_error(error, dialect, events, id);
        stream.error_event(error, same).map(Frame::data)
    }
}

/// A client that leaves with the last event has had everything; one that leaves before has still used tokens.
impl Drop for Relay {
    fn drop(&mut self) {
        let Watch::Stream(stream) = &self.watch else {
            return;
        };
        if self.finished {
            return;
        }
        if stream.is_over() {
            self.settle();
        } else {
            self.exchange.usage(stream.usage());
        }
    }
}

impl http_body::Body for Relay {
    type Data = Bytes;
    type Error = CallError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let polled = self.poll_next(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.exchange.sends(data);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.finished
    }

    fn size_hint(&self) -> SizeHint {
        match self.watch {
            Watch::Stream(_) => SizeHint::default(),
            Watch::Whole(_) | Watch::Nothing => self.inner.size_hint(),
        }
    }
}
