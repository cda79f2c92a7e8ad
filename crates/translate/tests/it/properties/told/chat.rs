//! Chat Completions.

use ccproxy_translate::ENVELOPE;
use ccproxy_wire::Dialect;
use serde_json::{Map, Value, json};

use super::{Answer, Call, Part, Stop, Usage};
use crate::properties::played::{Dice, Event};
use crate::properties::shared::{MODEL, list, string};

pub(super) fn whole(answer: &Answer, maker: Dialect) -> Value {
    let mut message = json!({ "role": "assistant", "content": null, "refusal": null });
    let mut calls = Vec::new();
    for part in &answer.parts {
        match part {
            Part::Thinking { texts, seal: None } if texts.len() == 1 => {
                message["reasoning_content"] = json!(texts[0])
            }
            Part::Thinking { texts, seal } => {
                message["reasoning_details"] = details(texts, seal.as_deref(), maker).into()
            }
            Part::Text(text) => message["content"] = json!(text),
            Part::Refusal(text) => message["refusal"] = json!(text),
            Part::Call(call) => calls.push(asked(call, &call.arguments.to_string())),
        }
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    let choice = json!({ "index": 0, "message": message, "finish_reason": finish_reason(answer) });
    around(answer, "chat.completion", &json!([choice]), &usage(answer.usage))
}

fn around(answer: &Answer, object: &str, choices: &Value, usage: &Value) -> Value {
    json!({
        "id": format!("chatcmpl-{}", answer.id), "object": object, "created": answer.created, "model": MODEL,
        "choices": choices, "usage": usage,
    })
}

fn usage(usage: Usage) -> Value {
    let Usage { input, output, read, written, thought } = usage;
    json!({
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": { "cached_tokens": read, "cache_write_tokens": written },
        "completion_tokens_details": { "reasoning_tokens": thought },
    })
}

fn finish_reason(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::End if answer.calls() => "tool_calls",
        Stop::End => "stop",
        Stop::Limit => "length",
        Stop::Filter => "content_filter",
    }
}

/// Thoughts as OpenRouter has them, in the form of their maker.
fn details(texts: &[String], seal: Option<&str>, maker: Dialect) -> Vec<Value> {
    let anthropic = maker == Dialect::Messages;
    let (kind, field) = if anthropic { ("reasoning.text", "text") } else { ("reasoning.summary", "summary") };
    let text = |(index, text): (usize, &String)| json!({ "type": kind, field: text, "index": index });
    let mut details: Vec<Value> = texts.iter().enumerate().map(text).collect();
    let Some(seal) = seal else { return details };
    let format = if anthropic { "anthropic-claude-v1" } else { "openai-responses-v1" };
    match details.last_mut().filter(|_| anthropic) {
        Some(last) => {
            last["signature"] = json!(seal);
            last["format"] = json!(format);
        }
        None => details.push(json!({
            "type": "reasoning.encrypted", "data": seal, "format": format, "id": "rs_0", "index": texts.len(),
        })),
    }
    details
}

fn asked(call: &Call, arguments: &str) -> Value {
    json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": arguments } })
}

pub(super) fn events(answer: &Answer, maker: Dialect, dice: &mut Dice) -> Vec<Event> {
    let mut deltas = vec![json!({ "role": "assistant", "content": "" })];
    let mut calls: Vec<Vec<Value>> = Vec::new();
    for part in &answer.parts {
        match part {
            Part::Thinking { texts, seal: None } if texts.len() == 1 => {
                deltas.extend(said("reasoning_content", &texts[0], dice));
            }
            Part::Thinking { texts, seal } => {
                deltas.extend(
                    details(texts, seal.as_deref(), maker).iter().flat_map(|detail| thought(detail, dice)),
                );
            }
            Part::Text(text) => deltas.extend(said("content", text, dice)),
            Part::Refusal(text) => deltas.extend(said("refusal", text, dice)),
            Part::Call(call) => calls.push(called(calls.len(), call, dice)),
        }
    }
    if !calls.is_empty() {
        deltas.extend(dice.interleave(calls));
    }
    let chunk = |choices: Value, usage: Value| around(answer, "chat.completion.chunk", &choices, &usage);
    let delta =
        |delta: Value| chunk(json!([{ "index": 0, "delta": delta, "finish_reason": null }]), Value::Null);
    let mut events: Vec<Event> = deltas.into_iter().map(delta).collect();
    let last = json!([{ "index": 0, "delta": {}, "finish_reason": finish_reason(answer) }]);
    if dice.once_in(3) {
        events.push(chunk(last, usage(answer.usage)));
    } else {
        events.extend([chunk(last, Value::Null), chunk(json!([]), usage(answer.usage))]);
    }
    events.push("[DONE]".into());
    events
}

fn said(field: &str, text: &str, dice: &mut Dice) -> Vec<Value> {
    dice.pieces(text).into_iter().map(|piece| json!({ field: piece })).collect()
}

/// A detail in pieces, the seal at the end.
fn thought(detail: &Value, dice: &mut Dice) -> Vec<Value> {
    let field = if detail["text"].is_string() { "text" } else { "summary" };
    let mut pieces = dice.pieces(detail[field].as_str().unwrap_or_default());
    let last = pieces.pop();
    let with = |piece: Option<String>| {
        let mut detail = detail.clone();
        if let Some(piece) = piece {
            detail[field] = piece.into();
        }
        detail
    };
    let unsealed = |piece| {
        let mut detail = with(Some(piece));
        ["signature", "format"].iter().for_each(|field| drop(detail.as_object_mut().unwrap().remove(*field)));
        detail
    };
    let details: Vec<Value> = pieces.into_iter().map(unsealed).collect();
    details.into_iter().chain([with(last)]).map(|detail| json!({ "reasoning_details": [detail] })).collect()
}

fn called(index: usize, call: &Call, dice: &mut Dice) -> Vec<Value> {
    let mut pieces = dice.pieces(&call.arguments.to_string());
    // Some tell the beginning at once with the name.
    let first = if dice.once_in(2) { pieces.remove(0) } else { String::new() };
    let mut begun = asked(call, &first);
    begun["index"] = index.into();
    let more = |piece: String| json!({ "index": index, "function": { "arguments": piece } });
    let calls = [begun].into_iter().chain(pieces.into_iter().map(more));
    calls.map(|call| json!({ "tool_calls": [call] })).collect()
}

pub(super) fn read(body: &Value) -> Answer {
    let (choice, usage) = (&body["choices"][0], &body["usage"]);
    let message = &choice["message"];
    let text = |field: &str| message[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let mut parts = thoughts(list(&message["reasoning_details"]));
    if parts.is_empty() {
        let plain = text("reasoning_content");
        parts.extend(plain.map(|text| Part::Thinking { texts: vec![text], seal: None }));
    }
    parts.extend(text("content").map(Part::Text));
    parts.extend(text("refusal").map(Part::Refusal));
    parts.extend(list(&message["tool_calls"]).iter().map(call));
    Answer {
        id: string(&body["id"]).strip_prefix("chatcmpl-").unwrap().to_owned(),
        created: body["created"].as_u64().unwrap(),
        parts,
        stop: match choice["finish_reason"].as_str() {
            Some("length") => Stop::Limit,
            Some("content_filter") => Stop::Filter,
            Some("stop" | "tool_calls") => Stop::End,
            other => panic!("{other:?}"),
        },
        usage: Usage {
            input: usage["prompt_tokens"].as_u64().unwrap(),
            output: usage["completion_tokens"].as_u64().unwrap(),
            read: usage["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or_default(),
            written: usage["prompt_tokens_details"]["cache_write_tokens"].as_u64().unwrap_or_default(),
            thought: usage["completion_tokens_details"]["reasoning_tokens"].as_u64().unwrap_or_default(),
        },
    }
}

/// Details put together: those of one index are one text, and a seal ends what it seals.
fn thoughts(details: &[Value]) -> Vec<Part> {
    let (mut parts, mut texts) = (Vec::new(), Map::new());
    for detail in details {
        if let Some(text) = detail["text"].as_str().or(detail["summary"].as_str()) {
            let whole = texts.entry(detail["index"].to_string()).or_insert_with(|| "".into());
            *whole = format!("{}{text}", whole.as_str().unwrap()).into();
        }
        if let Some(seal) = detail["signature"].as_str().or(detail["data"].as_str()) {
            let texts = std::mem::take(&mut texts).values().map(string).collect();
            parts.push(Part::Thinking { texts, seal: Some(seal.to_owned()).filter(|seal| seal != ENVELOPE) });
        }
    }
    let texts: Vec<String> = texts.values().map(string).collect();
    parts.extend((!texts.is_empty()).then_some(Part::Thinking { texts, seal: None }));
    parts
}

fn call(call: &Value) -> Part {
    let (name, arguments) = match call.get("custom") {
        Some(custom) => (&custom["name"], json!({ "input": custom["input"] })),
        None => {
            let arguments = call["function"]["arguments"].as_str().unwrap();
            (&call["function"]["name"], serde_json::from_str(arguments).unwrap())
        }
    };
    Part::Call(Call { id: string(&call["id"]), name: string(name), arguments })
}
