//! Blocks: what a message, and an answer, is made of; as they are read.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::responses::item::Content;
use crate::responses::{Str, Typed};

/// A block of any type; which fields mean something depends on it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Block<'a> {
    /// One of [`Typed::KNOWN`], or another.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of a text.
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
    /// Of a text that a model has written. Of a document it is an object, and of no interest here.
    #[serde(borrow)]
    pub citations: Option<&'a RawValue>,
    /// Whether what goes before is worth caching.
    #[serde(borrow)]
    pub cache_control: Option<&'a RawValue>,
    /// Of an image or a document a [`Source`]; of a search result a string.
    #[serde(borrow)]
    pub source: Option<&'a RawValue>,
    /// Of a document, or a search result.
    #[serde(borrow)]
    pub title: Option<Str<'a>>,
    /// Of a document.
    #[serde(borrow)]
    pub context: Option<Str<'a>>,
    /// Of thoughts.
    #[serde(borrow)]
    pub thinking: Option<Str<'a>>,
    /// Of thoughts.
    #[serde(borrow)]
    pub signature: Option<Str<'a>>,
    /// Of redacted thoughts.
    #[serde(borrow)]
    pub data: Option<Str<'a>>,
    /// Of a call.
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    /// Of a call.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// Of a call: an object.
    #[serde(borrow)]
    pub input: Option<&'a RawValue>,
    /// Of a result.
    #[serde(borrow)]
    pub tool_use_id: Option<Str<'a>>,
    /// Of a result: a string, or blocks. Of a compaction: a string.
    #[serde(borrow)]
    pub content: Option<Content<'a>>,
    /// Of a result.
    pub is_error: Option<bool>,
    /// Of a reference to a tool.
    #[serde(borrow)]
    pub tool_name: Option<Str<'a>>,
    /// Of a tool that can be called from here on: an [`Added`].
    #[serde(borrow)]
    pub tool: Option<&'a RawValue>,
}

impl<'a> Typed<'a> for Block<'a> {
    const KNOWN: &'static [&'static str] = &[
        "text",
        "image",
        "document",
        "search_result",
        "thinking",
        "redacted_thinking",
        "tool_use",
        "tool_result",
        "tool_reference",
        "tool_addition",
        "compaction",
    ];

    fn other(r#type: Str<'a>) -> Self {
        Self { r#type: Some(r#type), ..Self::default() }
    }
}

/// Where an image's or a document's bytes are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Source<'a> {
    /// `base64`, `url`, `file`, `text`, `content`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of base64 and text.
    #[serde(borrow)]
    pub media_type: Option<Str<'a>>,
    /// Of base64 and text.
    #[serde(borrow)]
    pub data: Option<Str<'a>>,
    /// Of a URL.
    #[serde(borrow)]
    pub url: Option<Str<'a>>,
    /// Of a file.
    #[serde(borrow)]
    pub file_id: Option<Str<'a>>,
    /// Of content: a string, or blocks.
    #[serde(borrow)]
    pub content: Option<Content<'a>>,
}

/// A tool that can be called from a place in the conversation on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Added<'a> {
    /// `tool_reference`: one of the request's tools; `tool_definition`: a new one; or another.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of a new one: a [`Tool`](super::request::Tool).
    #[serde(borrow)]
    pub definition: Option<&'a RawValue>,
}

/// Where a passage of a text comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Citation<'a> {
    /// `char_location`, `page_location`, `content_block_location`, `web_search_result_location`, …
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// The passage.
    #[serde(borrow)]
    pub cited_text: Option<Str<'a>>,
    /// Of a search result.
    #[serde(borrow)]
    pub url: Option<Str<'a>>,
    /// Of a search result of the client's: an address, mostly.
    #[serde(borrow)]
    pub source: Option<Str<'a>>,
    /// Of a search result.
    #[serde(borrow)]
    pub title: Option<Str<'a>>,
    /// Of a document.
    #[serde(borrow)]
    pub document_title: Option<Str<'a>>,
    /// Of a file that the provider keeps.
    #[serde(borrow)]
    pub file_id: Option<Str<'a>>,
}
