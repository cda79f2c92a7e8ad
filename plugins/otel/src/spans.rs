//! From a record to its spans: one for the exchange, and one for each call of a provider below it.

use ccproxy_record::{Attempt, Ending, Fault, Millis, Record, SpanId, Tokens, TraceContext};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use crate::names;
use crate::resource::Attributes;

/// The trace is kept.
const SAMPLED: u32 = 0x01;
/// It is known whether the parent is in another process.
const REMOTE_KNOWN: u32 = 0x100;
/// It is.
const REMOTE: u32 = 0x200;

/// The spans of an exchange whose trace is kept.
pub(crate) fn of(record: &Record) -> Vec<Span> {
    let Some(trace) = record.trace.as_ref().filter(|trace| trace.sampled) else { return Vec::new() };
    let attempts = (0..).zip(&record.attempts).filter_map(|(at, attempt)| client(record, trace, at, attempt));
    std::iter::once(server(record, trace)).chain(attempts).collect()
}

/// Where the request came in, as far as the record tells.
pub(crate) struct Door {
    pub(crate) method: Option<&'static str>,
    /// With a placeholder for the instance.
    pub(crate) route: Option<String>,
    path: Option<String>,
}

impl Door {
    pub(crate) fn of(record: &Record) -> Self {
        let (method, path) = names::method_and_path(&record.operation);
        let (route, path) = match (path, &record.route, &record.provider) {
            (Some(path), Some(_), _) => (Some(format!("/v1/{path}")), Some(format!("/v1/{path}"))),
            (Some(path), None, Some(name)) => {
                (Some(format!("/{{name}}/v1/{path}")), Some(format!("/{name}/v1/{path}")))
            }
            _ => (None, None),
        };
        Self { method, route, path }
    }
}

fn server(record: &Record, trace: &TraceContext) -> Span {
    let door = Door::of(record);
    let method = door.method.unwrap_or("HTTP");
    let name = door.route.as_ref().map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let remote = if trace.parent.is_some() { REMOTE } else { 0 };
    let attempts = u64::try_from(record.attempts.len()).unwrap_or(u64::MAX);
    let mut attributes = Attributes::default();
    attributes
        .put(names::HTTP_REQUEST_METHOD, door.method)
        .put(names::HTTP_ROUTE, door.route.as_deref())
        .put(names::URL_PATH, door.path.as_deref())
        .put(names::HTTP_STATUS, record.status)
        .put(names::HTTP_REQUEST_SIZE, Some(record.request_bytes))
        .put(names::HTTP_RESPONSE_SIZE, Some(record.response_bytes))
        .put(names::ERROR_TYPE, record.error.as_deref())
        .put(names::CONVERSATION_ID, record.session.as_deref())
        .put(names::REQUEST_ID, Some(record.id.as_str()))
        .put(names::OPERATION, Some(record.operation.as_str()))
        .put(names::DIALECT, record.dialect.as_deref())
        .put(names::ROUTE, record.route.as_deref())
        .put(names::KEY, record.key.as_deref())
        .put(names::MODEL, record.model.as_deref())
        .put(names::PROVIDER, record.provider.as_deref())
        .put(names::ATTEMPTS, Some(attempts))
        .put(names::ENDING, Some(record.ending.as_str()))
        .put(names::FAULT, record.fault.map(Fault::as_str))
        .put(names::COST_USD, record.cost.map(ccproxy_record::Cost::dollars))
        .put(names::FIRST_BYTE_MS, record.first_byte.map(millis))
        .put(names::FIRST_TOKEN_MS, record.first_token.map(millis));
    Span {
        trace_id: trace.trace.to_bytes().to_vec(),
        span_id: trace.span.to_bytes().to_vec(),
        parent_span_id: trace.parent.map(bytes).unwrap_or_default(),
        flags: SAMPLED | REMOTE_KNOWN | remote,
        name,
        kind: SpanKind::Server.into(),
        start_time_unix_nano: after(record, Millis::default()),
        end_time_unix_nano: after(record, record.duration),
        attributes: attributes.0,
        status: status(exchange_error(record)),
        ..Span::default()
    }
}

/// What an operator has to look at; what a client did wrong is none of it.
fn exchange_error(record: &Record) -> Option<&str> {
    let ours = record.ending == Ending::Failed && matches!(record.fault, Some(Fault::Us | Fault::Upstream));
    let broken = record.status.is_some_and(|status| status >= 500);
    (ours || broken).then(|| record.error.as_deref().unwrap_or_default())
}

fn client(record: &Record, trace: &TraceContext, at: usize, attempt: &Attempt) -> Option<Span> {
    let call = Call { record, at, attempt };
    let operation = names::operation(&record.operation);
    let verb = operation.unwrap_or(&record.operation);
    let name = attempt.model.as_ref().map_or_else(|| verb.to_owned(), |model| format!("{verb} {model}"));
    let number = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
    let tokens = if call.answers() { record.tokens } else { Tokens::default() };
    let served = record.served_model.as_deref().filter(|_| call.answers());
    let mut attributes = Attributes::default();
    attributes
        .put(names::OPERATION_NAME, operation)
        .put(names::PROVIDER_NAME, call.kind())
        .put(names::REQUEST_MODEL, attempt.model.as_deref())
        .put(names::RESPONSE_MODEL, served.filter(|_| operation.is_some()))
        .put(names::REQUEST_STREAM, record.stream.then_some(true))
        .put(names::CONVERSATION_ID, record.session.as_deref())
        .put(names::INPUT_TOKENS, tokens.input)
        .put(names::OUTPUT_TOKENS, tokens.output)
        .put(names::CACHE_READ_TOKENS, tokens.cache_read)
        .put(names::CACHE_CREATION_TOKENS, tokens.cache_write)
        .put(names::REASONING_TOKENS, tokens.reasoning)
        .put(names::HTTP_STATUS, attempt.status)
        .put(names::ERROR_TYPE, call.error())
        .put(names::OPERATION, Some(record.operation.as_str()))
        .put(names::PROVIDER, Some(attempt.provider.as_str()))
        .put(names::ATTEMPT, Some(number));
    Some(Span {
        trace_id: trace.trace.to_bytes().to_vec(),
        span_id: bytes(attempt.span?),
        parent_span_id: bytes(trace.span),
        flags: SAMPLED | REMOTE_KNOWN,
        name,
        kind: SpanKind::Client.into(),
        start_time_unix_nano: after(record, attempt.after),
        end_time_unix_nano: after(record, call.end()),
        attributes: attributes.0,
        status: status(call.error()),
        ..Span::default()
    })
}

/// One call of a provider, in its exchange.
pub(crate) struct Call<'r> {
    pub(crate) record: &'r Record,
    /// Its place among the calls.
    pub(crate) at: usize,
    pub(crate) attempt: &'r Attempt,
}

impl<'r> Call<'r> {
    /// Whether its answer is the one that the client got.
    pub(crate) fn answers(&self) -> bool {
        self.at + 1 == self.record.attempts.len() && self.attempt.error.is_none()
    }

    /// When it was over: the answer that the client got goes on to the end of the exchange.
    fn end(&self) -> Millis {
        let head = self.attempt.after.0.saturating_add(self.attempt.duration.0);
        if self.answers() { self.record.duration } else { Millis(head) }
    }

    /// The kind of its instance, which is recorded of the last one alone.
    pub(crate) fn kind(&self) -> Option<&'r str> {
        let known = self.record.provider.as_ref() == Some(&self.attempt.provider);
        self.record.kind.as_deref().filter(|_| known)
    }

    /// What went wrong with it, be it in the middle of its answer.
    pub(crate) fn error(&self) -> Option<&'r str> {
        let broke = self.record.error.as_deref();
        let broke = broke.filter(|_| self.answers() && self.record.fault == Some(Fault::Upstream));
        self.attempt.error.as_deref().or(broke)
    }
}

fn status(error: Option<&str>) -> Option<Status> {
    error.map(|word| Status { message: word.to_owned(), code: StatusCode::Error.into() })
}

fn bytes(id: SpanId) -> Vec<u8> {
    id.to_bytes().to_vec()
}

/// A moment of the exchange, in nanoseconds since 1970.
fn after(record: &Record, span: Millis) -> u64 {
    let began = u64::try_from(record.began.as_nanosecond()).unwrap_or_default();
    began.saturating_add(u64::try_from(span.0.as_nanos()).unwrap_or(u64::MAX))
}

fn millis(span: Millis) -> f64 {
    span.0.as_secs_f64() * 1e3
}

#[cfg(test)]
pub(crate) mod tests;
