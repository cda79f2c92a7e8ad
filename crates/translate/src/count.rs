//! How many tokens a prompt has, where its provider cannot be asked.
//!
//! An estimate: the texts by a tokenizer that the caller brings, what stands around them by what the vendors publish.
//! Sources: <https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken> for the frames of messages and
//! tools; <https://platform.claude.com/docs/en/build-with-claude/vision> for images, and `pdf-support` beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Error;
use crate::part::{Media, Part, Source, ToolCall, ToolResult};
use crate::request::{Format, Request, Tool, ToolKind, Turn};
use crate::{Dropped, messages};

/// What frames a message, and what leads the answer in.
const MESSAGE: u64 = 3;
/// What frames a tool's definition, a call or a result.
const TOOL: u64 = 8;
/// An image of which nothing is known: one that fills what a model looks at.
const IMAGE: u64 = 1600;
/// An image is scaled down to this many pixels at its longer side,
const LONGEST_SIDE: u64 = 1568;
/// and so many pixels make a token.
const PIXELS: u64 = 750;
/// A page of a document, as text and as an image.
const PAGE: u64 = 2000;
/// The bytes of a page, where it is not known how many there are.
const PAGE_BYTES: u64 = 50_000;
/// What of an image is decoded to find its size in.
const HEADER: usize = 64 * 1024;

/// The tokens of what a model would read of a Messages request, `text` counting those of a text.
///
/// # Errors
/// [`Error`] if the body is no such request.
pub fn count_tokens(body: &[u8], text: &dyn Fn(&str) -> u64) -> Result<u64, Error> {
    let request = messages::read_request(body, &mut Dropped::default())?;
    Ok(Count { text }.request(&request))
}

struct Count<'a> {
    text: &'a dyn Fn(&str) -> u64,
}

impl Count<'_> {
    fn request(&self, request: &Request) -> u64 {
        let turns: u64 = request.turns.iter().map(|turn| self.turn(turn)).sum();
        let tools: u64 = request.tools.iter().map(|tool| self.tool(tool)).sum();
        let format = match &request.format {
            Some(Format::Schema { schema, .. }) => (self.text)(schema.get()),
            Some(Format::Json) | None => 0,
        };
        MESSAGE + turns + tools + format
    }

    fn turn(&self, turn: &Turn) -> u64 {
        MESSAGE + self.parts(&turn.parts)
    }

    fn parts(&self, parts: &[Part]) -> u64 {
        parts.iter().map(|part| self.part(part)).sum()
    }

    fn part(&self, part: &Part) -> u64 {
        match part {
            Part::Text(text) if text.is_billing() => 0,
            Part::Text(text) => (self.text)(&text.text),
            Part::Image(image) => self.image(image),
            Part::Document(media) | Part::Audio(media) => self.document(media),
            Part::Thinking(thinking) => thinking.texts.iter().map(|text| (self.text)(text)).sum(),
            Part::ToolCall(ToolCall { name, arguments, .. }) => {
                TOOL + (self.text)(name) + (self.text)(arguments)
            }
            Part::ToolResult(ToolResult { parts, .. }) => TOOL + self.parts(parts),
            Part::Refusal(text) => (self.text)(text),
        }
    }

    fn tool(&self, tool: &Tool) -> u64 {
        let shape = match &tool.kind {
            ToolKind::Function { schema, .. } => schema.as_deref(),
            ToolKind::Custom { format } => format.as_deref(),
            ToolKind::Hosted { .. } => None,
        };
        let described = tool.description.as_deref().map_or(0, self.text);
        TOOL + (self.text)(&tool.name) + described + shape.map_or(0, |shape| (self.text)(shape.get()))
    }

    fn image(&self, image: &Media) -> u64 {
        match &image.source {
            Source::Data { data, .. } => size(data).map_or(IMAGE, |(width, height)| pixels(width, height)),
            Source::Url(_) | Source::File(_) => IMAGE,
            Source::Text(text) => (self.text)(text),
        }
    }

    fn document(&self, document: &Media) -> u64 {
        let named = document.name.as_deref().map_or(0, self.text);
        named
            + match &document.source {
                Source::Data { data, .. } => PAGE * bytes(data).div_ceil(PAGE_BYTES).max(1),
                Source::Url(_) | Source::File(_) => PAGE,
                Source::Text(text) => (self.text)(text),
            }
    }
}

/// How many bytes this much base64 makes.
fn bytes(base64: &str) -> u64 {
    u64::try_from(base64.len()).unwrap_or(u64::MAX) / 4 * 3
}

/// Width and height, from the beginning of the file.
fn size(base64: &str) -> Option<(u64, u64)> {
    let start = base64.get(..base64.len().min(HEADER) / 4 * 4)?;
    let size = imagesize::blob_size(&STANDARD.decode(start).ok()?).ok()?;
    Some((u64::try_from(size.width).ok()?, u64::try_from(size.height).ok()?))
}

/// The tokens of an image.
fn pixels(width: u64, height: u64) -> u64 {
    let longest = width.max(height).max(1);
    let scaled = |side: u64| if longest > LONGEST_SIDE { side * LONGEST_SIDE / longest } else { side };
    (scaled(width) * scaled(height)).div_ceil(PIXELS).clamp(1, IMAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token a word, so that sums can be seen.
    fn words(text: &str) -> u64 {
        text.split_whitespace().count().try_into().unwrap()
    }

    #[test]
    fn what_is_counted() {
        let check = |rest: &str, message: &str, expect: u64| {
            let body = format!(r#"{{"model":"m"{rest},"messages":[{{"role":"user","content":{message}}}]}}"#);
            assert_eq!(count_tokens(body.as_bytes(), &words), Ok(expect), "{body}");
        };
        check("", r#""one two""#, 8);
        check(r#","system":"three more words""#, r#""one two""#, 14);
        let billed = r#","system":[{"type":"text","text":"x-anthropic-billing-header: a b c"}]"#;
        check(billed, r#""one""#, 10);
        let tool = r#","tools":[{"name":"look","description":"looks up","input_schema":{"type":"object"}}]"#;
        check(tool, r#""one two""#, 20);
        check("", r#"[{"type":"tool_result","tool_use_id":"t","content":"a b c"}]"#, 17);
        check(
            "",
            r#"[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a b"}}]"#,
            8,
        );
        let image = |source: &str| format!(r#"[{{"type":"image","source":{source}}}]"#);
        check("", &image(r#"{"type":"url","url":"https://x.y/z.png"}"#), 1606);
        // A GIF of 150 by 100.
        let gif = r#"{"type":"base64","media_type":"image/gif","data":"R0lGODlhlgBkAAAAAAA="}"#;
        check("", &image(gif), 26);
        check("", &image(r#"{"type":"base64","media_type":"image/png","data":"AAAA"}"#), 1606);
        let pdf = r#"[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}}]"#;
        check("", pdf, 2006);
    }

    #[test]
    fn images_are_scaled() {
        let check = |width, height, expect| assert_eq!(pixels(width, height), expect, "{width} x {height}");
        check(0, 0, 1);
        check(200, 200, 54);
        check(1000, 1000, 1334);
        check(1568, 1568, IMAGE);
        check(3136, 100, 105);
        check(u32::MAX.into(), 1, 1);
    }

    #[test]
    fn what_is_no_request() {
        assert!(count_tokens(b"{}", &words).is_err());
        assert!(count_tokens(br#"{"model":"m","messages":7}"#, &words).is_err());
    }
}
