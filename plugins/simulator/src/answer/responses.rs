//! Answers of OpenAI Responses.

use ccproxy_wire::responses::echo::Echo;
use serde::Serialize;

use crate::ids::{CREATED, Ids};
use crate::reply::{Reply, Stop};
use crate::request::responses::Request;

/// A response, whole or in progress.
#[derive(Debug, Serialize)]
pub(crate) struct Response<'a> {
    id: String,
    object: &'static str,
    created_at: i64,
    status: &'static str,
    error: Option<()>,
    incomplete_details: Option<IncompleteDetails>,
    model: &'a str,
    output: Vec<Item<'a>>,
    service_tier: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(flatten)]
    echo: &'a Echo,
}

#[derive(Debug, Serialize)]
struct IncompleteDetails {
    reason: &'static str,
}

/// An item of the output.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Item<'a> {
    Reasoning {
        id: String,
        summary: Vec<Part<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
    },
    Message {
        id: String,
        status: &'static str,
        role: &'static str,
        content: Vec<Part<'a>>,
    },
    FunctionCall {
        id: String,
        status: &'static str,
        arguments: &'a str,
        call_id: String,
        name: &'a str,
    },
}

/// A part of an item.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Part<'a> {
    SummaryText { text: &'a str },
    OutputText { annotations: [(); 0], logprobs: [(); 0], text: &'a str },
}

impl<'a> Part<'a> {
    /// A part of a message.
    pub(crate) fn output_text(text: &'a str) -> Self {
        Self::OutputText { annotations: [], logprobs: [], text }
    }
}

/// Tokens used.
#[derive(Debug, Serialize)]
struct Usage {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Debug, Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Debug, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

/// Whether all was said.
pub(crate) fn is_complete(reply: &Reply) -> bool {
    reply.stop != Stop::MaxTokens
}

/// The word for an item or a response that has ended.
fn ended(reply: &Reply) -> &'static str {
    if is_complete(reply) { "completed" } else { "incomplete" }
}

/// The whole response.
pub(crate) fn response<'a>(request: &'a Request, reply: &'a Reply, ids: &Ids) -> Response<'a> {
    let usage = reply.usage;
    let details = IncompleteDetails { reason: "max_output_tokens" };
    Response {
        status: ended(reply),
        incomplete_details: (!is_complete(reply)).then_some(details),
        output: items(request, reply, ids),
        usage: Some(Usage {
            input_tokens: usage.input,
            input_tokens_details: InputDetails { cached_tokens: 0, cache_write_tokens: 0 },
            output_tokens: usage.output,
            output_tokens_details: OutputDetails { reasoning_tokens: usage.thinking },
            total_tokens: usage.input.saturating_add(usage.output),
        }),
        ..in_progress(request, ids)
    }
}

/// The response before it has any output.
pub(crate) fn in_progress<'a>(request: &'a Request, ids: &Ids) -> Response<'a> {
    Response {
        id: ids.id("resp_", 0),
        object: "response",
        created_at: CREATED,
        status: "in_progress",
        error: None,
        incomplete_details: None,
        model: &request.ask.model,
        output: Vec::new(),
        service_tier: "default",
        usage: None,
        echo: &request.echo,
    }
}

/// The finished items, in their order.
pub(crate) fn items<'a>(request: &Request, reply: &'a Reply, ids: &Ids) -> Vec<Item<'a>> {
    let reasoning = reply.thinking.as_ref().map(|thinking| Item::Reasoning {
        id: ids.id("rs_", 0),
        summary: vec![Part::SummaryText { text: &thinking.text }],
        encrypted_content: request.encrypted.then(|| thinking.seal.clone()),
    });
    let message = reply.text.as_deref().map(|text| Item::Message {
        id: ids.id("msg_", 0),
        status: ended(reply),
        role: "assistant",
        content: vec![Part::output_text(text)],
    });
    let calls = reply.calls.iter().enumerate().map(|(index, call)| Item::FunctionCall {
        id: ids.id("fc_", index),
        status: "completed",
        arguments: &call.arguments,
        call_id: ids.id("call_", index),
        name: &call.name,
    });
    reasoning.into_iter().chain(message).chain(calls).collect()
}
