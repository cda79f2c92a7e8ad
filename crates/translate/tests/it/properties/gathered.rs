//! A client's stream put together, as SDKs do it, and looked at on the way: what a dialect demands of the order of its
//! events is demanded here.

use std::collections::BTreeMap;

use ccproxy_wire::Dialect;
use serde_json::{Value, json};

use super::shared::{events, list, string};

/// The whole answer that a stream has told, up to its own end.
pub(crate) fn gathered(client: Dialect, stream: &[u8]) -> Value {
    let events = events(stream);
    let (last, others) = events.split_last().expect("no events");
    let parse = |(name, data): &(String, String)| {
        let event: Value = serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"));
        assert_eq!(*name, if client == Dialect::Chat { "" } else { event["type"].as_str().unwrap() });
        event
    };
    if client == Dialect::Chat {
        assert_eq!(last.1, "[DONE]");
        return chat(others.iter().map(parse));
    }
    let events = events.iter().map(parse).filter(|event| event["type"] != "ping");
    if client == Dialect::Messages { messages(events) } else { responses(events) }
}

fn append(to: &mut Value, more: &Value) {
    let whole = format!("{}{}", to.as_str().unwrap_or_default(), more.as_str().unwrap());
    *to = whole.into();
}

fn messages(mut events: impl Iterator<Item = Value>) -> Value {
    let mut message = events.next().unwrap()["message"].take();
    let mut blocks: Vec<Value> = Vec::new();
    let mut open: Option<(Value, String)> = None;
    for mut event in events.by_ref() {
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert!(open.is_none(), "two blocks at a time");
                assert_eq!(event["index"], blocks.len());
                open = Some((event["content_block"].take(), String::new()));
            }
            "content_block_delta" => {
                assert_eq!(event["index"], blocks.len());
                let (block, input) = open.as_mut().expect("a delta of no block");
                let delta = &event["delta"];
                match delta["type"].as_str().unwrap() {
                    "text_delta" => append(&mut block["text"], &delta["text"]),
                    "thinking_delta" => append(&mut block["thinking"], &delta["thinking"]),
                    "signature_delta" => append(&mut block["signature"], &delta["signature"]),
                    "citations_delta" => push(&mut block["citations"], delta["citation"].clone()),
                    "input_json_delta" => input.push_str(delta["partial_json"].as_str().unwrap()),
                    other => panic!("{other}"),
                }
            }
            "content_block_stop" => {
                assert_eq!(event["index"], blocks.len());
                let (mut block, input) = open.take().expect("no block to stop");
                if !input.is_empty() {
                    // What is cut off is no JSON.
                    block["input"] = serde_json::from_str(&input).unwrap_or_else(|_| input.into());
                }
                blocks.push(block);
            }
            "message_delta" => {
                assert!(open.is_none(), "a block goes on");
                for part in ["delta", "usage"] {
                    let into = if part == "delta" { &mut message } else { &mut message["usage"] };
                    into.as_object_mut()
                        .unwrap()
                        .extend(std::mem::take(event[part].as_object_mut().unwrap()));
                }
                break;
            }
            other => panic!("{other}"),
        }
    }
    let rest: Vec<Value> = events.collect();
    assert_eq!(rest, [json!({ "type": "message_stop" })]);
    message["content"] = blocks.into();
    message
}

fn push(list: &mut Value, more: Value) {
    if list.is_null() {
        *list = json!([]);
    }
    list.as_array_mut().unwrap().push(more);
}

fn chat(events: impl Iterator<Item = Value>) -> Value {
    let mut message = json!({ "role": "assistant", "content": null, "refusal": null });
    let (mut finish, mut usage, mut head) = (Value::Null, Value::Null, Value::Null);
    for (n, chunk) in events.enumerate() {
        if !chunk["usage"].is_null() {
            usage = chunk["usage"].clone();
        }
        if let [choice] = list(&chunk["choices"]) {
            assert!(finish.is_null(), "something after the end: {chunk}");
            assert_eq!(n == 0, choice["delta"]["role"] == "assistant");
            said(&mut message, &choice["delta"]);
            finish = choice["finish_reason"].clone();
        }
        head = chunk;
    }
    let instead = ["refusal", "tool_calls", "function_call"];
    if message["content"].is_null() && instead.iter().all(|field| message[*field].is_null()) {
        message["content"] = "".into();
    }
    let choice = json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish });
    let mut whole = json!({
        "id": head["id"], "object": "chat.completion", "created": head["created"], "model": head["model"],
        "choices": [choice],
    });
    for (field, value) in [("usage", &usage), ("service_tier", &head["service_tier"])] {
        if !value.is_null() {
            whole[field] = value.clone();
        }
    }
    whole
}

fn said(message: &mut Value, delta: &Value) {
    for field in ["content", "refusal", "reasoning_content", "reasoning"] {
        // The first piece is empty, whatever comes.
        if delta[field].as_str().is_some_and(|text| !text.is_empty()) {
            append(&mut message[field], &delta[field]);
        }
    }
    list(&delta["reasoning_details"])
        .iter()
        .for_each(|detail| thought(&mut message["reasoning_details"], detail));
    list(&delta["annotations"]).iter().for_each(|source| push(&mut message["annotations"], source.clone()));
    list(&delta["tool_calls"]).iter().for_each(|call| called(&mut message["tool_calls"], call));
    if let Some(function) = delta["function_call"].as_object() {
        let call = &mut message["function_call"];
        if let Some(name) = function.get("name") {
            *call = json!({ "name": name });
        }
        append(&mut call["arguments"], &function["arguments"]);
    }
    message
        .as_object_mut()
        .unwrap()
        .retain(|field, value| !value.is_null() || ["content", "refusal"].contains(&&**field));
}

/// Details of one index are one.
fn thought(details: &mut Value, detail: &Value) {
    let same = |other: &&mut Value| other["index"] == detail["index"];
    let Some(known) = details.as_array_mut().and_then(|details| details.iter_mut().find(same)) else {
        return push(details, detail.clone());
    };
    for (field, value) in detail.as_object().unwrap() {
        match &**field {
            "text" | "summary" => append(&mut known[field], value),
            _ => known[field] = value.clone(),
        }
    }
}

/// The SDKs take a call for whole when the next one begins.
fn called(calls: &mut Value, delta: &Value) {
    let index = usize::try_from(delta["index"].as_u64().unwrap()).unwrap();
    let begun = list(calls).len();
    if index == begun {
        let mut call = delta.clone();
        call.as_object_mut().unwrap().remove("index");
        return push(calls, call);
    }
    assert_eq!(index + 1, begun);
    let call = &mut calls[index];
    let (kind, text) = if call["type"] == "custom" { ("custom", "input") } else { ("function", "arguments") };
    append(&mut call[kind][text], &delta[kind][text]);
}

fn responses(events: impl Iterator<Item = Value>) -> Value {
    let mut done: BTreeMap<u64, Value> = BTreeMap::new();
    // What the deltas of each text make together: by item, and part of it.
    let mut texts: BTreeMap<(u64, u64), String> = BTreeMap::new();
    let mut added = 0;
    let mut last = Value::Null;
    for (n, event) in events.enumerate() {
        assert!(last.is_null(), "something after the end: {event}");
        assert_eq!(event["sequence_number"], n);
        let kind = event["type"].as_str().unwrap();
        assert_eq!((n == 0, n == 1), (kind == "response.created", kind == "response.in_progress"));
        let index = event["output_index"].as_u64().unwrap_or_default();
        match kind {
            "response.output_item.added" => {
                assert_eq!(index, added);
                added += 1;
            }
            "response.output_item.done" => {
                assert_item(index, &event["item"], &mut texts);
                assert!(done.insert(index, event["item"].clone()).is_none());
            }
            "response.completed" | "response.incomplete" => last = event["response"].clone(),
            kind if kind.ends_with(".delta") => {
                assert!(index < added && !done.contains_key(&index));
                let part =
                    event["content_index"].as_u64().or(event["summary_index"].as_u64()).unwrap_or_default();
                texts.entry((index, part)).or_default().push_str(event["delta"].as_str().unwrap());
            }
            _ => {}
        }
    }
    assert!(texts.is_empty(), "not ended: {texts:?}");
    assert_eq!(list(&last["output"]), done.into_values().collect::<Vec<_>>());
    last
}

/// What the deltas have told is what the item has.
fn assert_item(index: u64, item: &Value, texts: &mut BTreeMap<(u64, u64), String>) {
    let parts = list(&item["content"]).iter().chain(list(&item["summary"]));
    let said = parts.map(|part| if part["text"].is_string() { &part["text"] } else { &part["refusal"] });
    let arguments =
        [&item["arguments"], &item["input"]].into_iter().filter(|arguments| arguments.is_string());
    for (part, text) in (0..).zip(said.chain(arguments)) {
        assert_eq!(texts.remove(&(index, part)).unwrap_or_default(), string(text));
    }
}
