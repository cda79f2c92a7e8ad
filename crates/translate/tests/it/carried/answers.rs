//! How answers end, and what they say of tokens, as clients of the other dialects are told.

use std::fmt::Write as _;

use ccproxy_translate::{Exchange, Stamp, request};
use ccproxy_wire::Dialect;
use serde_json::{Value, json};

use super::{CLIENTS, Provider, probes};

pub(super) fn tables() -> Vec<(&'static str, String)> {
    vec![("endings", endings()), ("usage", usage())]
}

/// What a client is told.
fn told(client: Dialect, provider: Dialect, answer: &Value) -> Value {
    let provider = Provider { title: "", dialect: provider, model: "theirs" };
    let body = probes::least(client).to_string();
    let stamp = Stamp { id: "1".to_owned(), created: 1 };
    let translated = request(client, body.as_bytes(), provider.model, &provider.profile(), stamp).unwrap();
    let exchange: Exchange = translated.exchange;
    let (told, _) = exchange.answer(answer.to_string().as_bytes()).unwrap();
    serde_json::from_slice(&told).unwrap()
}

/// A row for each answer; in the column of the provider's own dialect there is nothing to translate.
fn rows(
    provider: Dialect,
    name: &str,
    answer: &Value,
    tell: fn(Dialect, &Value) -> String,
    out: &mut String,
) {
    write!(out, "| {provider} | {name} |").unwrap();
    for (client, _) in CLIENTS {
        let cell = if client == provider {
            "as it is".to_owned()
        } else {
            tell(client, &told(client, provider, answer))
        };
        write!(out, " {cell} |").unwrap();
    }
    out.push('\n');
}

fn messages(content: &Value, stop: &str) -> Value {
    json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
        "stop_reason": stop, "stop_sequence": (stop == "stop_sequence").then_some("END"),
        "usage": { "input_tokens": 1, "output_tokens": 1 } })
}

fn chat(message: &Value, reason: &str) -> Value {
    json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{ "index": 0, "message": message, "finish_reason": reason }] })
}

fn responses(output: &Value, status: &str, reason: Option<&str>) -> Value {
    json!({ "id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": status,
        "incomplete_details": reason.map(|reason| json!({ "reason": reason })), "output": output })
}

fn ending(client: Dialect, told: &Value) -> String {
    let code = |field: &str, value: &Value| {
        (!value.is_null()).then(|| format!("`{field}`: `{}`", value.as_str().unwrap()))
    };
    let parts = match client {
        Dialect::Messages => {
            [code("stop_reason", &told["stop_reason"]), code("stop_sequence", &told["stop_sequence"])]
        }
        Dialect::Chat => [code("finish_reason", &told["choices"][0]["finish_reason"]), None],
        Dialect::Responses => {
            [code("status", &told["status"]), code("reason", &told["incomplete_details"]["reason"])]
        }
    };
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn endings() -> String {
    let mut out = head("ends with");
    let text = json!([{ "type": "text", "text": "hi" }]);
    let call = json!([{ "type": "tool_use", "id": "toolu_1", "name": "f", "input": {} }]);
    for stop in
        ["end_turn", "stop_sequence", "max_tokens", "model_context_window_exceeded", "refusal", "pause_turn"]
    {
        rows(Dialect::Messages, &format!("`{stop}`"), &messages(&text, stop), ending, &mut out);
    }
    rows(Dialect::Messages, "`tool_use`", &messages(&call, "tool_use"), ending, &mut out);
    let said = json!({ "role": "assistant", "content": "hi" });
    let called = json!({ "role": "assistant", "content": null, "tool_calls": [{ "id": "call_1", "type": "function",
        "function": { "name": "f", "arguments": "{}" } }] });
    for reason in ["stop", "length", "content_filter"] {
        rows(Dialect::Chat, &format!("`{reason}`"), &chat(&said, reason), ending, &mut out);
    }
    rows(Dialect::Chat, "`tool_calls`", &chat(&called, "tool_calls"), ending, &mut out);
    rows(Dialect::Chat, "`stop`, with calls", &chat(&called, "stop"), ending, &mut out);
    let refused = json!({ "role": "assistant", "content": null, "refusal": "No." });
    rows(Dialect::Chat, "`stop`, with a `refusal`", &chat(&refused, "stop"), ending, &mut out);
    let item = |part: Value| json!([{ "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part] }]);
    let said = item(json!({ "type": "output_text", "text": "hi", "annotations": [] }));
    let refused = item(json!({ "type": "refusal", "refusal": "No." }));
    let call = json!([{ "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}" }]);
    let answers = [
        ("`completed`", responses(&said, "completed", None)),
        ("`completed`, with calls", responses(&call, "completed", None)),
        ("`completed`, with a `refusal`", responses(&refused, "completed", None)),
        ("`incomplete`, `max_output_tokens`", responses(&said, "incomplete", Some("max_output_tokens"))),
        ("`incomplete`, `content_filter`", responses(&said, "incomplete", Some("content_filter"))),
    ];
    for (name, answer) in answers {
        rows(Dialect::Responses, name, &answer, ending, &mut out);
    }
    out
}

fn head(title: &str) -> String {
    format!("| provider | {title} | Messages | Chat Completions | Responses |\n|---|---|---|---|---|\n")
}

fn usage() -> String {
    let with = |mut answer: Value, usage: Value| {
        answer["usage"] = usage;
        answer
    };
    let answers = [
        (
            Dialect::Messages,
            with(
                messages(&json!([{ "type": "text", "text": "hi" }]), "end_turn"),
                json!({ "input_tokens": 100, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 3,
                    "output_tokens": 50, "output_tokens_details": { "thinking_tokens": 40 } }),
            ),
        ),
        (
            Dialect::Chat,
            with(
                chat(&json!({ "role": "assistant", "content": "hi" }), "stop"),
                json!({ "prompt_tokens": 123, "completion_tokens": 50, "total_tokens": 173,
                    "prompt_tokens_details": { "cached_tokens": 20 },
                    "completion_tokens_details": { "reasoning_tokens": 40 } }),
            ),
        ),
        (
            Dialect::Responses,
            with(
                responses(&json!([]), "completed", None),
                json!({ "input_tokens": 123, "output_tokens": 50, "total_tokens": 173,
                    "input_tokens_details": { "cached_tokens": 20 },
                    "output_tokens_details": { "reasoning_tokens": 40 } }),
            ),
        ),
    ];
    let mut out = head("says");
    for (provider, answer) in answers {
        let says = fields(&answer["usage"]);
        rows(provider, &says, &answer, |_, told| fields(&told["usage"]), &mut out);
    }
    out
}

/// The numbers, one a line; those that nobody has told are left out.
fn fields(usage: &Value) -> String {
    fn walk(value: &Value, path: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let dot = if path.is_empty() { "" } else { "." };
                    walk(value, &format!("{path}{dot}{name}"), out);
                }
            }
            Value::Number(number) if number.as_u64() != Some(0) => out.push(format!("`{path}`: {number}")),
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(usage, "", &mut out);
    out.join("<br>")
}
