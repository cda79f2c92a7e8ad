//! A client's stream.

use ccproxy_wire::chat::answer::Counts;
use ccproxy_wire::chat::event::{Annotation, Choice, Chunk, Delta as Said, Detail};
use ccproxy_wire::error::ErrorBody;
use ccproxy_wire::{Dialect, Usage, sse};

use super::going::Calls;
use super::head::{self, Head};
use super::{answer, thoughts};
use crate::Exchange;
use crate::answer::Stop;
use crate::delta::{Delta, Kind, Piece, Trouble};
use crate::error::openai_type;
use crate::part::Citation;
use crate::seal::Seal;
use crate::stream::{Writer, merge};

pub(crate) struct StreamWriter {
    frame: Frame,
    started: bool,
    stopped: bool,
    usage: Usage,
    /// How long the text is, in characters.
    said: u64,
    /// The texts that are open.
    open: Vec<(usize, What)>,
    refused: bool,
    thoughts: Thoughts,
    calls: Calls,
    /// The SDKs want all of them at once.
    sources: Vec<Source>,
}

#[derive(Clone, Copy)]
enum What {
    /// It began there.
    Text(u64),
    Refusal,
    Thinking,
}

/// What all chunks have in common.
struct Frame {
    exchange: Exchange,
    head: Head,
}

/// Where the thoughts stand. See [`thoughts::details`].
#[derive(Default)]
struct Thoughts {
    /// The text at hand.
    at: Option<usize>,
    next: usize,
    /// Whether another text comes after what has been said.
    gap: bool,
    said: bool,
}

/// A source of the text that goes from here to there.
struct Source {
    part: usize,
    citation: Citation,
    start: u64,
    end: Option<u64>,
}

impl Writer for StreamWriter {
    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::Start { id, created, service_tier, .. } => {
                self.frame.head = Head::new(&self.frame.exchange, &id, created, service_tier.as_deref());
                self.start(out);
            }
            Delta::Open(part, kind) => self.open(part, &kind, out),
            Delta::Add(part, piece) => self.add(part, piece, out),
            Delta::Close(part) => self.close(part, out),
            Delta::Usage(usage) => self.usage = merge(self.usage, usage),
            Delta::Served(service_tier) => self.frame.head.tier = head::tier(&service_tier),
            Delta::Stop(stop) => self.stop(&stop, out),
            Delta::Ping => out.extend_from_slice(b": ping\n\n"),
            Delta::End => self.end(out),
            Delta::Error(trouble) => fail(&trouble, out),
        }
    }
}

impl StreamWriter {
    pub(crate) fn new(exchange: Exchange) -> Self {
        let head = Head::new(&exchange, "", None, None);
        Self {
            frame: Frame { exchange, head },
            started: false,
            stopped: false,
            usage: Usage::default(),
            said: 0,
            open: Vec::new(),
            refused: false,
            thoughts: Thoughts::default(),
            calls: Calls::default(),
            sources: Vec::new(),
        }
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.started, true) {
            let delta = Said { role: Some("assistant"), content: Some(""), ..Said::default() };
            self.frame.say(delta, out);
        }
    }

    fn open(&mut self, part: usize, kind: &Kind<'_>, out: &mut Vec<u8>) {
        self.start(out);
        let what = match kind {
            Kind::Text => What::Text(self.said),
            Kind::Refusal => {
                self.refused = true;
                What::Refusal
            }
            Kind::Thinking => {
                self.thoughts.another();
                What::Thinking
            }
            Kind::ToolCall { .. } => {
                self.calls.open(part, kind, &self.frame.exchange);
                return self.tell(out);
            }
        };
        self.open.push((part, what));
    }

    /// Tells of the calls what can be told.
    fn tell(&mut self, out: &mut Vec<u8>) {
        let Self { calls, frame, .. } = self;
        calls.tell(&mut |delta| frame.say(delta, out));
    }

    fn add(&mut self, part: usize, piece: Piece<'_>, out: &mut Vec<u8>) {
        let what = self.open.iter().find(|(open, _)| *open == part).map(|(_, what)| *what);
        match (piece, what) {
            (Piece::Text(text), Some(What::Text(_))) => {
                self.said += text.chars().count() as u64;
                self.frame.say(Said { content: Some(&text), ..Said::default() }, out);
            }
            (Piece::Text(text), Some(What::Refusal)) => {
                self.frame.say(Said { refusal: Some(&text), ..Said::default() }, out);
            }
            (Piece::Text(text), Some(What::Thinking)) => self.think(&text, out),
            (Piece::NextText, Some(What::Thinking)) => self.thoughts.another(),
            (Piece::Seal(seal), Some(What::Thinking)) => {
                let detail = thoughts::seal(&seal, self.thoughts.of_seal(&seal));
                self.frame.say(Said { reasoning_details: Some([detail]), ..Said::default() }, out);
            }
            (Piece::Citation(citation), Some(What::Text(start))) => {
                self.sources.push(Source { part, citation, start, end: None });
            }
            (Piece::Arguments(text), _) => {
                self.calls.add(part, &text);
                self.tell(out);
            }
            _ => {}
        }
    }

    fn think(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let apart = self.thoughts.gap.then(|| format!("\n\n{text}"));
        let told = Some(apart.as_deref().unwrap_or(text));
        let index = self.thoughts.of_text();
        let detail: Detail<'_> = thoughts::text(text, answer::unsealed(&self.frame.exchange), index);
        let reasoning_details = Some([detail]);
        let delta = Said { reasoning_content: told, reasoning: told, reasoning_details, ..Said::default() };
        self.frame.say(delta, out);
    }

    fn close(&mut self, part: usize, out: &mut Vec<u8>) {
        let said = self.said;
        let own = self.sources.iter_mut().filter(|source| source.part == part);
        own.for_each(|source| source.end = Some(said));
        self.open.retain(|(open, _)| *open != part);
        self.calls.close(part);
        self.tell(out);
    }

    fn stop(&mut self, stop: &Stop, out: &mut Vec<u8>) {
        self.start(out);
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        self.calls.close_all();
        self.tell(out);
        let sources = std::mem::take(&mut self.sources);
        let annotations: Vec<Annotation<'_>> = sources
            .iter()
            .filter_map(|source| {
                answer::annotation(&source.citation, source.start, source.end.unwrap_or(self.said))
            })
            .collect();
        if !annotations.is_empty() {
            self.frame.say(Said { annotations: &annotations, ..Said::default() }, out);
        }
        let functions = self.frame.exchange.tools.are_functions();
        let finish_reason = Some(head::finish_reason(stop, self.refused, functions));
        self.frame.chunk(&[Choice { index: 0, delta: Said::default(), finish_reason }], None, out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.stop(&Stop::End, out);
        let counts = Counts::of(self.usage).filter(|_| self.frame.exchange.stream_usage);
        if counts.is_some() {
            self.frame.chunk(&[], counts, out);
        }
        sse::write(out, "", b"[DONE]");
    }
}

impl Frame {
    fn say(&self, delta: Said<'_>, out: &mut Vec<u8>) {
        self.chunk(&[Choice { index: 0, delta, finish_reason: None }], None, out);
    }

    fn chunk(&self, choices: &[Choice<'_>], usage: Option<Counts>, out: &mut Vec<u8>) {
        let chunk = Chunk {
            id: &self.head.id,
            object: "chat.completion.chunk",
            created: self.head.created,
            model: &self.exchange.model,
            service_tier: self.head.tier,
            choices,
            usage: self.exchange.stream_usage.then_some(usage),
        };
        out.extend_from_slice(b"data: ");
        // A vector takes everything, and what is written has no keys that are no strings.
        let written = serde_json::to_writer(&mut *out, &chunk);
        debug_assert!(written.is_ok(), "{written:?}");
        out.extend_from_slice(b"\n\n");
    }
}

impl Thoughts {
    fn another(&mut self) {
        self.at = None;
        self.gap = self.said;
    }

    fn of_text(&mut self) -> usize {
        self.said = true;
        self.gap = false;
        *self.at.get_or_insert_with(|| {
            self.next += 1;
            self.next - 1
        })
    }

    /// Anthropic's is beside the text, the others are alone.
    fn of_seal(&mut self, seal: &Seal) -> usize {
        match (seal, self.at) {
            (Seal::Anthropic { .. }, Some(at)) => at,
            _ => {
                self.next += 1;
                self.next - 1
            }
        }
    }
}

/// The error is the last that the client hears: `[DONE]` would say that all is well.
fn fail(trouble: &Trouble<'_>, out: &mut Vec<u8>) {
    let code = match &*trouble.kind {
        "rate_limit_error" => Some("rate_limit_exceeded"),
        "overloaded_error" => Some("overloaded"),
        _ => None,
    };
    let body = ErrorBody {
        anthropic_type: "",
        openai_type: openai_type(Some(&trouble.kind), "server_error"),
        openai_code: trouble.code.as_deref().or(code),
        param: trouble.param.as_deref(),
        message: &trouble.message,
        request_id: "",
    };
    out.extend_from_slice(&body.render_event(Dialect::Chat, 0));
}
