//! Answers of Anthropic Messages.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::ids::Ids;
use crate::reply::{Reply, Stop};
use crate::request::messages::Request;

/// A message, whole or as a stream opens with it.
#[derive(Debug, Serialize)]
pub(crate) struct Message<'a> {
    id: String,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    pub(crate) content: Vec<Block<'a>>,
    pub(crate) stop_reason: Option<&'static str>,
    pub(crate) stop_sequence: Option<&'a str>,
    stop_details: Option<()>,
    pub(crate) usage: Usage,
}

/// A content block.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Block<'a> {
    Thinking { thinking: &'a str, signature: &'a str },
    Text { text: &'a str },
    ToolUse { id: String, name: &'a str, input: Box<RawValue> },
}

/// Tokens used.
#[derive(Debug, Serialize)]
pub(crate) struct Usage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    pub(crate) output_tokens: u64,
    /// Not told a second time at a stream's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

impl Usage {
    /// The usage as a stream's end tells it.
    pub(crate) fn at_end(self) -> Self {
        Self { service_tier: None, ..self }
    }
}

/// What `count_tokens` answers.
#[derive(Debug, Serialize)]
pub(crate) struct Count {
    pub(crate) input_tokens: u64,
}

/// The whole message.
pub(crate) fn message<'a>(request: &'a Request, reply: &'a Reply, ids: &Ids) -> Message<'a> {
    Message {
        id: ids.id("msg_01", 0),
        r#type: "message",
        role: "assistant",
        model: &request.ask.model,
        content: blocks(request, reply, ids),
        stop_reason: Some(stop_reason(&reply.stop)),
        stop_sequence: match &reply.stop {
            Stop::Sequence(sequence) => Some(sequence),
            _ => None,
        },
        stop_details: None,
        usage: Usage {
            input_tokens: reply.usage.input,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 0,
            output_tokens: reply.usage.output,
            service_tier: Some("standard"),
        },
    }
}

fn blocks<'a>(request: &Request, reply: &'a Reply, ids: &Ids) -> Vec<Block<'a>> {
    let thinking = reply.thinking.as_ref().map(|thinking| Block::Thinking {
        thinking: if request.omit_thinking { "" } else { &thinking.text },
        signature: &thinking.seal,
    });
    let text = reply.text.as_deref().map(|text| Block::Text { text });
    let calls = reply.calls.iter().enumerate().map(|(index, call)| Block::ToolUse {
        id: tool_use_id(ids, index),
        name: &call.name,
        input: RawValue::from_string(call.arguments.clone()).unwrap_or_else(|_| RawValue::NULL.to_owned()),
    });
    thinking.into_iter().chain(text).chain(calls).collect()
}

/// The id of the `index`th call.
pub(crate) fn tool_use_id(ids: &Ids, index: usize) -> String {
    ids.id("toolu_01", index)
}

fn stop_reason(stop: &Stop) -> &'static str {
    match stop {
        Stop::End => "end_turn",
        Stop::ToolUse => "tool_use",
        Stop::MaxTokens => "max_tokens",
        Stop::Sequence(_) => "stop_sequence",
    }
}
