//! Answers of OpenAI Chat Completions.

use serde::Serialize;

use crate::ids::{CREATED, Ids};
use crate::reply::{self, Reply, Stop};
use crate::request::chat::Request;

/// Names the simulator where the vendor names its backend.
pub(crate) const FINGERPRINT: &str = "fp_ccproxy_simulator";

#[derive(Debug, Serialize)]
pub(crate) struct Completion<'a> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<Choice<'a>>,
    usage: Usage,
    service_tier: &'static str,
    system_fingerprint: &'static str,
}

#[derive(Debug, Serialize)]
struct Choice<'a> {
    index: usize,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<()>,
    annotations: [(); 0],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'a>>,
}

#[derive(Debug, Serialize)]
struct ToolCall<'a> {
    id: String,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

/// Tokens used.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
    audio_tokens: u64,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

impl Usage {
    /// The usage of so many equal choices.
    pub(crate) fn new(usage: reply::Usage, choices: usize) -> Self {
        let completion_tokens = usage.output.saturating_mul(choices as u64);
        Self {
            prompt_tokens: usage.input,
            completion_tokens,
            total_tokens: usage.input.saturating_add(completion_tokens),
            prompt_tokens_details: PromptDetails { cached_tokens: 0, cache_write_tokens: 0, audio_tokens: 0 },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: usage.thinking.saturating_mul(choices as u64),
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }
    }
}

/// The whole completion.
pub(crate) fn completion<'a>(request: &'a Request, reply: &'a Reply, ids: &Ids) -> Completion<'a> {
    let choice = |index| Choice {
        index,
        message: Message {
            role: "assistant",
            content: reply.text.as_deref(),
            refusal: None,
            annotations: [],
            tool_calls: calls(reply, ids, index),
        },
        logprobs: None,
        finish_reason: finish_reason(&reply.stop),
    };
    Completion {
        id: completion_id(ids),
        object: "chat.completion",
        created: CREATED,
        model: &request.ask.model,
        choices: (0..request.choices).map(choice).collect(),
        usage: Usage::new(reply.usage, request.choices),
        service_tier: "default",
        system_fingerprint: FINGERPRINT,
    }
}

fn calls<'a>(reply: &'a Reply, ids: &Ids, choice: usize) -> Vec<ToolCall<'a>> {
    let call = |(index, call): (usize, &'a reply::ToolCall)| ToolCall {
        id: call_id(ids, choice, index),
        r#type: "function",
        function: Function { name: &call.name, arguments: &call.arguments },
    };
    reply.calls.iter().enumerate().map(call).collect()
}

/// The completion's id.
pub(crate) fn completion_id(ids: &Ids) -> String {
    ids.id("chatcmpl-", 0)
}

/// The id of a choice's `index`th call.
pub(crate) fn call_id(ids: &Ids, choice: usize, index: usize) -> String {
    ids.id("call_", choice * 2 + index)
}

/// Why a choice ends.
pub(crate) fn finish_reason(stop: &Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) => "stop",
        Stop::ToolUse => "tool_calls",
        Stop::MaxTokens => "length",
    }
}
