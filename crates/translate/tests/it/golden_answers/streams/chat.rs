//! Chat Completions.

use serde_json::{Value, json};

use super::{parse, piece};
use crate::golden::demand::{Outcome, demand, list, text};
use crate::golden_answers::wholes::chat as whole;
use crate::golden_answers::wholes::there;

#[derive(Default)]
struct Seen {
    /// What all chunks have in common.
    head: Option<Value>,
    tier: Value,
    content: String,
    sources: Vec<Value>,
    calls: Vec<Value>,
    function: bool,
    finished: bool,
    counted: bool,
}

pub(super) fn check(events: &[(String, String)], usage: bool) -> Result<bool, String> {
    let mut seen = Seen::default();
    let (last, chunks) = events.split_last().ok_or("no events")?;
    demand(events.iter().all(|(name, _)| name.is_empty()), "an event with a name")?;
    for (_, data) in chunks {
        seen.chunk(&parse(data)?, usage)?;
    }
    if last.1 == "[DONE]" {
        demand(seen.finished, "it is done without a reason")?;
        return Ok(true);
    }
    let error = &parse(&last.1)?["error"];
    there(error, &["message", "type", "param", "code"], "the error")?;
    text(&error["message"], "message")?;
    text(&error["type"], "type")?;
    Ok(false)
}

impl Seen {
    fn chunk(&mut self, chunk: &Value, usage: bool) -> Outcome {
        let first = self.head.is_none();
        whole::head(chunk, "chat.completion.chunk")?;
        let head = json!([chunk["id"], chunk["created"], chunk["model"]]);
        demand(*self.head.get_or_insert(head.clone()) == head, format!("of another completion: {chunk}"))?;
        // Not every provider knows at the beginning how it serves.
        let choice = &chunk["choices"][0];
        let ends = !choice["finish_reason"].is_null() || choice["delta"].get("annotations").is_some();
        let tier = &chunk["service_tier"];
        demand(first || ends || self.tier == *tier, format!("served in another way: {chunk}"))?;
        self.tier = tier.clone();
        demand(!self.counted, format!("something after the usage: {chunk}"))?;
        demand(usage == chunk.get("usage").is_some(), format!("usage: {chunk}"))?;
        match chunk["choices"].as_array().ok_or("choices are no list")?.as_slice() {
            [choice] => {
                demand(chunk["usage"].is_null(), "usage beside a choice")?;
                self.choice(choice, first)
            }
            [] => {
                demand(self.finished, "usage before the end")?;
                self.counted = true;
                whole::usage(&chunk["usage"])
            }
            _ => Err("more than one choice".to_owned()),
        }
    }

    fn choice(&mut self, choice: &Value, first: bool) -> Outcome {
        there(choice, &["index", "delta", "finish_reason"], "the choice")?;
        demand(choice["index"] == 0 && !self.finished, format!("after the end, or not the first: {choice}"))?;
        let delta = &choice["delta"];
        let reason = &choice["finish_reason"];
        if reason.is_null() {
            return if first { role(delta) } else { self.delta(delta) };
        }
        self.finished = true;
        demand(!first && *delta == json!({}), "something said with the reason")?;
        self.sources.iter().try_for_each(|source| whole::annotation(source, &self.content))?;
        whole::ending(reason, &self.calls, self.function)
    }

    fn delta(&mut self, delta: &Value) -> Outcome {
        let fields = delta.as_object().ok_or("a delta that is none")?;
        demand(!fields.is_empty(), "a delta of nothing")?;
        for (field, value) in fields {
            match &**field {
                "content" => self.content.push_str(piece(value, field)?),
                "refusal" | "reasoning_content" | "reasoning" => drop(piece(value, field)?),
                "reasoning_details" => list(value).iter().try_for_each(whole::detail)?,
                "annotations" => {
                    demand(self.sources.is_empty(), "annotations in pieces: the SDKs keep the last only")?;
                    self.sources.extend(list(value).iter().cloned());
                }
                "tool_calls" => list(value).iter().try_for_each(|call| self.call(call))?,
                "function_call" => {
                    demand(value["arguments"].is_string(), "a call without arguments")?;
                    demand(self.function != value["name"].is_string(), "a name again, or none")?;
                    self.function = true;
                }
                _ => return Err(format!("nothing that is said: {delta}")),
            }
        }
        Ok(())
    }

    /// A call: its id and its name once, at the beginning.
    fn call(&mut self, call: &Value) -> Outcome {
        let index = call["index"].as_u64().ok_or("a call without an index")?;
        let (kind, said) = match call.get("custom") {
            Some(custom) => ("custom", (custom, "input")),
            None => ("function", (&call["function"], "arguments")),
        };
        let said = said.0[said.1].as_str().ok_or("a call without arguments")?;
        if index == self.calls.len() as u64 {
            text(&call["id"], "id")?;
            text(&call[kind]["name"], "name")?;
            demand(call["type"] == kind, format!("a call of another type: {call}"))?;
            self.calls.push(call.clone());
            return Ok(());
        }
        demand(index + 1 == self.calls.len() as u64, format!("not the newest call: {call}"))?;
        let again = ["id", "type"].iter().any(|field| call.get(field).is_some());
        demand(!again && call[kind].get("name").is_none(), format!("said again: {call}"))?;
        let known = self.calls.last_mut().ok_or("no call")?;
        demand(known["type"] == kind, "a call that changes its type")?;
        let whole = &mut known[kind][if kind == "custom" { "input" } else { "arguments" }];
        *whole = format!("{}{said}", whole.as_str().unwrap_or_default()).into();
        Ok(())
    }
}

fn role(delta: &Value) -> Outcome {
    demand(*delta == json!({ "role": "assistant", "content": "" }), format!("no role first: {delta}"))
}
