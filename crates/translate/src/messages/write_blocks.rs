//! Blocks of a request for a provider.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ccproxy_wire::messages::body::{Block, Source as Written};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::part::{Cache, Media, Part, Source, Text, Thinking, ToolCall, ToolResult};
use crate::seal::Seal;
use crate::tools::ToolNames;
use crate::{Dropped, custom};

/// So many ends of what is worth caching may be marked.
const MAX_MARKS: usize = 4;

/// What all blocks need.
pub(super) struct Blocks<'w> {
    pub(super) names: &'w ToolNames,
    pub(super) dropped: &'w mut Dropped,
    marks: usize,
}

impl<'w> Blocks<'w> {
    pub(super) fn new(names: &'w ToolNames, dropped: &'w mut Dropped) -> Self {
        Self { names, dropped, marks: 0 }
    }

    pub(super) fn has_marks(&self) -> bool {
        self.marks > 0
    }

    /// Marks the end of what is worth caching.
    pub(super) fn mark<'a>(&mut self, cache: Option<&'a Cache>) -> Option<&'a RawValue> {
        let cache = cache?;
        if self.marks == MAX_MARKS {
            self.dropped.note("cache_control");
            return None;
        }
        self.marks += 1;
        Some(cache)
    }

    /// Text that says something; other text is refused.
    pub(super) fn text<'a>(&mut self, text: &'a Text) -> Option<Block<'a>> {
        if text.text.trim().is_empty() {
            return None;
        }
        // The provider wants proof of its sources, which nobody else has kept.
        self.dropped.note_some("content.text.citations", text.citations.first());
        Some(Block::Text {
            text: text.text.as_str().into(),
            citations: Vec::new(),
            cache_control: self.mark(text.cache.as_ref()),
        })
    }

    /// What an assistant has said.
    pub(super) fn assistant<'a>(&mut self, part: &'a Part) -> Option<Block<'a>> {
        match part {
            Part::Text(text) => self.text(text),
            Part::Refusal(text) => plain(text),
            Part::Thinking(thinking) => self.thinking(thinking),
            Part::ToolCall(call) => Some(self.call(call)),
            Part::Image(_) => self.without("content.image"),
            Part::Document(_) => self.without("content.document"),
            Part::Audio(_) => self.without("content.audio"),
            Part::ToolResult(_) => self.without("content.tool_result"),
        }
    }

    /// What a user, or a tool, has said.
    pub(super) fn user<'a>(&mut self, part: &'a Part) -> Result<Option<Block<'a>>, Error> {
        Ok(match part {
            Part::Text(text) => self.text(text),
            Part::Refusal(text) => plain(text),
            Part::Image(image) => {
                // Less than all is never looked at.
                self.dropped.note_some(
                    "content.image.detail",
                    image.detail.as_ref().filter(|detail| *detail == "low"),
                );
                let cache_control = self.mark(image.cache.as_ref());
                Some(Block::Image { source: image_source(&image.source), cache_control })
            }
            Part::Document(document) => self.document(document)?,
            // Who does not hear the question cannot answer it.
            Part::Audio(_) => return Err(Error::NotCarried { field: "content.audio".to_owned() }),
            Part::Thinking(_) | Part::ToolCall(_) | Part::ToolResult(_) => self.without("content"),
        })
    }

    fn without<'a>(&mut self, field: &str) -> Option<Block<'a>> {
        self.dropped.note(field);
        None
    }

    fn document<'a>(&mut self, document: &'a Media) -> Result<Option<Block<'a>>, Error> {
        let source = match &document.source {
            Source::Text(text) if text.trim().is_empty() => return Ok(None),
            Source::Text(text) => Written::Text { media_type: "text/plain", data: text.as_str().into() },
            Source::Data { media_type, data } if !is_pdf(media_type, document.name.as_deref()) => {
                let decoded = STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                let text =
                    decoded.ok_or_else(|| Error::NotCarried { field: "content.document".to_owned() })?;
                Written::Text { media_type: "text/plain", data: text.into() }
            }
            Source::Data { data, .. } => Written::Base64 { media_type: "application/pdf", data },
            Source::Url(url) => Written::Url { url },
            Source::File(file_id) => Written::File { file_id },
        };
        let title = document.name.as_deref().filter(|name| !name.is_empty());
        let cache_control = self.mark(document.cache.as_ref());
        Ok(Some(Block::Document { source, title, cache_control }))
    }

    /// Thoughts of others, and unsealed ones, are refused.
    fn thinking<'a>(&mut self, thinking: &'a Thinking) -> Option<Block<'a>> {
        match &thinking.seal {
            Some(Seal::Anthropic { signature }) => Some(Block::Thinking {
                thinking: thoughts(&thinking.texts),
                signature: signature.as_str().into(),
            }),
            Some(Seal::Redacted { data }) => Some(Block::RedactedThinking { data: data.as_str().into() }),
            Some(Seal::OpenAi { .. }) | None => self.without("content.thinking"),
        }
    }

    fn call<'a>(&mut self, call: &'a ToolCall) -> Block<'a> {
        let input = if call.custom { packed(&call.arguments) } else { input(&call.arguments) };
        Block::ToolUse {
            id: call.id.as_str().into(),
            name: self.names.theirs(&call.name).into(),
            input,
            cache_control: self.mark(call.cache.as_ref()),
        }
    }

    /// What a tool has to say to the call of this id.
    pub(super) fn result<'a>(
        &mut self,
        result: &'a ToolResult,
        id: Cow<'a, str>,
    ) -> Result<Block<'a>, Error> {
        Ok(Block::ToolResult {
            tool_use_id: id,
            content: self.content(result)?,
            is_error: result.is_error,
            cache_control: self.mark(result.cache.as_ref()),
        })
    }

    pub(super) fn content<'a>(&mut self, result: &'a ToolResult) -> Result<Vec<Block<'a>>, Error> {
        let blocks = result.parts.iter().map(|part| self.user(part));
        blocks.filter_map(Result::transpose).collect()
    }
}

pub(super) fn plain(text: &str) -> Option<Block<'_>> {
    (!text.trim().is_empty()).then(|| Block::Text {
        text: text.into(),
        citations: Vec::new(),
        cache_control: None,
    })
}

/// Thoughts, in one text.
pub(super) fn thoughts(texts: &[String]) -> Cow<'_, str> {
    match texts {
        [] => "".into(),
        [text] => text.into(),
        texts => texts.join("\n\n").into(),
    }
}

/// Arguments, which have to be an object. Others are the input of one.
pub(super) fn input(arguments: &str) -> Cow<'_, RawValue> {
    let arguments = arguments.trim();
    if arguments.is_empty() || arguments == "null" {
        return Cow::Borrowed(&super::write_tools::NOTHING);
    }
    match serde_json::from_str::<&RawValue>(arguments) {
        Ok(json) if json.get().starts_with('{') => Cow::Borrowed(json),
        _ => packed(arguments),
    }
}

/// The input of a custom tool.
pub(super) fn packed<'a>(text: &str) -> Cow<'a, RawValue> {
    Cow::Owned(RawValue::from_string(custom::pack(text)).unwrap_or_default())
}

fn image_source(source: &Source) -> Written<'_> {
    match source {
        Source::Data { media_type, data } => {
            let media_type = if media_type == "image/jpg" { "image/jpeg" } else { media_type };
            Written::Base64 { media_type, data }
        }
        Source::Url(url) | Source::Text(url) => Written::Url { url },
        Source::File(file_id) => Written::File { file_id },
    }
}

/// Some clients do not know what they have; then the name tells.
fn is_pdf(media_type: &str, name: Option<&str>) -> bool {
    let named = name.is_some_and(|name| name.to_ascii_lowercase().ends_with(".pdf"));
    media_type == "application/pdf" || (named && matches!(media_type, "" | "application/octet-stream"))
}
