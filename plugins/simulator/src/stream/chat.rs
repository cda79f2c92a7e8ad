//! Streams of OpenAI Chat Completions.

use serde::Serialize;

use super::Reel;
use crate::answer::chat::{FINGERPRINT, Usage, call_id, completion_id, finish_reason};
use crate::ids::{CREATED, Ids};
use crate::reply::{Reply, ToolCall};
use crate::request::chat::Request;
use crate::token::pieces;

#[derive(Debug, Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    service_tier: &'static str,
    system_fingerprint: &'static str,
    choices: &'a [Choice<'a>],
    /// Absent unless usage was asked for, then null in all chunks but the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<Usage>>,
}

#[derive(Debug, Serialize)]
struct Choice<'a> {
    index: usize,
    delta: Delta<'a>,
    logprobs: Option<()>,
    finish_reason: Option<&'static str>,
}

#[derive(Debug, Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[CallDelta<'a>; 1]>,
}

#[derive(Debug, Serialize)]
struct CallDelta<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    function: FunctionDelta<'a>,
}

#[derive(Debug, Serialize)]
struct FunctionDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

/// The chunks of a completion, choice by choice.
pub(crate) fn reel(request: &Request, reply: &Reply, ids: &Ids) -> Reel {
    let mut writer = Writer { request, id: completion_id(ids), reel: Reel::default() };
    for choice in 0..request.choices {
        writer.choice(choice, reply, ids);
    }
    if request.include_usage {
        let usage = Usage::new(reply.usage, request.choices);
        writer.chunk(&[], Some(Some(usage)), 0);
    }
    writer.reel.done();
    writer.reel
}

struct Writer<'a> {
    request: &'a Request,
    id: String,
    reel: Reel,
}

impl Writer<'_> {
    fn choice(&mut self, index: usize, reply: &Reply, ids: &Ids) {
        // Reasoning is not shown, but it takes its time before the first word.
        let thought = u32::try_from(reply.usage.thinking).unwrap_or(u32::MAX);
        self.delta(index, Delta { role: Some("assistant"), content: Some(""), ..Delta::default() }, thought);
        for piece in pieces(reply.text.as_deref().unwrap_or_default()) {
            self.delta(index, Delta { content: Some(piece), ..Delta::default() }, 1);
        }
        for (nth, call) in reply.calls.iter().enumerate() {
            self.call(index, nth, call_id(ids, index, nth), call);
        }
        self.part(index, Delta::default(), Some(finish_reason(&reply.stop)), 0);
    }

    fn call(&mut self, choice: usize, index: usize, id: String, call: &ToolCall) {
        let opening = FunctionDelta { name: Some(&call.name), arguments: "" };
        let opening = CallDelta { index, id: Some(id), r#type: Some("function"), function: opening };
        self.delta(choice, Delta { tool_calls: Some([opening]), ..Delta::default() }, 0);
        for arguments in pieces(&call.arguments) {
            let function = FunctionDelta { name: None, arguments };
            let more = CallDelta { index, id: None, r#type: None, function };
            self.delta(choice, Delta { tool_calls: Some([more]), ..Delta::default() }, 1);
        }
    }

    fn delta(&mut self, index: usize, delta: Delta<'_>, tokens: u32) {
        self.part(index, delta, None, tokens);
    }

    fn part(&mut self, index: usize, delta: Delta<'_>, finish_reason: Option<&'static str>, tokens: u32) {
        let usage = self.request.include_usage.then_some(None);
        self.chunk(&[Choice { index, delta, logprobs: None, finish_reason }], usage, tokens);
    }

    fn chunk(&mut self, choices: &[Choice<'_>], usage: Option<Option<Usage>>, tokens: u32) {
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: CREATED,
            model: &self.request.ask.model,
            service_tier: "default",
            system_fingerprint: FINGERPRINT,
            choices,
            usage,
        };
        self.reel.data(&chunk, tokens);
    }
}
