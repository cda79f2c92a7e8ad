//! An answer that is said in another dialect.

use bytes::Bytes;
use ccproxy_plugin_api::{AnswerBody, CallError, CallErrorKind};
use ccproxy_translate::{Dropped, Exchange, Stream};
use ccproxy_wire::stream::Progress;
use ccproxy_wire::{Dialect, Usage};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Kind, collect};
use crate::pipeline::translate::Translation;
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::stored::Keep;

/// Names what of the request the provider's dialect has no place for.
const DROPPED: HeaderName = HeaderName::from_static("x-ccproxy-dropped");
/// Where Anthropic's clients look for the id.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a translation makes of an answer.
pub(super) enum Made {
    /// All of it.
    Whole(Bytes, Usage),
    /// A failure that the provider reports with a status of success; the answer has the status that it should have had.
    Failed(Bytes),
    /// What goes on.
    Stream(Translated, AnswerBody),
}

/// Begins the translation of an answer. Status and headers stay, but for what says how the body is made.
pub(super) async fn begin(
    parts: &mut Parts,
    inner: AnswerBody,
    translation: Translation,
    id: &RequestId,
) -> Result<Made, CallError> {
    let Translation { exchange, dropped, keep } = translation;
    mark(parts, &dropped);
    identify(&mut parts.headers, id);
    let kind = Kind::of(&parts.headers);
    parts.headers.remove(CONTENT_LENGTH);
    if parts.status.is_success() && kind == Kind::Events {
        return Ok(Made::Stream(Translated::new(exchange, keep), inner));
    }
    parts.headers.remove(CONTENT_ENCODING);
    parts.headers.insert(CONTENT_TYPE, JSON);
    let body = collect(inner).await?;
    if parts.status.is_success() {
        let (body, usage) = match exchange.answer(&body) {
            Ok(answer) => answer,
            Err(error) => match failed(&error, exchange.client()) {
                Some((code, body)) => {
                    parts.status = code;
                    return Ok(Made::Failed(body));
                }
                None => return Err(foreign(&error)),
            },
        };
        if let Some(keep) = keep {
            keep.whole(&body);
        }
        return Ok(Made::Whole(body.into(), usage));
    }
    let family = exchange.client().family();
    let body = ccproxy_translate::error(family, parts.status.as_u16(), &body);
    parts.status = status(parts.status, exchange.client());
    Ok(Made::Whole(body.into(), Usage::default()))
}

fn mark(parts: &mut Parts, dropped: &Dropped) {
    if !dropped.is_empty()
        && let Ok(names) = HeaderValue::try_from(dropped.to_string())
    {
        parts.headers.insert(DROPPED, names);
    }
}

/// One id under both names: each family looks for its own.
fn identify(headers: &mut HeaderMap, id: &RequestId) {
    if let Some(theirs) = headers.get(REQUEST_ID).cloned() {
        headers.entry(X_REQUEST_ID).or_insert(theirs);
    }
    id.mark(headers);
    if let Some(known) = headers.get(X_REQUEST_ID).cloned() {
        headers.entry(REQUEST_ID).or_insert(known);
    }
}

/// The status and the body of a failure that came with a status of success.
fn failed(error: &ccproxy_translate::Error, client: Dialect) -> Option<(StatusCode, Bytes)> {
    let ccproxy_translate::Error::Failed(failed) = error else { return None };
    let code = StatusCode::from_u16(failed.status()).ok()?;
    Some((status(code, client), failed.body(client.family()).into()))
}

/// OpenAI's clients know no 529; Anthropic's take it for what it is.
fn status(status: StatusCode, client: Dialect) -> StatusCode {
    if status.as_u16() == 529 && client != Dialect::Messages {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        status
    }
}

fn foreign(error: &ccproxy_translate::Error) -> CallError {
    CallError::new(CallErrorKind::NotHttp, error.to_string())
}

/// A stream in the client's dialect.
pub(super) struct Translated {
    stream: Stream,
    dialect: Dialect,
    /// What the end of the provider's stream has brought.
    rest: Vec<u8>,
    /// What keeps the answer, until it has come whole.
    keep: Option<Box<Keep>>,
}

impl Translated {
    fn new(exchange: Exchange, keep: Option<Box<Keep>>) -> Self {
        Self { dialect: exchange.client(), stream: exchange.stream(), rest: Vec::new(), keep }
    }

    pub(super) fn push(&mut self, data: &[u8]) -> Result<Bytes, CallError> {
        let mut out = Vec::with_capacity(data.len());
        match self.stream.push(data, &mut out) {
            Ok(()) => {
                self.keep_if_over(&out);
                Ok(out.into())
            }
            Err(error) => {
                self.rest = out;
                Err(foreign(&error))
            }
        }
    }

    pub(super) fn finish(&mut self) {
        let mut out = std::mem::take(&mut self.rest);
        self.stream.finish(&mut out);
        self.keep_if_over(&out);
        self.rest = out;
    }

    /// The last event, which these events end in, has the whole answer in it: nothing is gathered on the way.
    fn keep_if_over(&mut self, events: &[u8]) {
        if self.stream.progress() == ccproxy_translate::Progress::Complete
            && let Some(keep) = self.keep.take()
        {
            keep.streamed(events);
        }
    }

    pub(super) fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.rest).into()
    }

    /// The client's error event, after whatever was left to say.
    pub(super) fn fail(&mut self, error: &CallError) -> Bytes {
        let mut out = std::mem::take(&mut self.rest);
        self.stream.fail("api_error", error.message(), &mut out);
        out.into()
    }

    pub(super) fn usage(&self) -> Usage {
        self.stream.usage()
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn progress(&self) -> Progress {
        match self.stream.progress() {
            ccproxy_translate::Progress::Complete => Progress::Complete,
            ccproxy_translate::Progress::Failed => Progress::Error,
            ccproxy_translate::Progress::Open if self.stream.has_begun() => Progress::Open,
            ccproxy_translate::Progress::Open => Progress::Unknown,
        }
    }
}
