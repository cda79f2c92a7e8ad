//! Answers. Each dialect writes one as its providers do, whole or in events, and reads one as its clients do.

mod chat;
mod messages;
mod responses;

use ccproxy_wire::Dialect;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::played::{Dice, Event};
use super::shared::PATCH;
use super::talk::{Call, object, text, word};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// Without what the dialect puts before it.
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) parts: Vec<Part>,
    pub(super) stop: Stop,
    pub(super) usage: Usage,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Thinking { texts: Vec<String>, seal: Option<String> },
    Text(String),
    Refusal(String),
    Call(Call),
}

/// Why it ends; what is to be called shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stop {
    End,
    Limit,
    Filter,
}

/// In tokens. What was cached is input, and what was thought is output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) read: u64,
    pub(super) written: u64,
    pub(super) thought: u64,
}

/// Who is to be able to say an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground {
    messages: bool,
    chat: bool,
}

impl Ground {
    pub(super) fn of(dialects: &[Dialect]) -> Self {
        Self { messages: dialects.contains(&Dialect::Messages), chat: dialects.contains(&Dialect::Chat) }
    }
}

/// What all clients are told of the time by those who do not know it.
pub(super) const CREATED: u64 = 1_700_000_000;

pub(super) fn answer(ground: Ground) -> impl Strategy<Value = Answer> {
    let parts = vec(part(), 0..6);
    let counts = (0u64..5000, 0u64..5000, 0u64..5000, 0u64..5000, 0u64..5000);
    let stop = select(&[Stop::End, Stop::End, Stop::Limit, Stop::Filter][..]);
    ("[a-zA-Z0-9]{1,20}", 1u64..CREATED, parts, stop, counts).prop_map(
        move |(id, created, parts, stop, (fresh, read, written, thought, said))| {
            let parts = ground.parts(parts);
            let refused = parts.iter().any(|part| matches!(part, Part::Refusal(_)));
            Answer {
                id,
                created: if ground.messages { CREATED } else { created },
                // Who refuses in words has come to the end.
                stop: if refused { Stop::End } else { stop },
                parts,
                usage: Usage {
                    input: fresh + read + written,
                    output: thought + said,
                    read,
                    written,
                    thought,
                },
            }
        },
    )
}

fn part() -> impl Strategy<Value = Part> {
    let thinking = (vec(text(), 0..3), option::of("[A-Za-z0-9+/]{1,12}="));
    let patch = text().prop_map(|input| (PATCH.to_owned(), json!({ "input": input })));
    let call = prop_oneof![3 => (word(), object()), 1 => patch];
    prop_oneof![
        thinking.prop_map(|(texts, seal)| Part::Thinking { texts, seal }),
        text().prop_map(Part::Text),
        text().prop_map(Part::Refusal),
        call.prop_map(|(name, arguments)| Part::Call(Call { id: String::new(), name, arguments })),
    ]
}

impl Ground {
    /// What of these parts can be said, in an order in which it can.
    fn parts(self, mut parts: Vec<Part>) -> Vec<Part> {
        if self.chat {
            // One message: first its thoughts, then its text, then why not, then its calls.
            parts.sort_by_key(kind);
            parts.dedup_by(|a, b| kind(a) == kind(b) && !matches!(a, Part::Call(_)));
        }
        parts.retain(|part| !(self.messages && matches!(part, Part::Refusal(_))));
        for (n, part) in parts.iter_mut().enumerate() {
            match part {
                Part::Call(call) => call.id = format!("call_{n}"),
                Part::Thinking { texts, seal } => {
                    if self.messages {
                        texts.truncate(1);
                    }
                    // There is something to see, or to keep.
                    if texts.is_empty() && seal.is_none() {
                        *seal = Some("c2VhbA==".to_owned());
                    }
                }
                Part::Text(_) | Part::Refusal(_) => {}
            }
        }
        parts
    }
}

fn kind(part: &Part) -> u8 {
    match part {
        Part::Thinking { .. } => 0,
        Part::Text(_) => 1,
        Part::Refusal(_) => 2,
        Part::Call(_) => 3,
    }
}

impl Answer {
    pub(super) fn calls(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Call(_)))
    }
}

/// The whole answer of a provider of this dialect; `maker` is whose the seals are.
pub(super) fn whole(provider: Dialect, answer: &Answer, maker: Dialect) -> Value {
    match provider {
        Dialect::Messages => messages::whole(answer),
        Dialect::Chat => chat::whole(answer, maker),
        Dialect::Responses => responses::whole(answer),
    }
}

/// The events in which such a provider tells it.
pub(super) fn told(provider: Dialect, answer: &Answer, maker: Dialect, dice: &mut Dice) -> Vec<Event> {
    match provider {
        Dialect::Messages => messages::events(answer, dice),
        Dialect::Chat => chat::events(answer, maker, dice),
        Dialect::Responses => responses::events(answer, dice),
    }
}

/// What a client of this dialect understands of an answer.
pub(super) fn read(client: Dialect, body: &Value) -> Answer {
    match client {
        Dialect::Messages => messages::read(body),
        Dialect::Chat => chat::read(body),
        Dialect::Responses => responses::read(body),
    }
}
