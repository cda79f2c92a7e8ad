//! Chat Completions: a completion.

use serde_json::Value;

use super::{count, object, one_of, there};
use crate::golden::demand::{Outcome, demand, list, text};

pub(super) fn check(completion: &Value) -> Outcome {
    head(completion, "chat.completion")?;
    let [choice] = list(&completion["choices"]) else { return Err("not one choice".to_owned()) };
    there(choice, &["index", "message", "logprobs", "finish_reason"], "the choice")?;
    let message = &choice["message"];
    there(message, &["role", "content", "refusal"], "the message")?;
    demand(choice["index"] == 0 && message["role"] == "assistant", "not the assistant's first choice")?;
    for field in ["content", "refusal", "reasoning_content", "reasoning"] {
        let value = &message[field];
        demand(value.is_null() || value.is_string(), format!("{field}: {value}"))?;
    }
    let instead = ["refusal", "tool_calls", "function_call"].iter().any(|field| !message[*field].is_null());
    demand(instead || message["content"].is_string(), "a message that says nothing, not even that")?;
    let said = message["content"].as_str().unwrap_or_default();
    list(&message["annotations"]).iter().try_for_each(|source| annotation(source, said))?;
    list(&message["reasoning_details"]).iter().try_for_each(detail)?;
    let calls = list(&message["tool_calls"]);
    calls.iter().try_for_each(call)?;
    demand(message.get("tool_calls").is_none() || !calls.is_empty(), "an empty list of calls")?;
    ending(&choice["finish_reason"], calls, !message["function_call"].is_null())?;
    if completion["usage"].is_null() { Ok(()) } else { usage(&completion["usage"]) }
}

/// What a completion and a chunk have in common.
pub(crate) fn head(body: &Value, object: &str) -> Outcome {
    demand(text(&body["id"], "id")?.starts_with("chatcmpl-"), "an id that is none of a completion")?;
    demand(body["object"] == object, format!("no {object}"))?;
    demand(count(&body["created"], "created")? > 0, "not created at any time")?;
    text(&body["model"], "model")?;
    let tier = &body["service_tier"];
    if tier.is_null() {
        Ok(())
    } else {
        one_of(tier, &["default", "flex", "scale", "priority"], "service_tier")
    }
}

/// Why it ends, which has to fit what is there.
pub(crate) fn ending(reason: &Value, calls: &[Value], function: bool) -> Outcome {
    one_of(reason, &["stop", "length", "tool_calls", "content_filter", "function_call"], "finish_reason")?;
    demand(reason != "tool_calls" || !calls.is_empty(), "tool_calls without any")?;
    demand(reason != "function_call" || function, "function_call without one")?;
    demand(reason != "stop" || (calls.is_empty() && !function), "stop with something to be called")?;
    // What is cut off may be no JSON.
    if reason == "tool_calls" { calls.iter().try_for_each(arguments) } else { Ok(()) }
}

fn call(call: &Value) -> Outcome {
    text(&call["id"], "id")?;
    match call["type"].as_str() {
        Some("function") => {
            there(&call["function"], &["arguments"], "a function")?;
            text(&call["function"]["name"], "name").map(drop)
        }
        Some("custom") => {
            demand(call["custom"]["input"].is_string(), "a custom tool without input")?;
            text(&call["custom"]["name"], "name").map(drop)
        }
        _ => Err(format!("no call: {call}")),
    }
}

fn arguments(call: &Value) -> Outcome {
    if call["type"] == "custom" { Ok(()) } else { object(&call["function"]["arguments"], "arguments") }
}

/// A source, of some of the text.
pub(crate) fn annotation(source: &Value, said: &str) -> Outcome {
    demand(source["type"] == "url_citation", format!("no annotation: {source}"))?;
    let cited = &source["url_citation"];
    text(&cited["url"], "url")?;
    there(cited, &["title"], "a url_citation")?;
    span(cited, said)
}

pub(crate) fn span(cited: &Value, said: &str) -> Outcome {
    let (start, end) =
        (count(&cited["start_index"], "start_index")?, count(&cited["end_index"], "end_index")?);
    demand(
        start <= end && end <= said.chars().count() as u64,
        format!("a place outside of the text: {cited}"),
    )
}

/// In the form that OpenRouter has made known.
pub(crate) fn detail(detail: &Value) -> Outcome {
    count(&detail["index"], "index")?;
    match detail["type"].as_str() {
        Some("reasoning.text") => {
            demand(detail["text"].is_string() || detail["signature"].is_string(), "a thought of nothing")
        }
        Some("reasoning.summary") => text(&detail["summary"], "summary").map(drop),
        Some("reasoning.encrypted") => text(&detail["data"], "data").map(drop),
        _ => Err(format!("no detail: {detail}")),
    }
}

pub(crate) fn usage(usage: &Value) -> Outcome {
    let tokens = |field: &str| count(&usage[field], field);
    let (input, output) = (tokens("prompt_tokens")?, tokens("completion_tokens")?);
    demand(tokens("total_tokens")? == input + output, "a total that is none")?;
    let (of_input, of_output) = (&usage["prompt_tokens_details"], &usage["completion_tokens_details"]);
    let within = |part: &Value, whole: u64| part.as_u64().unwrap_or_default() <= whole;
    demand(within(&of_input["cached_tokens"], input), "more is cached than was sent")?;
    demand(within(&of_output["reasoning_tokens"], output), "more is thought than was told")
}
