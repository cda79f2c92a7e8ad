//! Answers of OpenAI Responses.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::ids::{CREATED, Ids};
use crate::reply::{Reply, Stop};
use crate::request::responses::{Echo, Request};

/// A response, whole or in progress.
#[derive(Debug, Serialize)]
pub(crate) struct Response<'a> {
    id: String,
    object: &'static str,
    created_at: i64,
    status: &'static str,
    background: bool,
    error: Option<()>,
    incomplete_details: Option<IncompleteDetails>,
    instructions: Or<'a>,
    max_output_tokens: Option<u64>,
    max_tool_calls: Option<u64>,
    model: &'a str,
    output: Vec<Item<'a>>,
    parallel_tool_calls: bool,
    previous_response_id: Option<&'a str>,
    prompt_cache_key: Or<'a>,
    reasoning: Or<'a>,
    safety_identifier: Option<&'a str>,
    service_tier: &'static str,
    /// Nothing is ever stored, whatever the request says.
    store: bool,
    temperature: Or<'a>,
    text: Or<'a>,
    tool_choice: Or<'a>,
    tools: Or<'a>,
    top_logprobs: u64,
    top_p: Or<'a>,
    truncation: Or<'a>,
    usage: Option<Usage>,
    user: Or<'a>,
    metadata: Or<'a>,
}

/// What the request said, or the vendor's default as JSON.
#[derive(Debug, Clone, Copy)]
struct Or<'a>(&'a Option<Box<RawValue>>, &'static str);

impl Serialize for Or<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0, serde_json::from_str::<&RawValue>(self.1)) {
            (Some(said), _) => said.serialize(serializer),
            (None, Ok(default)) => default.serialize(serializer),
            (None, Err(_)) => serializer.serialize_none(),
        }
    }
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
    let Echo { instructions, metadata, prompt_cache_key, reasoning, temperature, text, .. } = &request.echo;
    let Echo { tool_choice, tools, top_p, truncation, user, .. } = &request.echo;
    Response {
        id: ids.id("resp_", 0),
        object: "response",
        created_at: CREATED,
        status: "in_progress",
        background: false,
        error: None,
        incomplete_details: None,
        instructions: Or(instructions, "null"),
        max_output_tokens: request.ask.max_tokens,
        max_tool_calls: None,
        model: &request.ask.model,
        output: Vec::new(),
        parallel_tool_calls: request.ask.parallel,
        previous_response_id: None,
        prompt_cache_key: Or(prompt_cache_key, "null"),
        reasoning: Or(reasoning, r#"{"effort":null,"summary":null}"#),
        safety_identifier: None,
        service_tier: "default",
        store: false,
        temperature: Or(temperature, "1.0"),
        text: Or(text, r#"{"format":{"type":"text"},"verbosity":"medium"}"#),
        tool_choice: Or(tool_choice, r#""auto""#),
        tools: Or(tools, "[]"),
        top_logprobs: 0,
        top_p: Or(top_p, "1.0"),
        truncation: Or(truncation, r#""disabled""#),
        usage: None,
        user: Or(user, "null"),
        metadata: Or(metadata, "{}"),
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
