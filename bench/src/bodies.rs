//! What goes over the wire: requests, answers and streams of a realistic shape, in all three dialects.

mod chat;
mod messages;
mod responses;

use bytes::{BufMut, Bytes, BytesMut};
use ccproxy_wire::Dialect;
use memchr::memmem;

use crate::shape::Shape;

/// All dialects.
pub const DIALECTS: [Dialect; 3] = [Dialect::Messages, Dialect::Chat, Dialect::Responses];

/// Of a request and of a whole answer.
const SIZE: usize = 1024;
const FILLER: &str = "lorem ipsum dolor sit amet ";

/// The dialect that is spoken at this path.
#[must_use]
pub fn dialect_at(path: &str) -> Option<Dialect> {
    DIALECTS.into_iter().find(|dialect| path.ends_with(route(*dialect)))
}

/// The end of a dialect's path.
pub(crate) fn route(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Messages => "/messages",
        Dialect::Chat => "/chat/completions",
        Dialect::Responses => "/responses",
    }
}

/// A request of 1 KB that asks for this shape.
#[must_use]
pub fn request(dialect: Dialect, shape: &Shape) -> Bytes {
    let streamed = shape.events > 0;
    let (head, tail) = match dialect {
        Dialect::Messages => messages::request(streamed),
        Dialect::Chat => chat::request(streamed),
        Dialect::Responses => responses::request(streamed),
    };
    let head = format!("{head}{} ", shape.words());
    Bytes::from(format!("{head}{}{tail}", filler(&head, tail)))
}

/// The JSON answer, 1 KB.
#[must_use]
pub fn reply(dialect: Dialect) -> Bytes {
    let (head, tail) = around_reply(dialect);
    Bytes::from(format!("{head}{}{tail}", reply_text(dialect)))
}

/// What the JSON answer says.
#[must_use]
pub fn reply_text(dialect: Dialect) -> String {
    let (head, tail) = around_reply(dialect);
    filler(&head, &tail)
}

fn around_reply(dialect: Dialect) -> (String, String) {
    match dialect {
        Dialect::Messages => messages::reply(),
        Dialect::Chat => chat::reply(),
        Dialect::Responses => responses::reply(),
    }
}

fn filler(head: &str, tail: &str) -> String {
    FILLER.chars().cycle().take(SIZE.saturating_sub(head.len() + tail.len())).collect()
}

/// A stream under way. A write brings one event of text; the first has what the dialect wants before, the last what it
/// wants after, so that all dialects take the same number of writes.
#[derive(Debug)]
pub struct Script {
    dialect: Dialect,
    events: u32,
    sent: u32,
    said: Vec<u8>,
}

impl Script {
    /// One of so many events.
    #[must_use]
    pub fn new(dialect: Dialect, events: u32) -> Self {
        Self { dialect, events, sent: 0, said: Vec::new() }
    }

    /// Whether nothing comes any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.sent == self.events
    }

    /// The next write, with this piece of text in its event.
    pub fn write(&mut self, text: &[u8]) -> Bytes {
        let (opening, delta, closing): (Opening, Delta, Delta) = match self.dialect {
            Dialect::Messages => (messages::opening, messages::delta, messages::closing),
            Dialect::Chat => (chat::opening, chat::delta, chat::closing),
            Dialect::Responses => (responses::opening, responses::delta, responses::closing),
        };
        let mut out = BytesMut::with_capacity(320);
        if self.sent == 0 {
            opening(&mut out);
        }
        delta(&mut out, self.sent, text);
        self.said.extend_from_slice(text);
        self.sent += 1;
        if self.is_over() {
            closing(&mut out, self.sent, &self.said);
        }
        out.freeze()
    }
}

type Opening = fn(&mut BytesMut);
/// Takes how many events have brought text, and a text.
type Delta = fn(&mut BytesMut, u32, &[u8]);

fn put(out: &mut BytesMut, parts: &[&[u8]]) {
    parts.iter().for_each(|part| out.put_slice(part));
}

/// By what a right answer of a dialect is known, as the upstream and as ccproxy write it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs {
    /// In a whole answer.
    whole: &'static [&'static [u8]],
    /// Before the first text of a stream.
    pub(crate) opening: &'static [u8],
    /// Right before the text of an event.
    pub(crate) text: &'static [u8],
    /// After the last text, in this order; the last one at the very end.
    pub(crate) closing: &'static [&'static [u8]],
}

impl Signs {
    pub(crate) fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Messages => messages::SIGNS,
            Dialect::Chat => chat::SIGNS,
            Dialect::Responses => responses::SIGNS,
        }
    }

    /// Whether this is the dialect's whole answer and says just this.
    pub(crate) fn are_in(&self, body: &[u8], text: &str) -> bool {
        let said = format!("\"{text}\"");
        body.starts_with(b"{")
            && body.ends_with(b"}")
            && self.whole.iter().chain([&said.as_bytes()]).all(|sign| memmem::find(body, sign).is_some())
    }
}

#[cfg(test)]
mod tests;
