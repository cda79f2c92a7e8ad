//! Anthropic Messages, whole and streamed.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::record::Recorded;
use super::super::reply::Reply;
use super::turn::{Asked, Offer, Turn};
use super::{named_event, pieces, tokens};

/// The signature every thinking block gets and must come back with.
const SIGNATURE: &str = "EqQBCkYIAhABGAIiQScriptedSignature0123456789+/==";
const THOUGHT: &str = "The user expects an answer; a scripted one will do.";

pub(super) fn create(request: &Recorded) -> Reply {
    let body = request.json();
    let content = content(&body);
    let calls = content.iter().any(|block| block["type"] == "tool_use");
    let stop_reason = if calls { "tool_use" } else { "end_turn" };
    let message = json!({
        "id": "msg_01Scripted", "type": "message", "role": "assistant", "model": body["model"], "content": content,
        "stop_reason": stop_reason, "stop_sequence": null, "stop_details": null, "usage": usage(&body, &content),
        "x_upstream_extra": {"kept": true},
    });
    if body["stream"] == true { Reply::stream(200, events(message)) } else { Reply::json(200, &message) }
}

pub(super) fn count_tokens(request: &Recorded) -> Reply {
    Reply::json(200, &json!({"input_tokens": input_tokens(&request.json()), "x_upstream_extra": true}))
}

/// What Anthropic would call a bad request.
pub(super) fn complaint(request: &Recorded, body: &Value) -> Option<String> {
    if !body["max_tokens"].is_number() {
        return Some("max_tokens: Field required".to_owned());
    }
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    if messages.is_empty() {
        return Some("messages: at least one message is required".to_owned());
    }
    if request.header("anthropic-version") == Some("2026-10-21") {
        let old = ["temperature", "top_p", "top_k"].into_iter().find(|name| !body[name].is_null());
        if let Some(name) = old {
            return Some(format!("{name}: Extra inputs are not permitted"));
        }
    }
    let mut blocks = messages.iter().filter_map(|m| m["content"].as_array()).flatten();
    blocks
        .any(|block| block["type"] == "thinking" && block["signature"] != SIGNATURE)
        .then(|| "messages: Invalid `signature` in `thinking` block".to_owned())
}

fn content(body: &Value) -> Vec<Value> {
    let mut content = Vec::new();
    if matches!(body["thinking"]["type"].as_str(), Some("enabled" | "adaptive")) {
        let shown = if body["thinking"]["display"] == "omitted" { "" } else { THOUGHT };
        content.push(json!({"type": "thinking", "thinking": shown, "signature": SIGNATURE}));
    }
    match asked(body).turn() {
        Turn::Text(text) => content.push(json!({"type": "text", "text": text, "citations": null})),
        Turn::Calls(calls) => content.extend(calls.into_iter().map(|call| {
            let id = format!("toolu_{}", call.id);
            json!({"type": "tool_use", "id": id, "name": call.name, "input": call.arguments, "caller": {"type": "direct"}})
        })),
    }
    content
}

fn asked(body: &Value) -> Asked {
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let last = messages.iter().rfind(|m| m["role"] == "user").map(|m| &m["content"]).unwrap_or(&Value::Null);
    let blocks = last.as_array().map(Vec::as_slice).unwrap_or_default();
    let offers =
        body["tools"].as_array().into_iter().flatten().filter(|tool| tool["input_schema"].is_object());
    Asked {
        results: blocks.iter().filter(|b| b["type"] == "tool_result").map(|b| plain(&b["content"])).collect(),
        words: plain(last),
        offers: offers
            .map(|tool| Offer {
                name: tool["name"].as_str().unwrap_or_default().to_owned(),
                schema: tool["input_schema"].clone(),
            })
            .collect(),
        insists_on: body["tool_choice"]["name"].as_str().map(str::to_owned),
        forbidden: body["tool_choice"]["type"] == "none",
    }
}

/// The text of a content that is a string or a list of blocks.
fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            blocks.iter().filter_map(|b| b["text"].as_str()).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

fn input_tokens(body: &Value) -> usize {
    tokens(&body["system"].to_string())
        + tokens(&body["messages"].to_string())
        + tokens(&body["tools"].to_string())
}

fn usage(body: &Value, content: &[Value]) -> Value {
    let said = content.iter().map(|block| tokens(&block.to_string())).sum::<usize>();
    json!({
        "input_tokens": input_tokens(body), "output_tokens": said,
        "cache_creation_input_tokens": 32, "cache_read_input_tokens": 64,
        "cache_creation": {"ephemeral_5m_input_tokens": 32, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
    })
}

fn events(mut message: Value) -> Vec<Bytes> {
    let content = message["content"].take();
    let stop_reason = message["stop_reason"].take();
    let usage = message["usage"].clone();
    message["content"] = json!([]);
    message["usage"]["output_tokens"] = json!(1);
    let mut events = vec![json!({"type": "message_start", "message": message}), json!({"type": "ping"})];
    for (index, block) in content.as_array().into_iter().flatten().enumerate() {
        let (start, deltas) = opened(block);
        events.push(json!({"type": "content_block_start", "index": index, "content_block": start}));
        let deltas = deltas.into_iter();
        events.extend(deltas.map(|d| json!({"type": "content_block_delta", "index": index, "delta": d})));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({
        "type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": null}, "usage": usage,
    }));
    events.push(json!({"type": "message_stop"}));
    events.iter().map(named_event).collect()
}

/// A block as it starts, and what is added to it.
fn opened(block: &Value) -> (Value, Vec<Value>) {
    let mut start = block.clone();
    let text_of = |key: &str| block[key].as_str().unwrap_or_default().to_owned();
    let deltas = match block["type"].as_str() {
        Some("thinking") => {
            start["thinking"] = json!("");
            start["signature"] = json!("");
            let thoughts = pieces(&text_of("thinking"));
            let mut deltas: Vec<_> =
                thoughts.iter().map(|p| json!({"type": "thinking_delta", "thinking": p})).collect();
            deltas.push(json!({"type": "signature_delta", "signature": block["signature"]}));
            deltas
        }
        Some("tool_use") => {
            start["input"] = json!({});
            let mut parts = vec![String::new()];
            parts.extend(pieces(&block["input"].to_string()));
            parts.iter().map(|p| json!({"type": "input_json_delta", "partial_json": p})).collect()
        }
        _ => {
            start["text"] = json!("");
            pieces(&text_of("text")).iter().map(|p| json!({"type": "text_delta", "text": p})).collect()
        }
    };
    (start, deltas)
}
