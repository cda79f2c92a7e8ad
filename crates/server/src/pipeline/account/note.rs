//! What is noted of an exchange on its way, and the record that is made of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ccproxy_plugin_api::{Answer, Call, CallError, Fault, Messages};
use ccproxy_record::{Attempt, Record, SpanId, Tokens, TraceContext};
use ccproxy_wire::{Dialect, RequestHead, Usage};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use jiff::Timestamp;
use tokio::time::Instant;

use super::Exchange;
use crate::app::{Ending, Instance};
use crate::error::of_status;
use crate::pipeline::plan::named_session;
use crate::recorder::{self, Recorder};
use crate::request_id::RequestId;
use crate::trace;

/// Longer names are cut in records.
const MAX_NAME: usize = 256;

/// What only the record is interested in.
pub(super) struct Note {
    began: Timestamp,
    session: Option<Box<str>>,
    pub(super) key: Option<Box<str>>,
    pub(super) model: Option<Box<str>>,
    pub(super) route: Option<Arc<str>>,
    stream: bool,
    pub(super) tries: Vec<Try>,
    /// The status that the client is told.
    pub(super) told: Option<StatusCode>,
    pub(super) error: Option<(&'static str, Fault)>,
    pub(super) first_token: Option<Instant>,
    pub(super) ended: Option<(Ending, Instant)>,
    request_bytes: u64,
    response_bytes: u64,
    trace: Option<TraceContext>,
    pub(super) messages: Option<Arc<dyn Messages>>,
}

/// A call of a provider.
pub(super) struct Try {
    instance: Arc<Instance>,
    model: Box<str>,
    called: Instant,
    took: Duration,
    status: Option<StatusCode>,
    error: Option<&'static str>,
    span: Option<SpanId>,
}

impl Note {
    pub(super) fn begin(recorder: &Recorder, id: &RequestId, headers: &HeaderMap) -> Self {
        let wants = recorder.wants();
        let session = named_session(headers).and_then(|value| value.to_str().ok());
        Self {
            began: Timestamp::now(),
            session: session.map(|session| cut(session).into()),
            key: None,
            model: None,
            route: None,
            stream: false,
            tries: Vec::new(),
            told: None,
            error: None,
            first_token: None,
            ended: None,
            request_bytes: 0,
            response_bytes: 0,
            trace: wants.traces.then(|| trace::of(headers, |trace| recorder.samples(trace))),
            messages: wants.messages.then(|| recorder.messages(id.as_str())).flatten(),
        }
    }

    pub(super) fn taken(&mut self, parts: &Parts, body: &Bytes, head: Option<&RequestHead<'_>>) {
        self.request_bytes = body.len() as u64;
        self.model = head.map(|head| cut(&head.model).into());
        self.stream = head.is_some_and(|head| head.stream);
        if let Some(messages) = &self.messages {
            messages.request(&parts.method, &parts.uri, &parts.headers, body);
        }
    }

    pub(super) fn calls(&mut self, instance: &Arc<Instance>, call: &mut Call, now: Instant) {
        let span = self.trace.as_ref().map(|trace| trace::pass_on(trace, &mut call.headers));
        self.tries.push(Try {
            instance: Arc::clone(instance),
            model: cut(&call.model).into(),
            called: now,
            took: Duration::ZERO,
            status: None,
            error: None,
            span,
        });
        if let Some(messages) = &self.messages {
            messages.call(u8::try_from(self.tries.len()).unwrap_or(u8::MAX), &instance.name, call);
        }
    }

    /// The same attempt, whose body is followed if somebody does.
    pub(super) fn hears(&mut self, attempt: Result<Answer, CallError>) -> Result<Answer, CallError> {
        let number = u8::try_from(self.tries.len()).unwrap_or(u8::MAX);
        let Some(last) = self.tries.last_mut() else { return attempt };
        last.took = last.called.elapsed();
        match &attempt {
            Ok(answer) => {
                last.status = Some(answer.status());
                last.error = of_status(answer.status()).map(|(word, _)| word);
                if let Some(messages) = &self.messages {
                    messages.answer(number, answer.status(), answer.headers());
                }
            }
            Err(error) => last.error = Some(error.kind().word()),
        }
        match &self.messages {
            Some(messages) => attempt.map(|answer| followed(answer, number, messages)),
            None => attempt,
        }
    }

    /// What went wrong, and who has to act: also where a provider's error was passed on whole.
    fn error(&self, ending: Ending) -> Option<(&'static str, Fault)> {
        let told = self.told.filter(|_| ending != Ending::ClientGone);
        self.error.or_else(|| told.and_then(of_status))
    }

    /// How it ended for the client: an error that has come whole is one all the same.
    pub(super) fn ending(&self, ending: Ending) -> Ending {
        match ending {
            Ending::Done if self.error(ending).is_some() => Ending::Failed,
            ending => ending,
        }
    }

    /// The model that was asked for last.
    pub(super) fn served(&self) -> Option<&str> {
        self.tries.last().map(|last| &*last.model).filter(|model| !model.is_empty())
    }

    pub(super) fn sends(&mut self, data: &Bytes) {
        self.response_bytes += data.len() as u64;
        if let Some(messages) = &self.messages {
            messages.response_body(data);
        }
    }
}

impl Exchange {
    /// Hands on what is known, once it has ended.
    pub(super) fn record(&mut self) {
        let Some((ending, end)) = self.note.ended.take() else { return };
        let app = Arc::clone(&self.app);
        let wanted = app.recorder.wants_exchanges();
        if app.traffic.is_none() && !wanted {
            return;
        }
        let record = self.made_record(ending, end);
        if let Some(traffic) = &app.traffic {
            traffic.count(&record);
        }
        if wanted {
            app.recorder.exchange(record);
        }
    }

    fn made_record(&mut self, ending: Ending, end: Instant) -> Record {
        let note = &mut self.note;
        let since = |at: Instant| at.duration_since(self.begun).into();
        let last = note.tries.last();
        let error = note.error(ending);
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Record {
            id: self.id.as_str().to_owned(),
            began: note.began,
            session: note.session.take().map(String::from),
            key: note.key.take().map(String::from),
            operation: self.operation.name().to_owned(),
            dialect: self.operation.dialect().map(Dialect::word).map(str::to_owned),
            route: note.route.as_deref().map(str::to_owned),
            provider: self.instance.as_ref().map(|instance| instance.name.clone()),
            kind: self.instance.as_ref().map(|instance| instance.kind.to_owned()),
            served_model: last.and_then(|last| text(&last.model)),
            model: note.model.take().map(String::from),
            stream: note.stream,
            status: note.told.map(|status| status.as_u16()),
            upstream_status: last.and_then(|last| last.status).map(|status| status.as_u16()),
            ending: match ending {
                Ending::Done => ccproxy_record::Ending::Done,
                Ending::Failed => ccproxy_record::Ending::Failed,
                Ending::ClientGone => ccproxy_record::Ending::ClientGone,
            },
            error: error.map(|(word, _)| word.to_owned()),
            fault: error.map(|(_, fault)| fault),
            first_byte: self.first_byte.map(since),
            first_token: note.first_token.map(since),
            duration: since(end),
            tokens: tokens(&self.usage),
            cost: self.cost,
            request_bytes: note.request_bytes,
            response_bytes: note.response_bytes,
            trace: note.trace,
            attempts: note.tries.drain(..).map(|attempt| attempt.told(self.begun)).collect(),
        }
    }
}

impl Try {
    fn told(self, begun: Instant) -> Attempt {
        Attempt {
            provider: self.instance.name.clone(),
            model: (!self.model.is_empty()).then(|| self.model.into_string()),
            after: self.called.duration_since(begun).into(),
            duration: self.took.into(),
            status: self.status.map(|status| status.as_u16()),
            error: self.error.map(str::to_owned),
            span: self.span,
        }
    }
}

/// The same answer, whose body is told of as it is read.
fn followed(answer: Answer, attempt: u8, messages: &Arc<dyn Messages>) -> Answer {
    let messages = Arc::clone(messages);
    let tell = move |frame: &Frame<Bytes>| {
        if let Some(data) = frame.data_ref() {
            messages.answer_body(attempt, data);
        }
    };
    answer.map(|body| body.inspect_frame(tell).boxed_unsync())
}

pub(super) fn tokens(usage: &Usage) -> Tokens {
    Tokens {
        input: usage.input,
        output: usage.output,
        cache_read: usage.cache_read,
        cache_write: usage.cache_write,
        reasoning: usage.reasoning,
    }
}

/// Names are the client's to choose, and records are kept for long.
fn cut(name: &str) -> &str {
    recorder::cut(name, MAX_NAME)
}
