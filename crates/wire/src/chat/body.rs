//! A request as it is written.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::responses::body::Audio;

/// The body of `POST /v1/chat/completions`.
#[derive(Debug, Default, Serialize)]
pub struct Body<'a> {
    /// Which model to ask.
    pub model: &'a str,
    /// The conversation.
    pub messages: Vec<Message<'a>>,
    /// What may be called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool<'a>>,
    /// What has to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether tools may be called in parallel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_tool_calls: Option<bool>,
    /// How many tokens to generate at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// The same in OpenAI's newer word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u64>,
    /// From 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// From 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// From -2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f64>,
    /// From -2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f64>,
    /// What makes the answer the same again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// Four at most.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub stop: &'a [String],
    /// What form the text is to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<Format<'a>>,
    /// How much to think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<&'static str>,
    /// `low`, `medium`, `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<&'a str>,
    /// `auto`, `default`, `flex`, `priority`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'a str>,
    /// The end user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Cow<'a, str>>,
    /// What requests with the same beginning share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_key: Option<Cow<'a, str>>,
    /// An object of strings; only where the answer is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a RawValue>,
    /// Whether to keep the answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub store: bool,
    /// Whether to stream.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    /// How to stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_options: Option<StreamOptions>,
}

/// How to stream.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct StreamOptions {
    /// Whether to tell the usage at the end.
    pub include_usage: bool,
}

/// A message of any role. See [`super::message::Message`].
#[derive(Debug, Default, Serialize)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: &'static str,
    /// What is said; nothing in words where only tools are called.
    pub content: Option<Content<'a>>,
    /// The model would not do what it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<&'a str>,
    /// The thoughts, where the server wants them back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// What the model wanted called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Call<'a>>,
    /// Which call the message answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<Cow<'a, str>>,
}

/// Text, or parts.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Content<'a> {
    /// A plain string.
    Text(Cow<'a, str>),
    /// A list.
    Parts(Vec<Part<'a>>),
}

/// A part of a user's message.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of message::Part")]
pub enum Part<'a> {
    /// Text.
    Text { text: Cow<'a, str> },
    /// An image.
    ImageUrl { image_url: ImageUrl<'a> },
    /// A sound.
    InputAudio { input_audio: Audio<'a> },
    /// A document.
    File { file: File<'a> },
}

/// Where an image is.
#[derive(Debug, Serialize)]
pub struct ImageUrl<'a> {
    /// `data:` URLs are allowed.
    pub url: Cow<'a, str>,
    /// How closely to look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'a str>,
}

/// A document.
#[derive(Debug, Default, Serialize)]
pub struct File<'a> {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<Cow<'a, str>>,
    /// A `data:` URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_data: Option<Cow<'a, str>>,
    /// One that the provider keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_id: Option<&'a str>,
}

/// A call of a tool, of a request or of an answer.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of message::ToolCall")]
pub enum Call<'a> {
    /// Of a function.
    Function { id: Cow<'a, str>, function: Function<'a> },
    /// Of a custom tool.
    Custom { id: Cow<'a, str>, custom: Custom<'a> },
}

/// Which function is called, and with what.
#[derive(Debug, Serialize)]
pub struct Function<'a> {
    /// The function.
    pub name: Cow<'a, str>,
    /// JSON.
    pub arguments: Cow<'a, str>,
}

/// Which custom tool is called, and with what.
#[derive(Debug, Serialize)]
pub struct Custom<'a> {
    /// The tool.
    pub name: Cow<'a, str>,
    /// Any text.
    pub input: Cow<'a, str>,
}

/// A tool. There are functions only: few servers know others.
#[derive(Debug, Serialize)]
pub struct Tool<'a> {
    /// Always `function`.
    pub r#type: &'static str,
    /// The function.
    pub function: Definition<'a>,
}

/// A function.
#[derive(Debug, Serialize)]
pub struct Definition<'a> {
    /// What it is called by.
    pub name: String,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Cow<'a, str>>,
    /// Its arguments: a JSON schema.
    pub parameters: Cow<'a, RawValue>,
    /// Whether the schema has to be kept to the letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// Which tool to call.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ToolChoice<'a> {
    /// `auto`, `required` or `none`.
    Mode(&'a str),
    /// This one.
    Tool {
        /// Always `function`.
        r#type: &'static str,
        /// The function.
        function: Named,
    },
}

/// A tool's name.
#[derive(Debug, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
}

/// Some JSON, or JSON by a schema.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Format<'a> {
    /// Some object.
    JsonObject,
    /// By a schema.
    JsonSchema {
        /// The schema.
        json_schema: Schema<'a>,
    },
}

/// A schema.
#[derive(Debug, Serialize)]
pub struct Schema<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
    /// The schema itself.
    pub schema: &'a RawValue,
    /// Whether it has to be kept to the letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}
