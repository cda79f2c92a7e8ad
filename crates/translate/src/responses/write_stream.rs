//! A client's stream.

use ccproxy_wire::Usage;
use ccproxy_wire::responses::answer::Error;
use ccproxy_wire::responses::event::{ErrorBody, ErrorInner, ItemEvent, Lifecycle};

use super::going::Going;
use super::output::{self, Head, Raw, State};
use super::pieces::Sink;
use crate::Exchange;
use crate::answer::Stop;
use crate::delta::{Delta, Kind, Piece, Trouble};
use crate::error::openai_type;
use crate::stream::{Writer, merge};

pub(crate) struct StreamWriter {
    exchange: Exchange,
    head: Head,
    started: bool,
    /// The number of the next event.
    next: u64,
    /// The items that have begun and are not yet whole, in order.
    going: Vec<Going>,
    /// The others, by their place in the output.
    whole: Vec<Option<Raw>>,
    usage: Usage,
    stop: Stop,
    refused: bool,
}

impl Writer for StreamWriter {
    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::Start { id, created, service_tier, .. } => {
                self.head = Head::new(&self.exchange, &id, created, service_tier.as_deref());
                self.start(out);
            }
            Delta::Open(part, kind) => self.open(part, &kind, out),
            Delta::Add(part, piece) => self.add(part, piece, out),
            Delta::Close(part) => self.close(part, out),
            Delta::Usage(usage) => self.usage = merge(self.usage, usage),
            Delta::Stop(stop) => self.stop = stop,
            // What the head tells is not to change.
            Delta::Served(_) => {}
            Delta::Ping => out.extend_from_slice(b": ping\n\n"),
            Delta::End => self.end(out),
            Delta::Error(trouble) => self.fail(&trouble, out),
        }
    }
}

impl StreamWriter {
    pub(crate) fn new(exchange: Exchange) -> Self {
        Self {
            head: Head::new(&exchange, "", None, None),
            exchange,
            started: false,
            next: 0,
            going: Vec::new(),
            whole: Vec::new(),
            usage: Usage::default(),
            stop: Stop::End,
            refused: false,
        }
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let state = State { status: "in_progress", reason: None, error: None, output: &[], usage: None };
        for event in ["response.created", "response.in_progress"] {
            let response = self.head.response(&self.exchange, state);
            Sink { next: &mut self.next, out }.write(event, Lifecycle { response });
        }
    }

    /// A part begins. Texts that follow each other are parts of one message.
    fn open(&mut self, part: usize, kind: &Kind<'_>, out: &mut Vec<u8>) {
        self.start(out);
        self.refused |= *kind == Kind::Refusal;
        let index = self.whole.len();
        if matches!(kind, Kind::Text | Kind::Refusal) {
            let is_newest = |going: &&mut Going| going.index + 1 == index && going.is_message();
            if let Some(message) = self.going.last_mut().filter(is_newest) {
                return message.say(part, kind, &mut Sink { next: &mut self.next, out });
            }
        }
        self.whole.push(None);
        self.settle(out);
        let mut sink = Sink { next: &mut self.next, out };
        self.going.push(Going::begin(index, part, kind, &self.head, &self.exchange, &mut sink));
    }

    fn add(&mut self, part: usize, piece: Piece<'_>, out: &mut Vec<u8>) {
        if let Some(going) = self.going.iter_mut().find(|going| going.holds(part)) {
            going.add(part, piece, &mut Sink { next: &mut self.next, out });
        }
    }

    fn close(&mut self, part: usize, out: &mut Vec<u8>) {
        if let Some(going) = self.going.iter_mut().find(|going| going.holds(part)) {
            going.close(part, &mut Sink { next: &mut self.next, out });
        }
        self.settle(out);
    }

    /// Ends the items that are whole. The newest message is not: another text may follow.
    fn settle(&mut self, out: &mut Vec<u8>) {
        let newest = self.whole.len();
        let is_over =
            |going: &mut Going| !going.is_open() && (!going.is_message() || going.index + 1 != newest);
        let over: Vec<Going> = self.going.extract_if(.., is_over).collect();
        over.iter().for_each(|going| self.finish(going, "completed", out));
    }

    fn finish(&mut self, going: &Going, status: &'static str, out: &mut Vec<u8>) {
        let Some(item) = going.whole(status) else { return };
        let body = ItemEvent { output_index: going.index, item: &item };
        Sink { next: &mut self.next, out }.write("response.output_item.done", body);
        if let Some(place) = self.whole.get_mut(going.index) {
            *place = Some(item);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start(out);
        let (status, reason) = output::ending(&self.stop, self.refused);
        let newest = self.whole.len();
        for mut going in std::mem::take(&mut self.going) {
            going.close_all(&mut Sink { next: &mut self.next, out });
            let last = going.index + 1 == newest;
            self.finish(&going, if last { status } else { "completed" }, out);
        }
        let event = if status == "completed" { "response.completed" } else { "response.incomplete" };
        self.last(event, status, reason, None, out);
    }

    /// The SDKs look for `error`, others for `response.failed`.
    fn fail(&mut self, trouble: &Trouble<'_>, out: &mut Vec<u8>) {
        let (message, code, param) = (&*trouble.message, trouble.code.as_deref(), trouble.param.as_deref());
        let r#type = openai_type(Some(&trouble.kind), "server_error");
        let named = code.unwrap_or(match r#type {
            "invalid_request_error" => "invalid_prompt",
            "rate_limit_exceeded" | "insufficient_quota" => r#type,
            _ => "server_error",
        });
        let error = ErrorInner { r#type, code: Some(named), message, param };
        let body = ErrorBody { code: Some(named), message, param, error };
        Sink { next: &mut self.next, out }.write("error", body);
        if self.started {
            self.last("response.failed", "failed", None, Some(Error { code: named, message }), out);
        }
    }

    fn last(
        &mut self,
        event: &'static str,
        status: &'static str,
        reason: Option<&'static str>,
        error: Option<Error<'_>>,
        out: &mut Vec<u8>,
    ) {
        let output: Vec<Raw> = std::mem::take(&mut self.whole).into_iter().flatten().collect();
        let state = State { status, reason, error, output: &output, usage: Some(self.usage) };
        let response = self.head.response(&self.exchange, state);
        Sink { next: &mut self.next, out }.write(event, Lifecycle { response });
    }
}
