//! Items: what the input, and the output, are made of.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Str, Typed};

/// An item of any type; which fields mean something depends on it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Item<'a> {
    /// May be missing from a message.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// The item's own id, `msg_…`, `fc_…`, `rs_…`; never a call's.
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    /// Of a message.
    #[serde(borrow)]
    pub role: Option<Str<'a>>,
    /// Of a message, its parts; of a reasoning item, the thoughts themselves.
    #[serde(borrow)]
    pub content: Option<Content<'a>>,
    /// Of an assistant's message: `commentary` or `final_answer`.
    #[serde(borrow)]
    pub phase: Option<Str<'a>>,
    /// Of a call and its output.
    #[serde(borrow)]
    pub call_id: Option<Str<'a>>,
    /// Of a call.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// Of a call of a tool that stands in a namespace.
    #[serde(borrow)]
    pub namespace: Option<Str<'a>>,
    /// Of a function call: JSON in a string. Of a `tool_search_call`: an object.
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
    /// Of a custom tool call.
    #[serde(borrow)]
    pub input: Option<Str<'a>>,
    /// Of an output.
    #[serde(borrow)]
    pub output: Option<Content<'a>>,
    /// Of a reasoning item.
    #[serde(borrow)]
    pub summary: Option<Vec<Text<'a>>>,
    /// Of a reasoning item.
    #[serde(borrow)]
    pub encrypted_content: Option<Str<'a>>,
    /// Of a tool search: `client` or `server`.
    #[serde(borrow)]
    pub execution: Option<Str<'a>>,
    /// Of `tool_search_output` and `additional_tools`.
    #[serde(borrow)]
    pub tools: Option<Vec<&'a RawValue>>,
}

impl Item<'_> {
    /// The type; `message` where only a role tells.
    #[must_use]
    pub fn kind(&self) -> &str {
        match (&self.r#type, &self.role) {
            (Some(r#type), _) => r#type,
            (None, Some(_)) => "message",
            (None, None) => "",
        }
    }
}

impl<'a> Typed<'a> for Item<'a> {
    const KNOWN: &'static [&'static str] = &[
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "reasoning",
        "tool_search_call",
        "tool_search_output",
        "additional_tools",
        "item_reference",
    ];

    fn other(r#type: Str<'a>) -> Self {
        Self { r#type: Some(r#type), ..Self::default() }
    }
}

/// Text, or parts, each to be [read](super::read) as a [`Part`].
#[derive(Debug, Clone)]
pub enum Content<'a> {
    /// A plain string.
    Text(Cow<'a, str>),
    /// A list.
    Parts(Vec<&'a RawValue>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of parts")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Content::Text(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(text.to_owned().into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = list.next_element()? {
                    parts.push(part);
                }
                Ok(Content::Parts(parts))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// A part of a message, or of an output.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Part<'a> {
    /// `input_text`, `output_text`, `refusal`, `input_image`, `input_file`, `input_audio`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of a text.
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
    /// Of an output text.
    #[serde(borrow)]
    pub annotations: Option<Vec<Annotation<'a>>>,
    /// Of a refusal.
    #[serde(borrow)]
    pub refusal: Option<Str<'a>>,
    /// Of an image; `data:` URLs are allowed.
    #[serde(borrow)]
    pub image_url: Option<ImageUrl<'a>>,
    /// Of an image.
    #[serde(borrow)]
    pub detail: Option<Str<'a>>,
    /// Of an image or a file that the provider keeps.
    #[serde(borrow)]
    pub file_id: Option<Str<'a>>,
    /// Of a file: base64, mostly as a `data:` URL.
    #[serde(borrow)]
    pub file_data: Option<Str<'a>>,
    /// Of a file.
    #[serde(borrow)]
    pub file_url: Option<Str<'a>>,
    /// Of a file.
    #[serde(borrow)]
    pub filename: Option<Str<'a>>,
    /// Of a sound.
    #[serde(borrow)]
    pub input_audio: Option<Audio<'a>>,
    /// The end of what is worth caching.
    #[serde(borrow)]
    pub prompt_cache_breakpoint: Option<Breakpoint<'a>>,
}

impl<'a> Typed<'a> for Part<'a> {
    const KNOWN: &'static [&'static str] = &[
        "input_text",
        "output_text",
        "text",
        "summary_text",
        "reasoning_text",
        "refusal",
        "input_image",
        "input_file",
        "input_audio",
    ];

    fn other(r#type: Str<'a>) -> Self {
        Self { r#type: Some(r#type), ..Self::default() }
    }
}

/// A text of a reasoning item: of its summary, or of its content.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Text<'a> {
    /// What it says.
    #[serde(borrow)]
    pub text: Str<'a>,
}

/// Where a passage of an output text comes from.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Annotation<'a> {
    /// `url_citation`, `file_citation`, `container_file_citation`, `file_path`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of a `url_citation`.
    #[serde(borrow)]
    pub url: Option<Str<'a>>,
    /// Of a `url_citation`.
    #[serde(borrow)]
    pub title: Option<Str<'a>>,
    /// In characters.
    pub start_index: Option<u64>,
    /// In characters.
    pub end_index: Option<u64>,
    /// Of the others.
    #[serde(borrow)]
    pub file_id: Option<Str<'a>>,
    /// Of the others.
    #[serde(borrow)]
    pub filename: Option<Str<'a>>,
}

/// A sound.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Audio<'a> {
    /// Base64.
    #[serde(borrow)]
    pub data: Str<'a>,
    /// `mp3` or `wav`.
    #[serde(borrow)]
    pub format: Str<'a>,
}

/// The end of a prefix that is worth caching.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Breakpoint<'a> {
    /// `30m` or `12h`.
    #[serde(borrow)]
    pub ttl: Option<Str<'a>>,
}

/// An image's URL; some clients send Chat's object.
#[derive(Debug, Clone)]
pub struct ImageUrl<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for ImageUrl<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Inner<'a> {
            #[serde(borrow)]
            url: Str<'a>,
        }

        let raw: &RawValue = Deserialize::deserialize(deserializer)?;
        let url = match raw.get().starts_with('{') {
            true => serde_json::from_str(raw.get()).map(|Inner { url }| url),
            false => serde_json::from_str(raw.get()),
        };
        url.map(|Str(url)| Self(url)).map_err(serde::de::Error::custom)
    }
}
