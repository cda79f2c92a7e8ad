//! What a turn or an answer is made of.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use crate::seal::Seal;

/// A piece of a conversation.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Text(Text),
    Image(Media),
    Document(Media),
    Audio(Media),
    Thinking(Thinking),
    ToolCall(ToolCall),
    ToolResult(ToolResult),
    /// The model will not do what it was asked, and why.
    Refusal(String),
}

/// Text, with what stands beside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) citations: Vec<Citation>,
    pub(crate) cache: Option<Cache>,
}

impl Text {
    /// Whether it is Claude Code's block of billing, which no model is to read: it is another one in every build, and
    /// would keep a prompt cache from ever meeting the same beginning again.
    pub(crate) fn is_billing(&self) -> bool {
        self.text.starts_with("x-anthropic-billing-header:")
    }
}

/// Where a passage of text comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Citation {
    pub(crate) url: Option<String>,
    pub(crate) title: Option<String>,
    /// The passage itself.
    pub(crate) quote: Option<String>,
    /// In characters of the text that it stands at.
    pub(crate) span: Option<(u64, u64)>,
    /// A file of the provider's.
    pub(crate) file: Option<String>,
}

/// An image, a document, a sound.
#[derive(Debug, Clone)]
pub(crate) struct Media {
    pub(crate) source: Source,
    /// A document's title, or its file name.
    pub(crate) name: Option<String>,
    /// How closely to look at an image, in OpenAI's words.
    pub(crate) detail: Option<String>,
    pub(crate) cache: Option<Cache>,
}

/// Where the bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Base64, and its media type.
    Data {
        media_type: String,
        data: String,
    },
    Url(String),
    /// A file that the provider keeps.
    File(String),
    /// Plain text.
    Text(String),
}

impl Source {
    /// What a URL names. The bytes are here already if it is a `data:` URL in base64.
    pub(crate) fn of_url(url: &str) -> Self {
        let held = |url: &str| {
            let (head, data) = url.get(5..)?.split_once(',')?;
            let media_type = head.strip_suffix(";base64")?.split(';').next().unwrap_or_default();
            Some(Self::Data { media_type: media_type.to_ascii_lowercase(), data: data.to_owned() })
        };
        let is_data = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        is_data.then(|| held(url)).flatten().unwrap_or_else(|| Self::Url(url.to_owned()))
    }

    /// A file that has come along: a URL, or plain base64 of which the name tells the type. Plain text is read.
    pub(crate) fn of_file(data: &str, name: Option<&str>) -> Self {
        let is_address = data.starts_with("https://") || data.starts_with("http://");
        let source = match Self::of_url(data) {
            Self::Url(_) if !is_address => {
                let media_type = media_type(name.unwrap_or_default()).to_owned();
                Self::Data { media_type, data: data.to_owned() }
            }
            source => source,
        };
        match &source {
            Self::Data { media_type, data }
                if media_type.starts_with("text/") || media_type == "application/json" =>
            {
                let text = STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                text.map_or(source, Self::Text)
            }
            _ => source,
        }
    }

    /// The URL, a `data:` URL where the bytes are here. None of a provider's file, nor of plain text.
    pub(crate) fn url(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Data { media_type, data } => Some(format!("data:{media_type};base64,{data}").into()),
            Self::Url(url) => Some(url.into()),
            Self::File(_) | Self::Text(_) => None,
        }
    }
}

/// What a file of this name holds.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("txt" | "text" | "log") => "text/plain",
        Some("md") => "text/markdown",
        Some("csv") => "text/csv",
        Some("html" | "htm") => "text/html",
        Some("json") => "application/json",
        _ => "application/pdf",
    }
}

/// The model's thoughts, and what proves that they are its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Thinking {
    /// What may be read of them: one text, or a summary in several.
    pub(crate) texts: Vec<String>,
    pub(crate) seal: Option<Seal>,
}

/// The model wants a tool called.
#[derive(Debug, Clone)]
pub(crate) struct ToolCall {
    /// Shared with the result.
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON; for a custom tool, text.
    pub(crate) arguments: String,
    pub(crate) custom: bool,
    pub(crate) cache: Option<Cache>,
}

/// What a tool has to say.
#[derive(Debug, Clone)]
pub(crate) struct ToolResult {
    pub(crate) id: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) is_error: bool,
    pub(crate) custom: bool,
    pub(crate) cache: Option<Cache>,
}

/// Anthropic's `cache_control`, as it came.
pub(crate) type Cache = Box<RawValue>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let check = |url: &str, expect: Source| assert_eq!(Source::of_url(url), expect, "{url}");
        let data =
            |media_type: &str, data: &str| Source::Data { media_type: media_type.into(), data: data.into() };
        check("data:image/png;base64,AA==", data("image/png", "AA=="));
        check("DATA:text/plain;charset=utf-8;base64,AA==", data("text/plain", "AA=="));
        check("data:,plain", Source::Url("data:,plain".into()));
        check("https://x.y/a.png", Source::Url("https://x.y/a.png".into()));
        check("", Source::Url(String::new()));
        let check = |file: &str, name: Option<&str>, expect: Source| {
            assert_eq!(Source::of_file(file, name), expect, "{file}");
        };
        check("data:application/pdf;base64,AA==", None, data("application/pdf", "AA=="));
        check("AA==", Some("a.pdf"), data("application/pdf", "AA=="));
        check("aGk=", Some("a.md"), Source::Text("hi".into()));
        check("data:text/plain;base64,aGk=", None, Source::Text("hi".into()));
        check("gA==", Some("a.txt"), data("text/plain", "gA=="));
        check("https://x.y/a.pdf", None, Source::Url("https://x.y/a.pdf".into()));
        assert_eq!(data("image/png", "AA==").url().as_deref(), Some("data:image/png;base64,AA=="));
    }
}
