//! A client's stream. One block goes on at a time: parts that open meanwhile wait for their turn.

use std::collections::VecDeque;

use ccproxy_wire::Usage;
use ccproxy_wire::messages::answer::{Message, Tokens};
use ccproxy_wire::messages::event::{Ending, Written, WrittenFailure};

use super::answer;
use super::going::{Going, Held};
use crate::Exchange;
use crate::answer::Stop;
use crate::delta::{Delta, Kind, Trouble};
use crate::error::anthropic_type;
use crate::stream::{Writer, merge};

pub(crate) struct StreamWriter {
    exchange: Exchange,
    started: bool,
    /// The index of the next block.
    next: usize,
    going: Option<Going>,
    /// The parts that wait, in order.
    waiting: VecDeque<Held>,
    calls: bool,
    refused: bool,
    usage: Usage,
    tier: Option<&'static str>,
    stop: Stop,
}

impl Writer for StreamWriter {
    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::Start { id, service_tier, .. } => {
                self.tier = answer::tier(service_tier.as_deref());
                self.start(&id, out);
            }
            Delta::Open(part, kind) => {
                self.start("", out);
                self.calls |= matches!(kind, Kind::ToolCall { .. });
                self.refused |= kind == Kind::Refusal;
                self.waiting.push_back(Held::new(part, &kind));
                self.go_on(out);
            }
            Delta::Add(part, piece) => match &mut self.going {
                Some(going) if going.part == part => going.add(piece, &mut self.next, out),
                _ => {
                    if let Some(held) = self.held(part) {
                        held.add(piece);
                    }
                }
            },
            Delta::Close(part) => self.close(part, out),
            Delta::Usage(usage) => self.usage = merge(self.usage, usage),
            Delta::Stop(stop) => self.stop = stop,
            // The head alone has a place for it.
            Delta::Served(_) => {}
            Delta::Ping => Written::Ping.write(out),
            Delta::End => self.end(out),
            Delta::Error(trouble) => fail(&trouble, out),
        }
    }
}

impl StreamWriter {
    pub(crate) fn new(exchange: Exchange) -> Self {
        Self {
            exchange,
            started: false,
            next: 0,
            going: None,
            waiting: VecDeque::new(),
            calls: false,
            refused: false,
            usage: Usage::default(),
            tier: None,
            stop: Stop::End,
        }
    }

    fn start(&mut self, id: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let message = Message {
            id: &answer::id(&self.exchange, id),
            r#type: "message",
            role: "assistant",
            model: &self.exchange.model,
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: Tokens { service_tier: self.tier, ..self.usage.into() },
        };
        Written::MessageStart { message }.write(out);
    }

    fn held(&mut self, part: usize) -> Option<&mut Held> {
        self.waiting.iter_mut().find(|held| held.part == part)
    }

    /// Lets the next parts begin, as long as nothing goes on.
    fn go_on(&mut self, out: &mut Vec<u8>) {
        while self.going.is_none() {
            let Some(held) = self.waiting.pop_front() else { return };
            let (mut going, pieces, closed) = held.begin(&self.exchange, &mut self.next, out);
            for piece in pieces {
                going.add(piece, &mut self.next, out);
            }
            if closed {
                going.close(&mut self.next, out);
            } else {
                self.going = Some(going);
            }
        }
    }

    fn close(&mut self, part: usize, out: &mut Vec<u8>) {
        match self.going.take_if(|going| going.part == part) {
            Some(going) => {
                going.close(&mut self.next, out);
                self.go_on(out);
            }
            None => {
                if let Some(held) = self.held(part) {
                    held.closed = true;
                }
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start("", out);
        self.waiting.iter_mut().for_each(|held| held.closed = true);
        if let Some(going) = self.going.take() {
            going.close(&mut self.next, out);
        }
        self.go_on(out);
        let delta = Ending {
            stop_reason: answer::stop_reason(&self.stop, self.calls, self.refused),
            stop_sequence: answer::stop_sequence(&self.stop),
        };
        Written::MessageDelta { delta, usage: self.usage.into() }.write(out);
        Written::MessageStop.write(out);
    }
}

fn fail(trouble: &Trouble<'_>, out: &mut Vec<u8>) {
    let said = trouble.code.as_deref().map(|code| anthropic_type(Some(code), ""));
    let by_code = said.filter(|kind| !kind.is_empty()).unwrap_or("api_error");
    let r#type = match &*trouble.kind {
        "invalid_request_error" => "invalid_request_error",
        kind => anthropic_type(Some(kind), by_code),
    };
    Written::Error { error: WrittenFailure { r#type, message: &trouble.message } }.write(out);
}
