//! Responses: a response.

use std::collections::BTreeSet;

use serde_json::Value;

use super::chat::span;
use super::{count, object, one_of, there};
use crate::golden::demand::{Outcome, demand, list, text};

pub(super) fn check(response: &Value) -> Outcome {
    head(response)?;
    ended(response)
}

/// What is known from the beginning.
pub(crate) fn head(response: &Value) -> Outcome {
    // OpenAI's schema requires these.
    let fields = [
        "created_at",
        "error",
        "id",
        "incomplete_details",
        "instructions",
        "metadata",
        "model",
        "object",
        "output",
        "parallel_tool_calls",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
    ];
    there(response, &fields, "the response")?;
    demand(text(&response["id"], "id")?.starts_with("resp_"), "an id that is none of a response")?;
    demand(response["object"] == "response", "no response")?;
    demand(count(&response["created_at"], "created_at")? > 0, "not created at any time")?;
    text(&response["model"], "model")?;
    let tiers = ["auto", "default", "flex", "scale", "priority"];
    one_of(&response["service_tier"], &tiers, "service_tier")
}

/// What is told at the end of one that has not failed.
pub(crate) fn ended(response: &Value) -> Outcome {
    demand(response["error"].is_null(), "an error in what has not failed")?;
    match response["status"].as_str() {
        Some("completed") => demand(response["incomplete_details"].is_null(), "incomplete, and completed")?,
        Some("incomplete") => {
            let reasons = ["max_output_tokens", "content_filter"];
            one_of(&response["incomplete_details"]["reason"], &reasons, "reason")?;
        }
        other => return Err(format!("status: {other:?}")),
    }
    let mut ids = BTreeSet::new();
    for item in list(&response["output"]) {
        self::item(item)?;
        demand(ids.insert(text(&item["id"], "id")?), "an id twice")?;
        let cut = item["status"] == "incomplete";
        demand(!cut || response["status"] == "incomplete", "an incomplete item in what is completed")?;
    }
    if response["usage"].is_null() { Ok(()) } else { usage(&response["usage"]) }
}

pub(crate) fn item(item: &Value) -> Outcome {
    let status = || one_of(&item["status"], &["completed", "incomplete"], "status");
    let called = || text(&item["call_id"], "call_id").and(text(&item["name"], "name")).map(drop);
    match item["type"].as_str() {
        Some("message") => {
            demand(item["role"] == "assistant", "not the assistant's")?;
            demand(item["content"].is_array(), "a message without content")?;
            list(&item["content"]).iter().try_for_each(part)?;
            status()
        }
        Some("reasoning") => {
            demand(item["summary"].is_array(), "thoughts without a summary")?;
            let texts = list(&item["summary"]).iter();
            texts.map(|part| text(&part["text"], "text")).try_for_each(|text| text.map(drop))
        }
        Some("function_call") => {
            let cut = item["status"] == "incomplete";
            if cut {
                demand(item["arguments"].is_string(), "no arguments")?
            } else {
                object(&item["arguments"], "arguments")?
            }
            called().and(status())
        }
        Some("custom_tool_call") => {
            demand(item["input"].is_string(), "no input")?;
            called().and(status())
        }
        _ => Err(format!("no item of an answer: {item}")),
    }
}

pub(crate) fn part(part: &Value) -> Outcome {
    match part["type"].as_str() {
        Some("output_text") => {
            there(part, &["text", "annotations", "logprobs"], "a text")?;
            let said = part["text"].as_str().ok_or("a text that is none")?;
            list(&part["annotations"]).iter().try_for_each(|source| annotation(source, said))
        }
        Some("refusal") => text(&part["refusal"], "refusal").map(drop),
        _ => Err(format!("no part of a message: {part}")),
    }
}

fn annotation(source: &Value, said: &str) -> Outcome {
    match source["type"].as_str() {
        Some("url_citation") => {
            text(&source["url"], "url")?;
            there(source, &["title"], "a url_citation")?;
            span(source, said)
        }
        Some("file_citation") => {
            text(&source["file_id"], "file_id")?;
            there(source, &["filename"], "a file_citation")?;
            count(&source["index"], "index").map(drop)
        }
        _ => Err(format!("no annotation: {source}")),
    }
}

fn usage(usage: &Value) -> Outcome {
    let tokens = |field: &str| count(&usage[field], field);
    let (input, output) = (tokens("input_tokens")?, tokens("output_tokens")?);
    demand(tokens("total_tokens")? == input + output, "a total that is none")?;
    let cached = count(&usage["input_tokens_details"]["cached_tokens"], "cached_tokens")?;
    let thought = count(&usage["output_tokens_details"]["reasoning_tokens"], "reasoning_tokens")?;
    demand(cached <= input && thought <= output, "a part that is more than the whole")
}
