//! Messages.

use serde_json::{Value, json};

use super::{parse, piece};
use crate::golden::demand::{Outcome, demand, text};
use crate::golden_answers::wholes::messages as whole;
use crate::golden_answers::wholes::one_of;

/// What Anthropic calls its errors.
const ERRORS: [&str; 9] = [
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "not_found_error",
    "request_too_large",
    "rate_limit_error",
    "api_error",
    "overloaded_error",
    "timeout_error",
];

#[derive(Default)]
struct Seen {
    blocks: Vec<Value>,
    open: Option<Block>,
    /// The last block is a call whose input is no JSON.
    cut: bool,
    ended: bool,
    stopped: bool,
    failed: bool,
}

/// A block that goes on.
struct Block {
    start: Value,
    said: String,
    signature: String,
    citations: Vec<Value>,
}

pub(super) fn check(events: &[Value]) -> Result<bool, String> {
    let mut seen = Seen::default();
    for (n, event) in events.iter().enumerate() {
        demand(!seen.stopped && !seen.failed, format!("something after the end: {event}"))?;
        let kind = event["type"].as_str().unwrap_or_default();
        demand(
            (n == 0) == (kind == "message_start") || kind == "error",
            format!("not in its place: {event}"),
        )?;
        seen.event(kind, event)?;
    }
    demand(seen.stopped || seen.failed, "it just ends")?;
    Ok(seen.stopped)
}

impl Seen {
    fn event(&mut self, kind: &str, event: &Value) -> Outcome {
        match kind {
            "message_start" => {
                let message = &event["message"];
                demand(message["content"] == json!([]), "content at the start")?;
                demand(message["stop_reason"].is_null(), "an end at the start")?;
                whole::head(message)
            }
            "content_block_start" | "content_block_delta" | "content_block_stop" => {
                demand(!self.ended, "a block after the end")?;
                demand(event["index"] == self.blocks.len(), format!("not the next block: {event}"))?;
                match kind {
                    "content_block_start" => self.start(&event["content_block"]),
                    "content_block_delta" => {
                        self.open.as_mut().ok_or("a delta of no block")?.add(&event["delta"])
                    }
                    _ => self.stop(),
                }
            }
            "message_delta" => {
                demand(self.open.is_none() && !self.ended, format!("not yet, or again: {event}"))?;
                self.ended = true;
                whole::usage(&event["usage"])?;
                let limits = ["max_tokens", "model_context_window_exceeded", "refusal"];
                let limited = limits.iter().any(|limit| event["delta"]["stop_reason"] == *limit);
                demand(!self.cut || limited, "an input that is cut off, and no limit")?;
                whole::ending(&event["delta"], &self.blocks)
            }
            "message_stop" => {
                self.stopped = true;
                demand(self.ended, "it stops without a reason")
            }
            "error" => {
                self.failed = true;
                one_of(&event["error"]["type"], &ERRORS, "the error's type")?;
                text(&event["error"]["message"], "message").map(drop)
            }
            _ => Err(format!("no event: {event}")),
        }
    }

    /// A block begins with nothing in it.
    fn start(&mut self, start: &Value) -> Outcome {
        demand(self.open.is_none() && !self.cut, "two blocks at a time, or one after what was cut off")?;
        let empty = match start["type"].as_str() {
            Some("text") => start["text"] == "",
            Some("thinking") => start["thinking"] == "" && start["signature"] == "",
            Some("tool_use") => start["input"] == json!({}),
            _ => true,
        };
        demand(empty, format!("a block that does not begin empty: {start}"))?;
        self.open = Some(Block {
            start: start.clone(),
            said: String::new(),
            signature: String::new(),
            citations: Vec::new(),
        });
        Ok(())
    }

    fn stop(&mut self) -> Outcome {
        let (block, cut) = self.open.take().ok_or("no block to stop")?.whole();
        whole::block(&block)?;
        self.cut = cut;
        self.blocks.push(block);
        Ok(())
    }
}

impl Block {
    fn add(&mut self, delta: &Value) -> Outcome {
        let (of, kind) = (self.start["type"].as_str(), delta["type"].as_str());
        match (of.unwrap_or_default(), kind.unwrap_or_default()) {
            ("text", "text_delta") => self.said.push_str(piece(&delta["text"], "text")?),
            ("text", "citations_delta") => {
                whole::citation(&delta["citation"])?;
                self.citations.push(delta["citation"].clone());
            }
            ("thinking", "thinking_delta") => {
                demand(self.signature.is_empty(), "thoughts after their signature")?;
                self.said.push_str(piece(&delta["thinking"], "thinking")?);
            }
            ("thinking", "signature_delta") => {
                demand(self.signature.is_empty(), "two signatures")?;
                self.signature.push_str(piece(&delta["signature"], "signature")?);
            }
            // Anthropic's first piece is empty.
            ("tool_use", "input_json_delta") => {
                self.said.push_str(delta["partial_json"].as_str().ok_or("partial_json is no text")?);
            }
            _ => return Err(format!("a delta of another block: {delta}")),
        }
        Ok(())
    }

    /// The block, and whether its input is no JSON.
    fn whole(self) -> (Value, bool) {
        let (mut block, mut cut) = (self.start, false);
        match block["type"].as_str() {
            Some("text") => {
                block["text"] = self.said.into();
                block["citations"] = self.citations.into();
            }
            Some("thinking") => {
                block["thinking"] = self.said.into();
                block["signature"] = self.signature.into();
            }
            Some("tool_use") if !self.said.is_empty() => match parse(&self.said) {
                Ok(input) => block["input"] = input,
                Err(_) => cut = true,
            },
            _ => {}
        }
        (block, cut)
    }
}
