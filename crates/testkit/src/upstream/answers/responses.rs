//! OpenAI Responses, whole and streamed.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::record::Recorded;
use super::super::reply::Reply;
use super::turn::{Asked, Offer, Turn};
use super::{named_event, pieces, tokens};

/// What every reasoning item gets and must come back with.
const ENCRYPTED: &str = "gAAAAABScriptedReasoning==";
const THOUGHT: &str = "**Thinking it over** A scripted answer will do.";

pub(super) fn create(request: &Recorded) -> Reply {
    let body = request.json();
    let output = output(&body);
    let done = response(&body, "completed", &output);
    if body["stream"] != true {
        return Reply::json(200, &done);
    }
    let begun = response(&body, "in_progress", &[]);
    let mut events = vec![
        json!({"type": "response.created", "response": begun}),
        json!({"type": "response.in_progress", "response": begun}),
    ];
    for (index, item) in output.iter().enumerate() {
        events.extend(item_events(index, item));
    }
    events.push(json!({"type": "response.completed", "response": done}));
    Reply::stream(200, events.into_iter().enumerate().map(numbered).collect())
}

fn numbered((number, mut event): (usize, Value)) -> Bytes {
    event["sequence_number"] = json!(number);
    named_event(&event)
}

/// An answer to `GET` or `DELETE /v1/responses/{id}`; any id is known.
pub(super) fn stored(request: &Recorded) -> Reply {
    let id = request.path().trim_start_matches("/v1/responses/");
    if request.method == "DELETE" {
        return Reply::json(200, &json!({"id": id, "object": "response", "deleted": true}));
    }
    let body = json!({"model": "gpt-5.4", "input": "", "reasoning": {}});
    let mut whole = response(&body, "completed", &output(&body));
    whole["id"] = json!(id);
    Reply::json(200, &whole)
}

/// What OpenAI would call a bad request.
pub(super) fn complaint(body: &Value) -> Option<String> {
    let mut items = body["input"].as_array().into_iter().flatten();
    let foreign = |item: &Value| item["encrypted_content"].as_str().is_some_and(|sealed| sealed != ENCRYPTED);
    items
        .any(|item| item["type"] == "reasoning" && foreign(item))
        .then(|| "The encrypted content could not be verified".to_owned())
}

fn output(body: &Value) -> Vec<Value> {
    let mut output = Vec::new();
    if body["reasoning"]["effort"].is_string() || body["reasoning"]["summary"].is_string() {
        let mut item = json!({
            "type": "reasoning", "id": "rs_Scripted", "summary": [{"type": "summary_text", "text": THOUGHT}],
        });
        let include = body["include"].as_array();
        if include.is_some_and(|all| all.iter().any(|i| i == "reasoning.encrypted_content")) {
            item["encrypted_content"] = json!(ENCRYPTED);
        }
        output.push(item);
    }
    match asked(body).turn() {
        Turn::Text(text) => output.push(json!({
            "type": "message", "id": "msg_Scripted", "role": "assistant", "status": "completed", "phase": "final_answer",
            "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}],
        })),
        Turn::Calls(calls) => output.extend(calls.iter().map(|call| {
            json!({
                "type": "function_call", "id": format!("fc_{}", call.id), "call_id": format!("call_{}", call.id),
                "name": call.name, "arguments": call.arguments.to_string(), "status": "completed",
            })
        })),
    }
    output
}

fn asked(body: &Value) -> Asked {
    let words = body["input"].as_str().unwrap_or_default().to_owned();
    let items = body["input"].as_array().map(Vec::as_slice).unwrap_or_default();
    let result = |item: &Value| item["type"].as_str().is_some_and(|kind| kind.ends_with("_call_output"));
    let results = items.iter().rev().take_while(|item| result(item)).map(|item| plain(&item["output"]));
    let mut results: Vec<_> = results.collect();
    results.reverse();
    let last = items.iter().rfind(|item| item["role"] == "user").map(|item| plain(&item["content"]));
    let tools = body["tools"].as_array().into_iter().flatten().filter(|tool| tool["type"] == "function");
    Asked {
        results,
        words: last.unwrap_or(words),
        offers: tools
            .filter_map(|tool| {
                Some(Offer { name: tool["name"].as_str()?.to_owned(), schema: tool["parameters"].clone() })
            })
            .collect(),
        insists_on: body["tool_choice"]["name"].as_str().map(str::to_owned),
        forbidden: body["tool_choice"] == "none",
    }
}

fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|p| p["text"].as_str()).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn response(body: &Value, status: &str, output: &[Value]) -> Value {
    let done = status == "completed";
    let (asked, said) =
        (tokens(&body["input"].to_string()), output.iter().map(|o| tokens(&o.to_string())).sum::<usize>());
    let usage = json!({
        "input_tokens": asked, "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 0},
        "output_tokens": said, "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": asked + said,
    });
    let or = |key: &str, default: Value| if body[key].is_null() { default } else { body[key].clone() };
    json!({
        "id": "resp_Scripted", "object": "response", "created_at": 1_795_000_000, "status": status,
        "background": false, "error": null, "incomplete_details": null, "instructions": body["instructions"],
        "max_output_tokens": body["max_output_tokens"], "model": body["model"], "output": output,
        "parallel_tool_calls": or("parallel_tool_calls", json!(true)), "previous_response_id": body["previous_response_id"],
        "reasoning": or("reasoning", json!({"effort": null, "summary": null})), "service_tier": "default",
        "store": or("store", json!(true)), "temperature": 1.0, "text": or("text", json!({"format": {"type": "text"}})),
        "tool_choice": or("tool_choice", json!("auto")), "tools": or("tools", json!([])), "top_p": 1.0,
        "truncation": "disabled", "usage": if done { usage } else { Value::Null }, "user": null,
        "metadata": or("metadata", json!({})), "x_upstream_extra": {"kept": true},
    })
}

fn item_events(index: usize, item: &Value) -> Vec<Value> {
    let mut open = item.clone();
    let id = &item["id"];
    let about = |kind: &str, more: Value| {
        let mut event = json!({"type": kind, "item_id": id, "output_index": index});
        if let (Some(event), Some(more)) = (event.as_object_mut(), more.as_object()) {
            event.extend(more.clone());
        }
        event
    };
    let body = match item["type"].as_str() {
        Some("reasoning") => {
            open["summary"] = json!([]);
            let part =
                |text: &str| json!({"summary_index": 0, "part": {"type": "summary_text", "text": text}});
            let mut body = vec![about("response.reasoning_summary_part.added", part(""))];
            let delta = |p: &String| {
                about(
                    "response.reasoning_summary_text.delta",
                    json!({"summary_index": 0, "delta": p, "obfuscation": "q"}),
                )
            };
            body.extend(pieces(THOUGHT).iter().map(delta));
            let whole = json!({"summary_index": 0, "text": THOUGHT});
            body.push(about("response.reasoning_summary_text.done", whole));
            body.push(about("response.reasoning_summary_part.done", part(THOUGHT)));
            body
        }
        Some("function_call") => {
            open["arguments"] = json!("");
            open["status"] = json!("in_progress");
            let arguments = item["arguments"].as_str().unwrap_or_default();
            let delta = |p: &String| about("response.function_call_arguments.delta", json!({"delta": p}));
            let mut body: Vec<_> = pieces(arguments).iter().map(delta).collect();
            let whole = json!({"name": item["name"], "arguments": arguments});
            body.push(about("response.function_call_arguments.done", whole));
            body
        }
        _ => {
            open["content"] = json!([]);
            open["status"] = json!("in_progress");
            let text = item["content"][0]["text"].as_str().unwrap_or_default();
            let part = |text: &str| {
                let part = json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []});
                json!({"content_index": 0, "part": part})
            };
            let mut body = vec![about("response.content_part.added", part(""))];
            let delta = |p: &String| {
                about("response.output_text.delta", json!({"content_index": 0, "delta": p, "logprobs": []}))
            };
            body.extend(pieces(text).iter().map(delta));
            let whole = json!({"content_index": 0, "text": text, "logprobs": []});
            body.push(about("response.output_text.done", whole));
            body.push(about("response.content_part.done", part(text)));
            body
        }
    };
    let mut events = vec![json!({"type": "response.output_item.added", "output_index": index, "item": open})];
    events.extend(body);
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
    events
}
