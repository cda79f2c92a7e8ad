//! Answers as streams of events.

pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod messages;
pub(crate) mod responses;

use bytes::Bytes;
use serde::Serialize;

/// A stream that is ready to be played: its events, and the tokens in each.
#[derive(Debug, Default)]
pub(crate) struct Reel {
    text: Vec<u8>,
    cuts: Vec<Cut>,
}

#[derive(Debug, Clone, Copy)]
struct Cut {
    end: usize,
    tokens: u32,
}

/// What goes out at once, and how many tokens it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    pub(crate) tokens: u32,
}

impl Reel {
    /// Adds an event that is only data.
    fn data(&mut self, event: &impl Serialize, tokens: u32) {
        let json = super::answer::json(event);
        self.push(&[b"data: ", &one_line(&json), b"\n\n"], tokens);
    }

    /// Adds an event that is also called by its name: the value of the key `type`, which comes first.
    fn event(&mut self, event: &impl Serialize, tokens: u32) {
        let json = super::answer::json(event);
        let json = one_line(&json);
        let name = json.strip_prefix(br#"{"type":""#).unwrap_or_default();
        let name = name.split(|byte| *byte == b'"').next().unwrap_or_default();
        self.push(&[b"event: ", name, b"\ndata: ", &json, b"\n\n"], tokens);
    }

    /// Adds the line that ends the streams of OpenAI's older APIs.
    fn done(&mut self) {
        self.push(&[b"data: [DONE]\n\n"], 0);
    }

    fn push(&mut self, parts: &[&[u8]], tokens: u32) {
        for part in parts {
            self.text.extend_from_slice(part);
        }
        self.cuts.push(Cut { end: self.text.len(), tokens });
    }

    /// The events, each in a frame of its own; they share one piece of memory.
    pub(crate) fn into_frames(self) -> Vec<Frame> {
        let text = Bytes::from(self.text);
        let mut start = 0;
        let frame = |cut: &Cut| {
            let bytes = text.slice(start..cut.end);
            start = cut.end;
            Frame { bytes, tokens: cut.tokens }
        };
        self.cuts.iter().map(frame).collect()
    }
}

/// A line break in JSON is white space between values, which the client may have sent in what is echoed; in an
/// event it would begin a new field.
fn one_line(json: &[u8]) -> Vec<u8> {
    json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect()
}
