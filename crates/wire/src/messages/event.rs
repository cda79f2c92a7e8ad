//! Events of a stream.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::answer::{Answer, Failure, Message, StopDetails, Tokens};
use super::body::{Block, Citation};
use crate::responses::Str;
use crate::usage::{RawUsage, Usage};

/// An event of one of the types that [are read](Event::KNOWN); which fields mean something depends on it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Event<'a> {
    /// Of `message_start`.
    #[serde(borrow)]
    pub message: Option<Answer<'a>>,
    /// Which block.
    pub index: Option<u64>,
    /// Of `content_block_start`: a [block](super::block::Block).
    #[serde(borrow)]
    pub content_block: Option<&'a RawValue>,
    /// What is new.
    #[serde(borrow)]
    pub delta: Option<Delta<'a>>,
    /// Of `error`.
    #[serde(borrow)]
    pub error: Option<Failure<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

impl Event<'_> {
    /// The types that are read.
    pub const KNOWN: &'static [&'static str] = &[
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "ping",
        "error",
    ];
}

/// The tokens used, of which each event tells some.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally(RawUsage);

impl Tally {
    /// Takes over what an event tells; gives all counts if it tells any.
    pub fn add(&mut self, event: &Event<'_>) -> Option<Usage> {
        let usage = event.usage.or_else(|| event.message.as_ref()?.usage)?;
        self.0.update(serde_json::from_str(usage.get()).ok()?);
        Some(self.0.counts())
    }
}

/// More of a block, or of the message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Delta<'a> {
    /// Of a text.
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
    /// Of thoughts.
    #[serde(borrow)]
    pub thinking: Option<Str<'a>>,
    /// Of thoughts.
    #[serde(borrow)]
    pub signature: Option<Str<'a>>,
    /// Of a call's input.
    #[serde(borrow)]
    pub partial_json: Option<Str<'a>>,
    /// Of a text: a [citation](super::block::Citation).
    #[serde(borrow)]
    pub citation: Option<&'a RawValue>,
    /// Of the message.
    #[serde(borrow)]
    pub stop_reason: Option<Str<'a>>,
    /// Of the message.
    #[serde(borrow)]
    pub stop_sequence: Option<Str<'a>>,
    /// Of the message.
    #[serde(borrow)]
    pub stop_details: Option<StopDetails<'a>>,
}

/// An event as it is written.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the vendor's")]
pub enum Written<'a> {
    /// The answer begins.
    MessageStart { message: Message<'a> },
    /// A block begins.
    ContentBlockStart { index: usize, content_block: Block<'a> },
    /// It goes on.
    ContentBlockDelta { index: usize, delta: WrittenDelta<'a> },
    /// It ends.
    ContentBlockStop { index: usize },
    /// The answer is about to end.
    MessageDelta { delta: Ending<'a>, usage: Tokens },
    /// It has ended.
    MessageStop,
    /// Nothing new.
    Ping,
    /// It will not end.
    Error { error: WrittenFailure<'a> },
}

impl Written<'_> {
    /// Writes the event with the lines around it.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(self.name().as_bytes());
        out.extend_from_slice(b"\ndata: ");
        // A vector takes everything, and what is written has no keys that are no strings.
        let written = serde_json::to_writer(&mut *out, self);
        debug_assert!(written.is_ok(), "{written:?}");
        out.extend_from_slice(b"\n\n");
    }

    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
            Self::Ping => "ping",
            Self::Error { .. } => "error",
        }
    }
}

/// More of a block, as it is written.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the vendor's")]
pub enum WrittenDelta<'a> {
    /// Of a text.
    TextDelta { text: &'a str },
    /// Of a call.
    InputJsonDelta { partial_json: &'a str },
    /// Of thoughts.
    ThinkingDelta { thinking: &'a str },
    /// Of thoughts.
    SignatureDelta { signature: &'a str },
    /// Of a text.
    CitationsDelta { citation: Citation<'a> },
}

/// Why an answer ends, as it is written.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the vendor's")]
pub struct Ending<'a> {
    pub stop_reason: &'a str,
    pub stop_sequence: Option<Cow<'a, str>>,
}

/// Why an answer will not end, as it is written.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the vendor's")]
pub struct WrittenFailure<'a> {
    pub r#type: &'a str,
    pub message: &'a str,
}
