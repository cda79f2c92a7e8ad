//! Streams of Anthropic Messages.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Reel;
use crate::answer::messages::{Block, Message, Usage, message, tool_use_id};
use crate::ids::Ids;
use crate::reply::Reply;
use crate::request::messages::Request;
use crate::token::pieces;

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event<'a> {
    MessageStart { message: Message<'a> },
    ContentBlockStart { index: usize, content_block: Block<'a> },
    Ping,
    ContentBlockDelta { index: usize, delta: Delta<'a> },
    ContentBlockStop { index: usize },
    MessageDelta { delta: MessageDelta<'a>, usage: Usage },
    MessageStop,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type")]
enum Delta<'a> {
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: &'a str },
}

#[derive(Debug, Serialize)]
struct MessageDelta<'a> {
    stop_reason: Option<&'static str>,
    stop_sequence: Option<&'a str>,
    stop_details: Option<()>,
}

/// The events of a message.
pub(crate) fn reel(request: &Request, reply: &Reply, ids: &Ids) -> Reel {
    let mut reel = Reel::default();
    let mut start = message(request, reply, ids);
    start.content.clear();
    (start.stop_reason, start.stop_sequence, start.usage.output_tokens) = (None, None, 0);
    reel.event(&Event::MessageStart { message: start }, 0);

    let mut blocks = Blocks { reel: &mut reel, index: 0 };
    if let Some(thinking) = &reply.thinking {
        blocks.start(Block::Thinking { thinking: "", signature: "" });
        if !request.omit_thinking {
            blocks.deltas(&thinking.text, |thinking| Delta::Thinking { thinking });
        }
        blocks.delta(Delta::Signature { signature: &thinking.seal }, 0);
        blocks.stop();
    }
    if let Some(text) = &reply.text {
        blocks.start(Block::Text { text: "" });
        blocks.deltas(text, |text| Delta::Text { text });
        blocks.stop();
    }
    for (index, call) in reply.calls.iter().enumerate() {
        let input = RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned());
        blocks.start(Block::ToolUse { id: tool_use_id(ids, index), name: &call.name, input });
        blocks.delta(Delta::InputJson { partial_json: "" }, 0);
        blocks.deltas(&call.arguments, |partial_json| Delta::InputJson { partial_json });
        blocks.stop();
    }

    let Message { stop_reason, stop_sequence, usage, .. } = message(request, reply, ids);
    let (stop_details, usage) = (None, usage.at_end());
    reel.event(
        &Event::MessageDelta { delta: MessageDelta { stop_reason, stop_sequence, stop_details }, usage },
        0,
    );
    reel.event(&Event::MessageStop, 0);
    reel
}

/// Writes blocks, one after the other.
struct Blocks<'a> {
    reel: &'a mut Reel,
    index: usize,
}

impl Blocks<'_> {
    fn start(&mut self, content_block: Block<'_>) {
        self.reel.event(&Event::ContentBlockStart { index: self.index, content_block }, 0);
        if self.index == 0 {
            self.reel.event(&Event::Ping, 0);
        }
    }

    fn delta(&mut self, delta: Delta<'_>, tokens: u32) {
        self.reel.event(&Event::ContentBlockDelta { index: self.index, delta }, tokens);
    }

    fn deltas<'t>(&mut self, text: &'t str, delta: impl Fn(&'t str) -> Delta<'t>) {
        for piece in pieces(text) {
            self.delta(delta(piece), 1);
        }
    }

    fn stop(&mut self) {
        self.reel.event(&Event::ContentBlockStop { index: self.index }, 0);
        self.index += 1;
    }
}
