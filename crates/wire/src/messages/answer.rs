//! A whole answer.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::body::Block;
use crate::responses::Str;
use crate::usage::{RawUsage, Usage};

/// An answer as it is read; at the beginning of a stream as far as it is known.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Answer<'a> {
    /// `msg_…`.
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    /// Which model has answered.
    #[serde(borrow)]
    pub model: Option<Str<'a>>,
    /// [Blocks](super::block::Block).
    #[serde(borrow)]
    pub content: Option<Vec<&'a RawValue>>,
    /// `end_turn`, `max_tokens`, `stop_sequence`, `tool_use`, `pause_turn`, `refusal`, `model_context_window_exceeded`.
    #[serde(borrow)]
    pub stop_reason: Option<Str<'a>>,
    /// Which stop sequence came.
    #[serde(borrow)]
    pub stop_sequence: Option<Str<'a>>,
    /// Why it refuses.
    #[serde(borrow)]
    pub stop_details: Option<StopDetails<'a>>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    /// `error` where the body is no answer.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Why there is no answer.
    #[serde(borrow)]
    pub error: Option<Failure<'a>>,
}

/// Why a model refuses.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct StopDetails<'a> {
    /// For people.
    #[serde(borrow)]
    pub explanation: Option<Str<'a>>,
}

/// Why a provider gives up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Failure<'a> {
    /// `overloaded_error`, …
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// For people.
    #[serde(borrow)]
    pub message: Option<Str<'a>>,
}

/// What an answer says of how it was served.
#[derive(Deserialize)]
struct Served<'a> {
    #[serde(borrow)]
    service_tier: Option<Str<'a>>,
}

impl<'a> Answer<'a> {
    /// The tokens used, as far as they are told; a usage of a strange form tells nothing.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let usage = self.usage.and_then(|usage| serde_json::from_str::<RawUsage>(usage.get()).ok());
        usage.unwrap_or_default().counts()
    }

    /// `standard`, `priority` or `batch`.
    #[must_use]
    pub fn service_tier(&self) -> Option<Str<'a>> {
        let served = self.usage.and_then(|usage| serde_json::from_str::<Served<'a>>(usage.get()).ok());
        served.and_then(|served| served.service_tier)
    }
}

/// An answer as it is written.
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    /// `msg_…`.
    pub id: &'a str,
    /// `message`.
    pub r#type: &'static str,
    /// `assistant`.
    pub role: &'static str,
    /// Which model has answered, by the client's name.
    pub model: &'a str,
    /// What it says.
    pub content: Vec<Block<'a>>,
    /// None while it goes on.
    pub stop_reason: Option<&'a str>,
    /// Which stop sequence came.
    pub stop_sequence: Option<Cow<'a, str>>,
    /// What it took.
    pub usage: Tokens,
}

/// Tokens in Anthropic's way of counting: what was cached is no input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// Of the prompt, without what was cached.
    pub input_tokens: u64,
    /// Of the prompt: newly cached.
    pub cache_creation_input_tokens: u64,
    /// Of the prompt: from the cache.
    pub cache_read_input_tokens: u64,
    /// Generated.
    pub output_tokens: u64,
    /// What of these is what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens_details: Option<OutputDetails>,
    /// `standard` or `priority`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'static str>,
}

/// What of the output is what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OutputDetails {
    /// Thoughts.
    pub thinking_tokens: u64,
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        let read = usage.cache_read.unwrap_or_default();
        let written = usage.cache_write.unwrap_or_default();
        let input = usage.input.unwrap_or_default();
        Self {
            input_tokens: input.saturating_sub(read).saturating_sub(written),
            cache_creation_input_tokens: written,
            cache_read_input_tokens: read,
            output_tokens: usage.output.unwrap_or_default(),
            output_tokens_details: usage.reasoning.map(|thinking_tokens| OutputDetails { thinking_tokens }),
            service_tier: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let check = |json: &str, expect: [u64; 4]| {
            let answer: Answer<'_> = serde_json::from_str(json).unwrap();
            let tokens = Tokens::from(answer.usage());
            let counted = [tokens.input_tokens, tokens.cache_creation_input_tokens];
            assert_eq!(
                [counted, [tokens.cache_read_input_tokens, tokens.output_tokens]].concat(),
                expect,
                "{json}"
            );
        };
        check(
            r#"{"usage":{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":5,"output_tokens":7}}"#,
            [10, 5, 100, 7],
        );
        check(r#"{"usage":{"input_tokens":"many"}}"#, [0; 4]);
        check(
            r#"{"usage":{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}}"#,
            [6, 0, 4, 7],
        );
        check("{}", [0; 4]);
    }
}
