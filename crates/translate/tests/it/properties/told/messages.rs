//! Messages.

use ccproxy_translate::ENVELOPE;
use serde_json::{Value, json};

use super::{Answer, CREATED, Call, Part, Stop, Usage};
use crate::properties::played::{Dice, Event};
use crate::properties::shared::{MODEL, list, string};

pub(super) fn whole(answer: &Answer) -> Value {
    let Usage { output, thought, .. } = answer.usage;
    let mut message = begun(answer);
    message["content"] = answer.parts.iter().map(block).collect();
    message["stop_reason"] = stop_reason(answer).into();
    message["usage"]["output_tokens"] = output.into();
    message["usage"]["output_tokens_details"] = json!({ "thinking_tokens": thought });
    message
}

/// What is known at the beginning.
fn begun(answer: &Answer) -> Value {
    let Usage { input, read, written, .. } = answer.usage;
    json!({
        "id": format!("msg_{}", answer.id), "type": "message", "role": "assistant", "model": MODEL, "content": [],
        "stop_reason": null, "stop_sequence": null,
        "usage": {
            "input_tokens": input - read - written,
            "cache_read_input_tokens": read, "cache_creation_input_tokens": written, "output_tokens": 1,
        },
    })
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::End if answer.calls() => "tool_use",
        Stop::End => "end_turn",
        Stop::Limit => "max_tokens",
        Stop::Filter => "refusal",
    }
}

fn block(part: &Part) -> Value {
    match part {
        // Redacted, if there is nothing to read.
        Part::Thinking { texts, seal } => match texts.first() {
            Some(text) => {
                json!({ "type": "thinking", "thinking": text, "signature": seal.as_deref().unwrap_or("") })
            }
            None => json!({ "type": "redacted_thinking", "data": seal }),
        },
        Part::Text(text) | Part::Refusal(text) => json!({ "type": "text", "text": text }),
        Part::Call(Call { id, name, arguments }) => {
            json!({ "type": "tool_use", "id": id, "name": name, "input": arguments })
        }
    }
}

pub(super) fn events(answer: &Answer, dice: &mut Dice) -> Vec<Event> {
    let mut events = vec![json!({ "type": "message_start", "message": begun(answer) })];
    for (index, part) in answer.parts.iter().enumerate() {
        let (begun, deltas) = block_in_pieces(part, dice);
        events.push(json!({ "type": "content_block_start", "index": index, "content_block": begun }));
        let delta = |delta| json!({ "type": "content_block_delta", "index": index, "delta": delta });
        events.extend(deltas.into_iter().map(delta));
        events.push(json!({ "type": "content_block_stop", "index": index }));
    }
    let Usage { output, thought, .. } = answer.usage;
    events.push(json!({
        "type": "message_delta",
        "delta": { "stop_reason": stop_reason(answer), "stop_sequence": null },
        "usage": { "output_tokens": output, "output_tokens_details": { "thinking_tokens": thought } },
    }));
    events.push(json!({ "type": "message_stop" }));
    events
}

/// The beginning of a block, and what follows.
fn block_in_pieces(part: &Part, dice: &mut Dice) -> (Value, Vec<Value>) {
    let mut begun = block(part);
    let (field, kind, text) = match part {
        Part::Thinking { texts, .. } => ("thinking", "thinking", texts.first().cloned().unwrap_or_default()),
        Part::Text(text) | Part::Refusal(text) => ("text", "text", text.clone()),
        Part::Call(call) => ("partial_json", "input_json", call.arguments.to_string()),
    };
    let piece = |piece: String| json!({ "type": format!("{kind}_delta"), field: piece });
    let mut deltas: Vec<Value> = dice.pieces(&text).into_iter().map(piece).collect();
    match part {
        Part::Thinking { texts, .. } if texts.is_empty() => return (begun, Vec::new()),
        Part::Thinking { seal, .. } => {
            begun = json!({ "type": "thinking", "thinking": "", "signature": "" });
            let signed = |seal| json!({ "type": "signature_delta", "signature": seal });
            deltas.extend(seal.as_ref().map(signed));
        }
        Part::Call(_) => begun["input"] = json!({}),
        Part::Text(_) | Part::Refusal(_) => begun["text"] = "".into(),
    }
    (begun, deltas)
}

pub(super) fn read(body: &Value) -> Answer {
    let usage = &body["usage"];
    let count = |field: &str| usage[field].as_u64().unwrap();
    let (read, written) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    Answer {
        id: string(&body["id"]).strip_prefix("msg_").unwrap().to_owned(),
        created: CREATED,
        parts: list(&body["content"]).iter().map(part).collect(),
        stop: match body["stop_reason"].as_str() {
            Some("max_tokens") => Stop::Limit,
            Some("refusal") => Stop::Filter,
            Some("end_turn" | "tool_use") => Stop::End,
            other => panic!("{other:?}"),
        },
        usage: Usage {
            input: count("input_tokens") + read + written,
            output: count("output_tokens"),
            read,
            written,
            thought: usage["output_tokens_details"]["thinking_tokens"].as_u64().unwrap_or_default(),
        },
    }
}

fn part(block: &Value) -> Part {
    match block["type"].as_str().unwrap() {
        "thinking" => {
            let texts =
                Some(string(&block["thinking"])).filter(|text| !text.is_empty()).into_iter().collect();
            // An empty envelope holds no seal.
            let seal = Some(string(&block["signature"])).filter(|seal| !seal.is_empty() && seal != ENVELOPE);
            Part::Thinking { texts, seal }
        }
        "redacted_thinking" => Part::Thinking { texts: Vec::new(), seal: Some(string(&block["data"])) },
        "text" => Part::Text(string(&block["text"])),
        _ => Part::Call(Call {
            id: string(&block["id"]),
            name: string(&block["name"]),
            arguments: block["input"].clone(),
        }),
    }
}
