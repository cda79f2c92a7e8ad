//! A request, and blocks of any sort, as they are written.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

/// The body of `POST /v1/messages`.
#[derive(Debug, Default, Serialize)]
pub struct Body<'a> {
    /// Which model to ask.
    pub model: &'a str,
    /// How many tokens to generate at most; required.
    pub max_tokens: u64,
    /// What the operator says before all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<Block<'a>>,
    /// The conversation, users and assistants by turns.
    pub messages: Vec<Message<'a>>,
    /// What may be called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool<'a>>,
    /// What has to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether to think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<Thinking>,
    /// What the answer is to be like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_config: Option<OutputConfig<'a>>,
    /// Whether all of the request is worth caching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<CacheControl>,
    /// From 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// From 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// How many tokens to choose from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u64>,
    /// Where to stop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<&'a str>,
    /// Who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// `auto` or `standard_only`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'static str>,
    /// Whether to stream.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
}

/// What one side says.
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    /// `user` or `assistant`.
    pub role: &'static str,
    /// Never empty.
    pub content: Vec<Block<'a>>,
}

/// A block of a request or an answer.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the vendor's; crate::messages::block tells what they mean")]
pub enum Block<'a> {
    /// Something said.
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Citation<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    /// An image.
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    /// A document.
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    /// Thoughts.
    Thinking { thinking: Cow<'a, str>, signature: Cow<'a, str> },
    /// Thoughts that nobody may read.
    RedactedThinking { data: Cow<'a, str> },
    /// A call.
    ToolUse {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Cow<'a, RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    /// What came of it.
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
}

/// Where bytes are.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the vendor's")]
pub enum Source<'a> {
    /// Here.
    Base64 { media_type: &'a str, data: &'a str },
    /// There.
    Url { url: &'a str },
    /// With the provider.
    File { file_id: &'a str },
    /// Plain text, here.
    Text { media_type: &'static str, data: Cow<'a, str> },
}

/// Where a passage comes from: a page of the web.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the vendor's")]
pub struct Citation<'a> {
    /// `web_search_result_location`.
    pub r#type: &'static str,
    pub cited_text: Cow<'a, str>,
    pub url: &'a str,
    pub title: Option<&'a str>,
    /// The provider's own, which only it can fill.
    pub encrypted_index: &'static str,
}

/// A tool of the client's.
#[derive(Debug, Serialize)]
pub struct Tool<'a> {
    /// What it is called by.
    pub name: String,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Cow<'a, str>>,
    /// Its arguments.
    pub input_schema: Cow<'a, RawValue>,
    /// Whether the schema has to be kept to the letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Whether what goes before is worth caching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<&'a RawValue>,
}

/// Which tool to call.
#[derive(Debug, Serialize)]
pub struct ToolChoice<'a> {
    /// `auto`, `any`, `none`, `tool`.
    pub r#type: &'static str,
    /// The tool's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    /// Whether at most one may be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_parallel_tool_use: Option<bool>,
}

/// How to cache.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CacheControl {
    /// `ephemeral`.
    pub r#type: &'static str,
}

/// Whether to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the vendor's")]
pub enum Thinking {
    /// So many tokens.
    Enabled { budget_tokens: u64 },
    /// As long as the model sees fit.
    Adaptive {
        /// `summarized` shows the thoughts.
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
    /// Not at all, on models that tell their progress in thoughts.
    BetweenTools,
    /// Not at all.
    Disabled,
}

/// What the answer is to be like.
#[derive(Debug, Serialize)]
pub struct OutputConfig<'a> {
    /// `low` to `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<&'static str>,
    /// The form of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format<'a>>,
}

/// JSON by a schema.
#[derive(Debug, Serialize)]
pub struct Format<'a> {
    /// `json_schema`.
    pub r#type: &'static str,
    /// The schema.
    pub schema: &'a RawValue,
}

/// Who asks.
#[derive(Debug, Serialize)]
pub struct Metadata<'a> {
    /// The end user, opaque.
    pub user_id: Cow<'a, str>,
}
