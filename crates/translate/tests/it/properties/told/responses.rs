//! Responses.

use serde_json::{Value, json};

use super::{Answer, Call, Part, Stop, Usage};
use crate::properties::played::{Dice, Event};
use crate::properties::shared::{MODEL, PATCH, list, string};

/// Texts that follow each other are one message.
fn items(answer: &Answer) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    for part in &answer.parts {
        let index = items.len();
        let content = match part {
            Part::Thinking { texts, seal } => {
                let summary = |text: &String| json!({ "type": "summary_text", "text": text });
                let summary: Vec<Value> = texts.iter().map(summary).collect();
                items.push(json!({
                    "type": "reasoning", "id": format!("rs_{index}"), "summary": summary, "encrypted_content": seal,
                }));
                continue;
            }
            Part::Call(Call { id, name, arguments }) => {
                let mut item = json!({ "id": format!("fc_{index}"), "status": "completed", "call_id": id, "name": name });
                if name == PATCH {
                    (item["type"], item["input"]) = ("custom_tool_call".into(), arguments["input"].clone());
                } else {
                    (item["type"], item["arguments"]) =
                        ("function_call".into(), arguments.to_string().into());
                }
                items.push(item);
                continue;
            }
            Part::Text(text) => {
                json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
            }
            Part::Refusal(text) => json!({ "type": "refusal", "refusal": text }),
        };
        match items.last_mut().filter(|last| last["type"] == "message") {
            Some(last) => last["content"].as_array_mut().unwrap().push(content),
            None => items.push(json!({
                "type": "message", "id": format!("msg_{index}"), "status": "completed", "role": "assistant",
                "content": [content],
            })),
        }
    }
    items
}

pub(super) fn whole(answer: &Answer) -> Value {
    let Usage { input, output, read, written, thought } = answer.usage;
    let reason = match answer.stop {
        Stop::End => None,
        Stop::Limit => Some("max_output_tokens"),
        Stop::Filter => Some("content_filter"),
    };
    let mut response = begun(answer);
    response["status"] = if reason.is_some() { "incomplete" } else { "completed" }.into();
    response["incomplete_details"] = reason.map_or(Value::Null, |reason| json!({ "reason": reason }));
    response["output"] = items(answer).into();
    response["usage"] = json!({
        "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
        "input_tokens_details": { "cached_tokens": read, "cache_write_tokens": written },
        "output_tokens_details": { "reasoning_tokens": thought },
    });
    response
}

fn begun(answer: &Answer) -> Value {
    json!({
        "id": format!("resp_{}", answer.id), "object": "response", "created_at": answer.created, "model": MODEL,
        "status": "in_progress", "output": [], "usage": null,
    })
}

pub(super) fn events(answer: &Answer, dice: &mut Dice) -> Vec<Event> {
    let mut events: Vec<Event> = ["created", "in_progress"]
        .map(|kind| json!({ "type": format!("response.{kind}"), "response": begun(answer) }))
        .into();
    let mut calls: Vec<Vec<Event>> = Vec::new();
    for (index, item) in items(answer).iter().enumerate() {
        let told = told(index, item, dice);
        if item["call_id"].is_string() {
            // Several calls that follow each other may go on at a time.
            calls.push(told);
            continue;
        }
        events.extend(together(&mut calls, dice));
        events.extend(told);
    }
    events.extend(together(&mut calls, dice));
    let response = whole(answer);
    let last = format!("response.{}", string(&response["status"]));
    events.push(json!({ "type": last, "response": response }));
    for (n, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = n.into();
    }
    events
}

fn together(calls: &mut Vec<Vec<Event>>, dice: &mut Dice) -> Vec<Event> {
    let calls = std::mem::take(calls);
    if calls.is_empty() { Vec::new() } else { dice.interleave(calls) }
}

/// The events of an item.
fn told(index: usize, item: &Value, dice: &mut Dice) -> Vec<Event> {
    let mut begun = item.clone();
    let fields = begun.as_object_mut().unwrap();
    fields.remove("encrypted_content");
    for (field, nothing) in
        [("arguments", json!("")), ("input", json!("")), ("summary", json!([])), ("content", json!([]))]
    {
        fields.entry(field).and_modify(|value| *value = nothing);
    }
    let mut events =
        vec![json!({ "type": "response.output_item.added", "output_index": index, "item": begun })];
    let mut at = |place: &str, n: usize, kind: String, field: &str, value: Value| {
        let id = &item["id"];
        let mut event = json!({ "type": kind, "item_id": id, "output_index": index, field: value });
        if !place.is_empty() {
            event[place] = n.into();
        }
        events.push(event);
    };
    let mut texts = |place: &str, n: usize, kind: &str, field: &str, text: &str| {
        // Some tell all at the end.
        if !dice.once_in(5) {
            let pieces = dice.pieces(text).into_iter();
            pieces.for_each(|piece| at(place, n, format!("response.{kind}.delta"), "delta", piece.into()));
        }
        at(place, n, format!("response.{kind}.done"), field, text.into());
    };
    for (n, part) in list(&item["content"]).iter().enumerate() {
        match part["text"].as_str() {
            Some(text) => texts("content_index", n, "output_text", "text", text),
            None => texts("content_index", n, "refusal", "refusal", part["refusal"].as_str().unwrap()),
        }
    }
    for (n, part) in list(&item["summary"]).iter().enumerate() {
        texts("summary_index", n, "reasoning_summary_text", "text", part["text"].as_str().unwrap());
    }
    if let Some(arguments) = item["arguments"].as_str() {
        texts("", 0, "function_call_arguments", "arguments", arguments);
    }
    if let Some(input) = item["input"].as_str() {
        texts("", 0, "custom_tool_call_input", "input", input);
    }
    events.push(json!({ "type": "response.output_item.done", "output_index": index, "item": item }));
    events
}

pub(super) fn read(body: &Value) -> Answer {
    let usage = &body["usage"];
    let reason = body["incomplete_details"]["reason"].as_str();
    Answer {
        id: string(&body["id"]).strip_prefix("resp_").unwrap().to_owned(),
        created: body["created_at"].as_u64().unwrap(),
        parts: list(&body["output"]).iter().flat_map(parts).collect(),
        stop: match (body["status"].as_str(), reason) {
            (Some("completed"), None) => Stop::End,
            (Some("incomplete"), Some("max_output_tokens")) => Stop::Limit,
            (Some("incomplete"), Some("content_filter")) => Stop::Filter,
            other => panic!("{other:?}"),
        },
        usage: Usage {
            input: usage["input_tokens"].as_u64().unwrap(),
            output: usage["output_tokens"].as_u64().unwrap(),
            read: usage["input_tokens_details"]["cached_tokens"].as_u64().unwrap(),
            written: usage["input_tokens_details"]["cache_write_tokens"].as_u64().unwrap(),
            thought: usage["output_tokens_details"]["reasoning_tokens"].as_u64().unwrap(),
        },
    }
}

fn parts(item: &Value) -> Vec<Part> {
    match item["type"].as_str().unwrap() {
        "message" => {
            let part = |part: &Value| match part["type"].as_str().unwrap() {
                "output_text" => Part::Text(string(&part["text"])),
                _ => Part::Refusal(string(&part["refusal"])),
            };
            list(&item["content"]).iter().map(part).collect()
        }
        "reasoning" => vec![Part::Thinking {
            texts: list(&item["summary"]).iter().map(|part| string(&part["text"])).collect(),
            seal: item["encrypted_content"].as_str().map(str::to_owned),
        }],
        _ => {
            let arguments = match item["arguments"].as_str() {
                Some(arguments) => serde_json::from_str(arguments).unwrap(),
                None => json!({ "input": item["input"] }),
            };
            vec![Part::Call(Call { id: string(&item["call_id"]), name: string(&item["name"]), arguments })]
        }
    }
}
