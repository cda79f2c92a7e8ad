//! One kind of request, and what a right answer to it is.

use bytes::Bytes;
use ccproxy_wire::{Dialect, Family};
use hyper::{HeaderMap, Method};

use super::judge::{self, Seen};

/// One kind of request.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// For reports.
    pub(super) name: String,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// What the simulator is to do; with `text=` it is given a word to say that no other request has.
    pub(super) order: Option<String>,
    pub(super) right: Right,
}

/// What a right answer is.
#[derive(Debug, Clone)]
pub(super) enum Right {
    /// An answer in a dialect with one of these outcomes.
    Outcome { dialect: Dialect, outcomes: Vec<&'static str>, text: Text },
    /// A page with this status that says this.
    Page { status: u16, says: &'static str },
    /// None: the client leaves with the first bytes of an answer that has begun well.
    Left,
    /// None: the client leaves before anything can have come.
    GivenUp,
    /// A response that is kept, and all that can be done with it.
    Kept,
    /// Two turns on a WebSocket.
    Socket,
}

/// What a whole answer has to say.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text {
    /// The word that this request has given the simulator.
    Word,
    /// What the mock upstream says: a whole answer's text, or so many events.
    Mock { provider: Dialect, events: u32 },
    /// Whoever answers decides.
    Any,
}

impl Right {
    /// Rows have the alternatives of clients and providers that are told in different words, in the order Anthropic|OpenAI.
    pub(super) fn outcome(dialect: Dialect, row: &'static str, text: Text) -> Self {
        let (anthropic, openai) = row.split_once('|').unwrap_or((row, row));
        let told = if dialect.family() == Family::Anthropic { anthropic } else { openai };
        Self::Outcome { dialect, outcomes: told.split(" or ").collect(), text }
    }

    /// What is wrong with what has come.
    pub(super) fn wrong(&self, seen: &Seen, word: &str) -> Result<(), String> {
        match self {
            Self::Outcome { dialect, outcomes, text } => {
                let outcome = judge::outcome(*dialect, seen);
                if !outcomes.contains(&outcome.as_str()) {
                    return Err(format!("{outcome} instead of {}", outcomes.join(" or ")));
                }
                if outcome == "whole" && !text.is_in(*dialect, seen, word) {
                    return Err("whole, but it says something else".to_owned());
                }
                Ok(())
            }
            Self::Page { status, says } => {
                let said = memchr::memmem::find(&seen.body, says.as_bytes()).is_some();
                let right = seen.status == *status && said && seen.ended;
                right
                    .then_some(())
                    .ok_or_else(|| format!("status {} instead of {status} and {says}", seen.status))
            }
            Self::Left if seen.status != 200 || seen.body.is_empty() => {
                Err(format!("status {} for a client that was about to leave", seen.status))
            }
            Self::Left | Self::GivenUp | Self::Kept | Self::Socket => Ok(()),
        }
    }
}

impl Text {
    fn is_in(&self, dialect: Dialect, seen: &Seen, word: &str) -> bool {
        match self {
            Self::Word => memchr::memmem::find(&seen.body, word.as_bytes()).is_some(),
            Self::Mock { provider, events: 0 } => {
                crate::load::Expected::of(dialect, *provider).is(&Bytes::copy_from_slice(&seen.body))
            }
            Self::Mock { events, .. } => {
                let (mut stamps, mut count) = (crate::stamps::Stamps::new(dialect), 0);
                stamps.feed(&seen.body, 0, |_| count += 1);
                count == *events && stamps.complete()
            }
            Self::Any => true,
        }
    }
}
