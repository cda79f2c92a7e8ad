//! A whole answer: the `response` object.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::Str;
use super::echo::Echo;
use crate::Usage;
use crate::usage::RawUsage;

/// An answer as it is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Answer<'a> {
    /// `resp_…`.
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    /// Which model answers.
    #[serde(borrow)]
    pub model: Option<Str<'a>>,
    /// Seconds since 1970.
    pub created_at: Option<f64>,
    /// `completed`, `incomplete`, `failed`, `in_progress`, `queued`, `cancelled`.
    #[serde(borrow)]
    pub status: Option<Str<'a>>,
    /// Why it is incomplete.
    #[serde(borrow)]
    pub incomplete_details: Option<Incomplete<'a>>,
    /// Why it failed.
    #[serde(borrow)]
    pub error: Option<Failure<'a>>,
    /// [Items](super::item::Item).
    #[serde(borrow)]
    pub output: Option<Vec<&'a RawValue>>,
    /// What it used.
    #[serde(borrow)]
    pub usage: Option<&'a RawValue>,
    /// How it was served.
    #[serde(borrow)]
    pub service_tier: Option<Str<'a>>,
}

/// Why an answer is incomplete.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Incomplete<'a> {
    /// `max_output_tokens`, `content_filter`, …
    #[serde(borrow)]
    pub reason: Option<Str<'a>>,
}

/// Why an answer failed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Failure<'a> {
    /// `server_error`, `rate_limit_exceeded`, …
    #[serde(borrow)]
    pub code: Option<Code<'a>>,
    /// What happened.
    #[serde(borrow)]
    pub message: Option<Str<'a>>,
    /// The request's field at fault.
    #[serde(borrow)]
    pub param: Option<Str<'a>>,
    /// The class of the error.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
}

/// A word; some servers have a number instead, as HTTP does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Code<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Code<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &RawValue = Deserialize::deserialize(deserializer)?;
        let word = serde_json::from_str::<Str<'_>>(raw.get());
        Ok(Self(word.map_or(Cow::Borrowed(raw.get()), |Str(word)| word)))
    }
}

impl Answer<'_> {
    /// The usage as far as it is told; one of a strange form tells nothing.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let usage = self.usage.and_then(|usage| serde_json::from_str::<RawUsage>(usage.get()).ok());
        usage.unwrap_or_default().counts()
    }
}

/// An answer as it is written.
#[derive(Debug, Serialize)]
pub struct Response<'a> {
    /// `resp_…`.
    pub id: &'a str,
    /// Always `response`.
    pub object: &'static str,
    /// Seconds since 1970.
    pub created_at: u64,
    /// `in_progress`, `completed`, `incomplete`, `failed`.
    pub status: &'static str,
    /// Why it failed.
    pub error: Option<Error<'a>>,
    /// Why it is incomplete.
    pub incomplete_details: Option<Reason>,
    /// Which model answers.
    pub model: &'a str,
    /// The items.
    pub output: &'a [Box<RawValue>],
    /// What it used; absent while nothing is known, since OpenAI's schema has no null here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Counts>,
    /// How it was served.
    pub service_tier: &'a str,
    /// What it repeats of its request.
    #[serde(flatten)]
    pub echo: &'a Echo,
}

/// Why an answer failed.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Error<'a> {
    /// `server_error`, `rate_limit_exceeded`, …
    pub code: &'a str,
    /// What happened.
    pub message: &'a str,
}

/// Why an answer is incomplete.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Reason {
    /// `max_output_tokens` or `content_filter`.
    pub reason: &'static str,
}

/// What an answer used.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Counts {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl Counts {
    /// The counts; none if nothing is known.
    #[must_use]
    pub fn of(usage: Usage) -> Option<Self> {
        let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
        (usage.input.is_some() || usage.output.is_some()).then(|| Self {
            input_tokens: input,
            input_tokens_details: InputDetails {
                cached_tokens: usage.cache_read.unwrap_or(0),
                cache_write_tokens: usage.cache_write.unwrap_or(0),
            },
            output_tokens: output,
            output_tokens_details: OutputDetails { reasoning_tokens: usage.reasoning.unwrap_or(0) },
            total_tokens: input.saturating_add(output),
        })
    }
}
