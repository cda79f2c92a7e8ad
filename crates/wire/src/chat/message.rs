//! Messages: of a request, of an answer, and what a stream tells anew of one.

use std::borrow::Cow;

use serde::de::{self, Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;

pub use super::loose::Loose;
use crate::responses::item::{Audio, Breakpoint, Content};
use crate::responses::{Str, Typed};

/// A message of any role; which fields mean something depends on it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Message<'a> {
    /// `system`, `developer`, `user`, `assistant`, `tool`, `function`.
    #[serde(borrow)]
    pub role: Option<Str<'a>>,
    /// A string, or [parts](Part).
    #[serde(borrow)]
    pub content: Option<Content<'a>>,
    /// The model will not do what it was asked, and why.
    #[serde(borrow)]
    pub refusal: Option<Str<'a>>,
    /// Who of several speaks; of a `function` message the function.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// What the model wants called.
    #[serde(borrow)]
    pub tool_calls: Option<Vec<ToolCall<'a>>>,
    /// Of a `tool` message: which call it answers.
    #[serde(borrow)]
    pub tool_call_id: Option<Str<'a>>,
    /// The older form of `tool_calls`.
    #[serde(borrow)]
    pub function_call: Option<Function<'a>>,
    /// What the model has said aloud. See [`Self::transcript`].
    #[serde(borrow)]
    pub audio: Option<&'a RawValue>,
    /// The thoughts, as DeepSeek has them.
    #[serde(borrow)]
    pub reasoning_content: Loose<'a>,
    /// The thoughts, as OpenRouter and Ollama have them.
    #[serde(borrow)]
    pub reasoning: Loose<'a>,
    /// The thoughts and their seals: a list of [`Detail`]s.
    #[serde(borrow)]
    pub reasoning_details: Option<&'a RawValue>,
    /// A list of [`Annotation`]s.
    #[serde(borrow)]
    pub annotations: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// The thoughts, under whichever name they are told.
    #[must_use]
    pub fn thoughts(&self) -> Option<&Cow<'a, str>> {
        [&self.reasoning_content, &self.reasoning].into_iter().find_map(|said| said.0.as_ref())
    }

    /// What the model has said aloud, in words. Audio of a strange form tells nothing.
    #[must_use]
    pub fn transcript(&self) -> Option<Cow<'a, str>> {
        #[derive(serde::Deserialize)]
        struct Aloud<'a> {
            #[serde(borrow, default)]
            transcript: Loose<'a>,
        }

        let aloud: Aloud<'a> = serde_json::from_str(self.audio?.get()).ok()?;
        aloud.transcript.0
    }

    /// The thoughts and their seals. A list of a strange form tells nothing.
    #[must_use]
    pub fn details(&self) -> Vec<Detail<'a>> {
        list(self.reasoning_details)
    }

    /// Where the text comes from. A list of a strange form tells nothing.
    #[must_use]
    pub fn annotations(&self) -> Vec<Annotation<'a>> {
        list(self.annotations)
    }
}

fn list<'a, T: Deserialize<'a>>(json: Option<&'a RawValue>) -> Vec<T> {
    json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

/// A call of a tool.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct ToolCall<'a> {
    /// In a stream: which call.
    pub index: Option<u64>,
    /// Shared with the result; in a stream with the first piece only, as a rule.
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    /// `function` or `custom`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of a function.
    #[serde(borrow)]
    pub function: Option<Function<'a>>,
    /// Of a custom tool.
    #[serde(borrow)]
    pub custom: Option<Custom<'a>>,
}

/// Which function is called, and with what.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Function<'a> {
    /// The function.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// JSON in a string; some have it as it is.
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
}

impl<'a> Function<'a> {
    /// The arguments as text.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        match self.arguments.map(RawValue::get) {
            None => Cow::Borrowed(""),
            Some(json) => serde_json::from_str(json).map_or(Cow::Borrowed(json), |Str(text)| text),
        }
    }
}

/// Which custom tool is called, and with what.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Custom<'a> {
    /// The tool.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// Any text.
    #[serde(borrow)]
    pub input: Option<Str<'a>>,
}

/// A part of a message.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Part<'a> {
    /// One of [`Typed::KNOWN`], or another.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of a text.
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
    /// Of a refusal.
    #[serde(borrow)]
    pub refusal: Option<Str<'a>>,
    /// Of an image.
    #[serde(borrow)]
    pub image_url: Option<ImageUrl<'a>>,
    /// Of a sound.
    #[serde(borrow)]
    pub input_audio: Option<Audio<'a>>,
    /// Of a document.
    #[serde(borrow)]
    pub file: Option<File<'a>>,
    /// Of thoughts, as Mistral has them: a string, or parts.
    #[serde(borrow)]
    pub thinking: Option<Content<'a>>,
    /// Anthropic's mark for the end of what is worth caching; others have taken it over.
    #[serde(borrow)]
    pub cache_control: Option<&'a RawValue>,
    /// OpenAI's mark for the same.
    #[serde(borrow)]
    pub prompt_cache_breakpoint: Option<Breakpoint<'a>>,
}

impl<'a> Typed<'a> for Part<'a> {
    const KNOWN: &'static [&'static str] =
        &["text", "input_text", "output_text", "refusal", "image_url", "input_audio", "file", "thinking"];

    fn other(r#type: Str<'a>) -> Self {
        Self { r#type: Some(r#type), ..Self::default() }
    }
}

/// Where an image is, and how closely to look at it; some clients send just the URL.
#[derive(Debug, Clone, Default)]
pub struct ImageUrl<'a> {
    /// `data:` URLs are allowed.
    pub url: Str<'a>,
    /// `auto`, `low`, `high`, `original`.
    pub detail: Option<Str<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for ImageUrl<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Inner<'a> {
            #[serde(borrow)]
            url: Str<'a>,
            #[serde(borrow, default)]
            detail: Option<Str<'a>>,
        }

        let raw: &RawValue = Deserialize::deserialize(deserializer)?;
        let read = match raw.get().starts_with('"') {
            true => serde_json::from_str(raw.get()).map(|url| Self { url, detail: None }),
            false => serde_json::from_str(raw.get()).map(|Inner { url, detail }| Self { url, detail }),
        };
        read.map_err(|_| {
            D::Error::invalid_type(de::Unexpected::Other("something else"), &"an object with a url")
        })
    }
}

/// A document.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct File<'a> {
    /// Base64, mostly as a `data:` URL; to OpenRouter it may be any URL.
    #[serde(borrow)]
    pub file_data: Option<Str<'a>>,
    /// One that the provider keeps.
    #[serde(borrow)]
    pub file_id: Option<Str<'a>>,
    /// What it is called.
    #[serde(borrow)]
    pub filename: Option<Str<'a>>,
}

/// Thoughts, or what proves that they are a model's own.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Detail<'a> {
    /// `reasoning.text`, `reasoning.summary` or `reasoning.encrypted`.
    #[serde(borrow)]
    pub r#type: Loose<'a>,
    /// Of a text.
    #[serde(borrow)]
    pub text: Loose<'a>,
    /// Of a summary.
    #[serde(borrow)]
    pub summary: Loose<'a>,
    /// What is encrypted.
    #[serde(borrow)]
    pub data: Loose<'a>,
    /// The seal of a text.
    #[serde(borrow)]
    pub signature: Loose<'a>,
    /// The id that the maker has given it.
    #[serde(borrow)]
    pub id: Loose<'a>,
    /// Whose it is: `anthropic-claude-v1`, `openai-responses-v1`, `google-gemini-v1`, …
    #[serde(borrow)]
    pub format: Loose<'a>,
    /// Which of several; pieces of a stream with the same one belong together.
    pub index: Option<u64>,
}

/// Where a passage of a text comes from.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Annotation<'a> {
    /// Of a `url_citation`.
    #[serde(borrow)]
    pub url_citation: Option<UrlCitation<'a>>,
}

/// A page.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct UrlCitation<'a> {
    /// Its address.
    #[serde(borrow)]
    pub url: Option<Str<'a>>,
    /// Its title.
    #[serde(borrow)]
    pub title: Option<Str<'a>>,
    /// The passage, as OpenRouter tells it.
    #[serde(borrow)]
    pub content: Loose<'a>,
    /// In characters of the message.
    pub start_index: Option<u64>,
    /// In characters of the message.
    pub end_index: Option<u64>,
}
