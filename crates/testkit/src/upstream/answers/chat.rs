//! OpenAI Chat Completions, whole and streamed.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::record::Recorded;
use super::super::reply::Reply;
use super::turn::{Asked, Call, Offer, Turn};
use super::{bare_event, pieces, tokens};

pub(super) fn create(request: &Recorded) -> Reply {
    let body = request.json();
    let turn = asked(&body).turn();
    if body["stream"] == true {
        return Reply::stream(200, events(&body, &turn));
    }
    let (message, finish) = match &turn {
        Turn::Text(text) => {
            (json!({"role": "assistant", "content": text, "refusal": null, "annotations": []}), "stop")
        }
        Turn::Calls(calls) => {
            let calls: Vec<_> =
                calls.iter().map(|call| tool_call(call, &call.arguments.to_string())).collect();
            (
                json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": calls}),
                "tool_calls",
            )
        }
    };
    let mut whole = envelope(&body, "chat.completion");
    whole["choices"] = json!([{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}]);
    whole["usage"] = usage(&body, &turn);
    Reply::json(200, &whole)
}

fn envelope(body: &Value, object: &str) -> Value {
    json!({
        "id": "chatcmpl-Scripted", "object": object, "created": 1_795_000_000, "model": body["model"],
        "service_tier": "default", "system_fingerprint": "fp_scripted", "x_upstream_extra": {"kept": true},
    })
}

fn asked(body: &Value) -> Asked {
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let results = messages.iter().rev().take_while(|m| m["role"] == "tool").map(|m| plain(&m["content"]));
    let mut results: Vec<_> = results.collect();
    results.reverse();
    let last = messages.iter().rfind(|m| m["role"] == "user").map(|m| &m["content"]).unwrap_or(&Value::Null);
    let tools = body["tools"].as_array().into_iter().flatten().map(|tool| &tool["function"]);
    Asked {
        results,
        words: plain(last),
        offers: tools
            .filter_map(|tool| {
                Some(Offer { name: tool["name"].as_str()?.to_owned(), schema: tool["parameters"].clone() })
            })
            .collect(),
        insists_on: body["tool_choice"]["function"]["name"].as_str().map(str::to_owned),
        forbidden: body["tool_choice"] == "none",
    }
}

fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|p| p["text"].as_str()).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    }
}

fn tool_call(call: &Call, arguments: &str) -> Value {
    json!({
        "id": format!("call_{}", call.id), "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    })
}

fn usage(body: &Value, turn: &Turn) -> Value {
    let prompt = tokens(&body["messages"].to_string()) + tokens(&body["tools"].to_string());
    let said = match turn {
        Turn::Text(text) => tokens(text),
        Turn::Calls(calls) => calls.iter().map(|call| tokens(&call.arguments.to_string())).sum(),
    };
    json!({
        "prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said,
        "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}

fn events(body: &Value, turn: &Turn) -> Vec<Bytes> {
    let with_usage = body["stream_options"]["include_usage"] == true;
    let chunk = |choices: Value, usage: Option<Value>| {
        let mut chunk = envelope(body, "chat.completion.chunk");
        chunk["choices"] = choices;
        if with_usage {
            chunk["usage"] = usage.unwrap_or(Value::Null);
        }
        chunk["obfuscation"] = json!("x7Fq");
        bare_event(&chunk)
    };
    let choice = |delta: Value, finish: Option<&str>| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]), None)
    };
    let mut events = Vec::new();
    let finish = match turn {
        Turn::Text(text) => {
            events.push(choice(json!({"role": "assistant", "content": "", "refusal": null}), None));
            events.extend(pieces(text).iter().map(|piece| choice(json!({"content": piece}), None)));
            "stop"
        }
        Turn::Calls(calls) => {
            events.push(choice(json!({"role": "assistant", "content": null, "refusal": null}), None));
            events.extend(call_deltas(calls).map(|delta| choice(json!({"tool_calls": [delta]}), None)));
            "tool_calls"
        }
    };
    events.push(choice(json!({}), Some(finish)));
    if with_usage {
        events.push(chunk(json!([]), Some(usage(body, turn))));
    }
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

/// Every call opens with its id, name and empty arguments; the arguments follow in pieces.
fn call_deltas(calls: &[Call]) -> impl Iterator<Item = Value> {
    calls.iter().enumerate().flat_map(|(index, call)| {
        let mut open = tool_call(call, "");
        open["index"] = json!(index);
        let parts = pieces(&call.arguments.to_string());
        let parts =
            parts.into_iter().map(move |part| json!({"index": index, "function": {"arguments": part}}));
        std::iter::once(open).chain(parts)
    })
}
