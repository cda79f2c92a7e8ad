//! Responses.

use serde_json::{Value, json};

use super::piece;
use crate::golden::demand::{Outcome, demand, list, text};
use crate::golden_answers::wholes::responses as whole;
use crate::golden_answers::wholes::there;

#[derive(Default)]
struct Seen {
    /// The response at the beginning.
    head: Value,
    items: Vec<Item>,
    error: Option<Value>,
    /// How it has ended.
    last: Option<String>,
}

/// An item, as far as it has been told.
struct Item {
    added: Value,
    /// Its texts, or its arguments.
    parts: Vec<Part>,
    done: Option<Value>,
}

#[derive(Default)]
struct Part {
    said: String,
    annotations: Vec<Value>,
    /// Its text is whole, and then the part is.
    whole: bool,
    closed: bool,
}

pub(super) fn check(events: &[Value]) -> Result<bool, String> {
    let mut seen = Seen::default();
    for (n, event) in events.iter().enumerate() {
        demand(seen.last.is_none(), format!("something after the end: {event}"))?;
        demand(event["sequence_number"] == n, format!("not number {n}: {event}"))?;
        let kind = event["type"].as_str().unwrap_or_default();
        let place = match n {
            0 => kind == "response.created" || (kind == "error" && events.len() == 1),
            1 => kind == "response.in_progress",
            _ => !matches!(kind, "response.created" | "response.in_progress"),
        };
        demand(place, format!("not in its place: {event}"))?;
        demand(
            seen.error.is_none() || kind == "response.failed",
            format!("something after the error: {event}"),
        )?;
        seen.event(kind, event)?;
    }
    match seen.last.as_deref() {
        Some("response.failed") => demand(seen.error.is_some(), "failed without an error").map(|()| false),
        Some(_) => Ok(true),
        None => demand(seen.error.is_some() && events.len() == 1, "it just ends").map(|()| false),
    }
}

impl Seen {
    fn event(&mut self, kind: &str, event: &Value) -> Outcome {
        match kind {
            "response.created" | "response.in_progress" => self.begin(&event["response"]),
            "response.output_item.added" => self.add(event),
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.last = Some(kind.to_owned());
                self.end(kind, &event["response"])
            }
            "error" => {
                there(event, &["code", "message", "param"], "the error")?;
                text(&event["message"], "message")?;
                self.error = Some(event.clone());
                Ok(())
            }
            _ => {
                let n = event["output_index"].as_u64().and_then(|index| usize::try_from(index).ok());
                let item = n.and_then(|n| self.items.get_mut(n));
                item.ok_or_else(|| format!("of no item: {event}"))?.event(kind, event)
            }
        }
    }

    fn begin(&mut self, response: &Value) -> Outcome {
        demand(self.head.is_null() || self.head == *response, "another response")?;
        demand(response["status"] == "in_progress", "not in progress")?;
        demand(response["output"] == json!([]) && response["usage"].is_null(), "something at the start")?;
        self.head = response.clone();
        whole::head(response)
    }

    fn add(&mut self, event: &Value) -> Outcome {
        demand(event["output_index"] == self.items.len(), format!("not the next item: {event}"))?;
        let added = event["item"].clone();
        text(&added["id"], "id")?;
        let begun = match added["type"].as_str() {
            Some("message") => added["content"] == json!([]),
            Some("reasoning") => added["summary"] == json!([]),
            Some("function_call") => added["arguments"] == "",
            Some("custom_tool_call") => added["input"] == "",
            _ => false,
        };
        let going = added["status"] == "in_progress" || added["type"] == "reasoning";
        demand(begun && going, format!("an item that does not begin empty: {added}"))?;
        self.items.push(Item { added, parts: Vec::new(), done: None });
        Ok(())
    }

    fn end(&self, kind: &str, response: &Value) -> Outcome {
        whole::head(response)?;
        for (field, value) in self.head.as_object().into_iter().flatten() {
            let changes = ["status", "output", "usage", "error", "incomplete_details"].contains(&&**field);
            demand(changes || response[field] == *value, format!("{field} has changed"))?;
        }
        let status = kind.trim_start_matches("response.");
        demand(response["status"] == status, format!("not {status}: {}", response["status"]))?;
        let done: Vec<&Value> = self.items.iter().filter_map(|item| item.done.as_ref()).collect();
        demand(list(&response["output"]).iter().eq(done.iter().copied()), "another output than was told")?;
        if kind == "response.failed" {
            text(&response["error"]["code"], "code")?;
            let told =
                self.error.as_ref().is_some_and(|error| error["message"] == response["error"]["message"]);
            return demand(told, "another error than was told");
        }
        demand(done.len() == self.items.len(), "an item that goes on")?;
        whole::ended(response)
    }
}

impl Item {
    fn event(&mut self, kind: &str, event: &Value) -> Outcome {
        demand(self.done.is_none(), format!("of an item that is done: {event}"))?;
        if kind == "response.output_item.done" {
            return self.done(&event["item"]);
        }
        demand(event["item_id"] == self.added["id"], format!("of another item: {event}"))?;
        let of = self.added["type"].as_str().unwrap_or_default();
        let name = kind.trim_start_matches("response.");
        match (of, name) {
            ("message", "content_part.added") | ("reasoning", "reasoning_summary_part.added") => {
                self.open(event)
            }
            ("message", "output_text.delta" | "refusal.delta")
            | ("reasoning", "reasoning_summary_text.delta")
            | ("function_call", "function_call_arguments.delta")
            | ("custom_tool_call", "custom_tool_call_input.delta") => {
                let said = piece(&event["delta"], "delta")?;
                self.part(event)?.said.push_str(said);
                Ok(())
            }
            ("message", "output_text.annotation.added") => {
                let part = self.part(event)?;
                demand(event["annotation_index"] == part.annotations.len(), "not the next annotation")?;
                part.annotations.push(event["annotation"].clone());
                Ok(())
            }
            ("message", "output_text.done") | ("reasoning", "reasoning_summary_text.done") => {
                self.whole(event, "text")
            }
            ("message", "refusal.done") => self.whole(event, "refusal"),
            ("function_call", "function_call_arguments.done") => {
                demand(event["name"] == self.added["name"], "another name")?;
                self.whole(event, "arguments")
            }
            ("custom_tool_call", "custom_tool_call_input.done") => self.whole(event, "input"),
            ("message", "content_part.done") | ("reasoning", "reasoning_summary_part.done") => {
                self.close(event)
            }
            _ => Err(format!("no event of a {of}: {event}")),
        }
    }

    /// The part that an event is about; of a call there is one.
    fn part(&mut self, event: &Value) -> Result<&mut Part, String> {
        let called = self.added["type"] != "message" && self.added["type"] != "reasoning";
        if called && self.parts.is_empty() {
            self.parts.push(Part::default());
        }
        let n = place(event).unwrap_or_default();
        let part = usize::try_from(n).ok().and_then(|n| self.parts.get_mut(n));
        part.filter(|part| !part.whole).ok_or_else(|| format!("of no part that goes on: {event}"))
    }

    fn open(&mut self, event: &Value) -> Outcome {
        demand(place(event) == Some(self.parts.len() as u64), format!("not the next part: {event}"))?;
        let part = &event["part"];
        let empty = [&part["text"], &part["refusal"]].into_iter().any(|text| text == "");
        demand(empty, format!("a part that does not begin empty: {event}"))?;
        self.parts.push(Part::default());
        Ok(())
    }

    fn whole(&mut self, event: &Value, field: &str) -> Outcome {
        let part = self.part(event)?;
        part.whole = true;
        demand(event[field] == *part.said, format!("not what has been told: {event}"))
    }

    fn close(&mut self, event: &Value) -> Outcome {
        let n = place(event).and_then(|n| usize::try_from(n).ok());
        let part = n.and_then(|n| self.parts.get_mut(n)).ok_or("of no part")?;
        demand(
            part.whole && !std::mem::replace(&mut part.closed, true),
            format!("too early, or again: {event}"),
        )?;
        part.is(&event["part"])
    }

    /// The whole item is what has been told of it.
    fn done(&mut self, item: &Value) -> Outcome {
        let same = ["id", "type", "call_id", "name", "namespace"]
            .iter()
            .all(|field| item[field] == self.added[field]);
        demand(same, format!("another item: {item}"))?;
        whole::item(item)?;
        if let Some(said) = [&item["arguments"], &item["input"]].into_iter().find(|said| said.is_string()) {
            let told = matches!(&*self.parts, [part] if part.whole && *said == *part.said);
            demand(told, format!("not what has been told: {item}"))?;
        } else {
            let parts: Vec<&Value> = list(&item["content"]).iter().chain(list(&item["summary"])).collect();
            let open = self.parts.iter().any(|part| !part.closed);
            demand(
                !open && parts.len() == self.parts.len(),
                format!("not the parts that were told: {item}"),
            )?;
            self.parts.iter().zip(parts).try_for_each(|(part, whole)| part.is(whole))?;
        }
        self.done = Some(item.clone());
        Ok(())
    }
}

impl Part {
    fn is(&self, part: &Value) -> Outcome {
        let said = if part["refusal"].is_string() { &part["refusal"] } else { &part["text"] };
        let same = *said == *self.said && list(&part["annotations"]) == self.annotations;
        demand(same, format!("not what has been told: {part}"))
    }
}

fn place(event: &Value) -> Option<u64> {
    event["content_index"].as_u64().or(event["summary_index"].as_u64())
}
