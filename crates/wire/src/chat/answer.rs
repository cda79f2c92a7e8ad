//! A whole answer, and a chunk of one; and the answer as it is written.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::body::Call;
use super::event::{Annotation, Detail};
use super::message::{Loose, Message};
use crate::Usage;
use crate::usage::RawUsage;

/// An answer, or a chunk, as it is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Answer<'a> {
    /// `chatcmpl-…`; of all chunks the same.
    #[serde(borrow)]
    pub id: Loose<'a>,
    /// `chat.completion` or `chat.completion.chunk`; with vLLM `error`, too.
    #[serde(borrow)]
    pub object: Loose<'a>,
    /// Which model answers.
    #[serde(borrow)]
    pub model: Loose<'a>,
    /// Seconds since 1970.
    pub created: Option<f64>,
    /// How it was served.
    #[serde(borrow)]
    pub service_tier: Loose<'a>,
    /// The answers, of which there is one as a rule.
    #[serde(borrow)]
    pub choices: Option<Vec<Choice<'a>>>,
    /// What it used.
    #[serde(borrow)]
    pub usage: Option<&'a RawValue>,
    /// A [`Failure`], or just its message.
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

impl<'a> Answer<'a> {
    /// The usage as far as it is told; one of a strange form tells nothing.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        let usage: RawUsage = serde_json::from_str(self.usage?.get()).ok()?;
        Some(usage.counts())
    }

    /// The first choice, taken out.
    pub fn choice(&mut self) -> Option<Choice<'a>> {
        self.choices.take()?.into_iter().find(|choice| choice.index.unwrap_or(0) == 0)
    }

    /// What is said of a failure, if there is one; `whole` is what the answer was read from.
    #[must_use]
    pub fn failure(&self, whole: &'a str) -> Option<Failure<'a>> {
        let of_choice = || self.choices.iter().flatten().find_map(|choice| choice.error);
        match self.error.or_else(of_choice).map(RawValue::get) {
            Some(object) if object.starts_with('{') => Some(serde_json::from_str(object).unwrap_or_default()),
            Some(text) if text.starts_with('"') => {
                let message: Loose<'a> = serde_json::from_str(text).unwrap_or_default();
                message.0.is_some().then(|| Failure { message, ..Failure::default() })
            }
            _ if self.object.0.as_deref() == Some("error") => {
                Some(serde_json::from_str(whole).unwrap_or_default())
            }
            _ => self.choices.iter().flatten().find_map(Choice::failed),
        }
    }
}

/// One of the answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Choice<'a> {
    /// Counted from 0.
    pub index: Option<u64>,
    /// All of it.
    #[serde(borrow)]
    pub message: Option<Message<'a>>,
    /// What is new of it.
    #[serde(borrow)]
    pub delta: Option<Message<'a>>,
    /// `stop`, `length`, `tool_calls`, `content_filter`, `function_call`; some servers have others.
    #[serde(borrow)]
    pub finish_reason: Loose<'a>,
    /// Which of the client's stop sequences came, as vLLM tells it; of a token it tells the number.
    #[serde(borrow)]
    pub stop_reason: Loose<'a>,
    /// The same, as SGLang tells it.
    #[serde(borrow)]
    pub matched_stop: Loose<'a>,
    /// As in the answer; OpenRouter tells it here.
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

/// Reasons to finish that some servers have for answers that are not whole.
const BROKEN: [&str; 6] =
    ["error", "insufficient_system_resource", "network_error", "abort", "cancelled", "time_limit"];

impl<'a> Choice<'a> {
    /// Which of the client's stop sequences came, where the server tells; taken out.
    pub fn sequence(&mut self) -> Option<Cow<'a, str>> {
        self.stop_reason.0.take().or(self.matched_stop.0.take())
    }

    fn failed(&self) -> Option<Failure<'static>> {
        let reason = self.finish_reason.0.as_deref()?;
        // With Gemini's, the model's call was thrown away.
        if !BROKEN.contains(&reason) && !reason.starts_with("function_call_filter") {
            return None;
        }
        let busy = reason == "insufficient_system_resource";
        let message = (reason != "error")
            .then(|| format!("the provider broke the answer off ({reason}); try again").into());
        let r#type = Loose(busy.then_some("overloaded_error".into()));
        Some(Failure { message: Loose(message), r#type, ..Failure::default() })
    }
}

/// What is said of a failure.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Failure<'a> {
    /// What happened.
    #[serde(borrow)]
    pub message: Loose<'a>,
    /// The class of the error.
    #[serde(borrow)]
    pub r#type: Loose<'a>,
    /// A word, or a number.
    #[serde(borrow)]
    pub code: Option<&'a RawValue>,
    /// The request's field at fault.
    #[serde(borrow)]
    pub param: Loose<'a>,
}

/// An answer as it is written.
#[derive(Debug, Serialize)]
pub struct Completion<'a> {
    /// `chatcmpl-…`.
    pub id: &'a str,
    /// Always `chat.completion`.
    pub object: &'static str,
    /// Seconds since 1970.
    pub created: u64,
    /// Which model answers.
    pub model: &'a str,
    /// The one answer.
    pub choices: [Chosen<'a>; 1],
    /// What it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Counts>,
    /// How it was served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'static str>,
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct Chosen<'a> {
    /// Always 0.
    pub index: u8,
    /// What is said.
    pub message: Said<'a>,
    /// Never known.
    pub logprobs: Option<()>,
    /// Why it ends.
    pub finish_reason: &'static str,
}

/// What is said. See [`Message`].
#[derive(Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the fields are those of Message")]
pub struct Said<'a> {
    pub role: &'static str,
    pub content: Option<String>,
    pub refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasoning_details: Vec<Detail<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<super::body::Function<'a>>,
}

/// What an answer used. What is not known is not told.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

impl Counts {
    /// The counts; none if nothing is known.
    #[must_use]
    pub fn of(usage: Usage) -> Option<Self> {
        let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
        let cached = usage.cache_read.or(usage.cache_write.map(|_| 0));
        (usage.input.is_some() || usage.output.is_some()).then(|| Self {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: input.saturating_add(output),
            prompt_tokens_details: cached
                .map(|cached_tokens| PromptDetails { cached_tokens, cache_write_tokens: usage.cache_write }),
            completion_tokens_details: usage
                .reasoning
                .map(|reasoning_tokens| CompletionDetails { reasoning_tokens }),
        })
    }
}
