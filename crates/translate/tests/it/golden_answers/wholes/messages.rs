//! Messages: a message.

use serde_json::Value;

use super::{count, one_of, there};
use crate::golden::demand::{Outcome, demand, list, text};

pub(super) fn check(message: &Value) -> Outcome {
    head(message)?;
    let content = message["content"].as_array().ok_or("content is no list")?;
    content.iter().try_for_each(block)?;
    ending(message, content)
}

/// What is known from the beginning.
pub(crate) fn head(message: &Value) -> Outcome {
    let fields = ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"];
    there(message, &fields, "the message")?;
    demand(text(&message["id"], "id")?.starts_with("msg_"), "an id that is none of a message")?;
    demand(message["type"] == "message" && message["role"] == "assistant", "no message of the assistant's")?;
    text(&message["model"], "model")?;
    usage(&message["usage"])
}

pub(crate) fn usage(usage: &Value) -> Outcome {
    count(&usage["input_tokens"], "input_tokens")?;
    count(&usage["output_tokens"], "output_tokens")?;
    for field in ["cache_creation_input_tokens", "cache_read_input_tokens"] {
        let value = &usage[field];
        demand(value.is_null() || value.is_u64(), format!("{field}: {value}"))?;
    }
    let tier = &usage["service_tier"];
    if tier.is_null() { Ok(()) } else { one_of(tier, &["standard", "priority", "batch"], "service_tier") }
}

pub(crate) fn block(block: &Value) -> Outcome {
    match block["type"].as_str() {
        Some("text") => {
            text(&block["text"], "text")?;
            list(&block["citations"]).iter().try_for_each(citation)
        }
        Some("thinking") => {
            there(block, &["thinking", "signature"], "a thinking block")?;
            text(&block["signature"], "signature").map(drop)
        }
        Some("redacted_thinking") => text(&block["data"], "data").map(drop),
        Some("tool_use") => {
            text(&block["id"], "id")?;
            text(&block["name"], "name")?;
            demand(block["input"].is_object(), "an input that is no object")
        }
        _ => Err(format!("no block of an answer: {block}")),
    }
}

pub(crate) fn citation(citation: &Value) -> Outcome {
    one_of(&citation["type"], &["web_search_result_location"], "a citation")?;
    there(citation, &["cited_text", "encrypted_index", "title", "url"], "a citation")?;
    let quote = citation["cited_text"].as_str().ok_or("cited_text is no text")?;
    demand(quote.chars().count() <= 150, "cited_text is longer than Anthropic's")
}

/// Why it ends, which has to fit what is there.
pub(crate) fn ending(message: &Value, content: &[Value]) -> Outcome {
    let reasons = [
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
    ];
    let reason = &message["stop_reason"];
    one_of(reason, &reasons, "stop_reason")?;
    let calls = content.iter().any(|block| block["type"] == "tool_use");
    demand(reason != "tool_use" || calls, "tool_use without a tool")?;
    demand(reason != "end_turn" || !calls, "end_turn with a tool to be called")?;
    let sequence = &message["stop_sequence"];
    demand(sequence.is_null() || reason == "stop_sequence", "a stop_sequence at another stop")
}
