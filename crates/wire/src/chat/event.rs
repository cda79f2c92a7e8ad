//! Chunks of a stream, as they are written.

use serde::Serialize;

use super::answer::Counts;

/// A chunk.
#[derive(Debug, Serialize)]
pub struct Chunk<'a> {
    /// Of all chunks the same.
    pub id: &'a str,
    /// Always `chat.completion.chunk`.
    pub object: &'static str,
    /// Of all chunks the same.
    pub created: u64,
    /// Which model answers.
    pub model: &'a str,
    /// How it is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'static str>,
    /// The one answer; nothing in the chunk that tells the usage.
    pub choices: &'a [Choice<'a>],
    /// Where the client wants it: `null` in all chunks but the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Option<Counts>>,
}

/// What is new of the answer.
#[derive(Debug, Serialize)]
pub struct Choice<'a> {
    /// Always 0.
    pub index: u8,
    /// What is new.
    pub delta: Delta<'a>,
    /// Why it ends, when it does.
    pub finish_reason: Option<&'static str>,
}

/// What is new. See [`super::message::Message`].
///
/// The SDKs put the deltas together: they join strings, and lists by the `index` of their objects. So what is said once
/// must not be said again.
#[derive(Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the fields are those of Message")]
pub struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_details: Option<[Detail<'a>; 1]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub annotations: &'a [Annotation<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<[CallDelta<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<FunctionDelta<'a>>,
}

/// What is new of a call.
#[derive(Debug, Default, Serialize)]
pub struct CallDelta<'a> {
    /// Which call.
    pub index: usize,
    /// With the first piece only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// With the first piece only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<&'static str>,
    /// Of a function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionDelta<'a>>,
    /// Of a custom tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<CustomDelta<'a>>,
}

/// What is new of a function's call.
#[derive(Debug, Serialize)]
pub struct FunctionDelta<'a> {
    /// With the first piece only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// More of them.
    pub arguments: &'a str,
}

/// What is new of a custom tool's call.
#[derive(Debug, Serialize)]
pub struct CustomDelta<'a> {
    /// With the first piece only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// More of it.
    pub input: &'a str,
}

/// Thoughts, or their seal. See [`super::message::Detail`].
#[derive(Debug, Clone, Default, Serialize)]
#[expect(missing_docs, reason = "the fields are those of message::Detail")]
pub struct Detail<'a> {
    pub r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
    pub index: usize,
}

/// Where a passage comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Annotation<'a> {
    /// Always `url_citation`.
    pub r#type: &'static str,
    /// The page.
    pub url_citation: UrlCitation<'a>,
}

/// A page.
#[derive(Debug, Clone, Serialize)]
pub struct UrlCitation<'a> {
    /// In characters of the message.
    pub start_index: u64,
    /// In characters of the message.
    pub end_index: u64,
    /// Its title.
    pub title: &'a str,
    /// Its address.
    pub url: &'a str,
}
