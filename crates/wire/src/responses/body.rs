//! A request, and items of any sort, as they are written.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

/// The body of `POST /v1/responses`.
#[derive(Debug, Default, Serialize)]
pub struct Body<'a> {
    /// Which model to ask.
    pub model: &'a str,
    /// What the operator says before all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// The conversation.
    pub input: Vec<Item<'a>>,
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
    pub max_output_tokens: Option<u64>,
    /// From 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// From 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// From 0 to 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_logprobs: Option<u8>,
    /// How to think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Reasoning>,
    /// What form the text is to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextConfig<'a>>,
    /// An object of strings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a RawValue>,
    /// The end user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What requests with the same beginning share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_key: Option<String>,
    /// `auto`, `default`, `flex`, `priority`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'a str>,
    /// Which answer this goes on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_response_id: Option<&'a str>,
    /// What to answer besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<&'static str>,
    /// Whether to keep the answer.
    pub store: bool,
    /// Whether to stream.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
}

/// An item of the input or the output. Ids and statuses are for the output.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the vendor's; crate::responses::item tells what they mean")]
pub enum Item<'a> {
    /// What somebody says.
    Message {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
        role: &'static str,
        content: Content<'a>,
    },
    /// What the model thinks.
    Reasoning {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        summary: Vec<Part<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<&'a str>,
    },
    /// A call of a function.
    FunctionCall {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
        call_id: Cow<'a, str>,
        name: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<&'a str>,
        arguments: &'a str,
    },
    /// A call of a custom tool.
    CustomToolCall {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
        call_id: Cow<'a, str>,
        name: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<&'a str>,
        input: &'a str,
    },
    /// A search for tools that the client is to make.
    ToolSearchCall {
        id: &'a str,
        status: &'static str,
        execution: &'static str,
        call_id: Cow<'a, str>,
        arguments: &'a RawValue,
    },
    /// What a function has to say.
    FunctionCallOutput { call_id: Cow<'a, str>, output: Content<'a> },
    /// What a custom tool has to say.
    CustomToolCallOutput { call_id: Cow<'a, str>, output: Content<'a> },
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

/// A part of a message, an output, a reasoning item.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the vendor's; crate::responses::item tells what they mean")]
pub enum Part<'a> {
    /// Text from a client.
    InputText { text: Cow<'a, str> },
    /// An image.
    InputImage {
        detail: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        image_url: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
    },
    /// A document.
    InputFile {
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_data: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_url: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
    },
    /// A sound.
    InputAudio { input_audio: Audio<'a> },
    /// Text from the model.
    OutputText {
        text: &'a str,
        annotations: Vec<Annotation<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        logprobs: Option<[(); 0]>,
    },
    /// The model will not do what it was asked.
    Refusal { refusal: &'a str },
    /// What the model says of its thoughts.
    SummaryText { text: &'a str },
}

/// A sound.
#[derive(Debug, Serialize)]
pub struct Audio<'a> {
    /// Base64.
    pub data: &'a str,
    /// `mp3` or `wav`.
    pub format: &'a str,
}

/// Where a passage of an output text comes from.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the vendor's; crate::responses::item tells what they mean")]
pub enum Annotation<'a> {
    /// A page.
    UrlCitation { url: &'a str, title: &'a str, start_index: u64, end_index: u64 },
    /// A file of the provider's.
    FileCitation { file_id: &'a str, filename: &'a str, index: u64 },
}

/// A tool.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields are the vendor's; crate::responses::request tells what they mean"
)]
pub enum Tool<'a> {
    /// Arguments by a JSON schema.
    Function {
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        parameters: Cow<'a, RawValue>,
        strict: bool,
    },
    /// Free text.
    Custom {
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        format: Option<Cow<'a, RawValue>>,
    },
}

/// Which tool to call.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ToolChoice<'a> {
    /// `auto`, `required` or `none`.
    Mode(&'a str),
    /// This one.
    Tool {
        /// `function` or `custom`.
        r#type: &'static str,
        /// Its name.
        name: String,
    },
}

/// How to think.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Reasoning {
    /// See [`super::request::Reasoning`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<&'static str>,
    /// See [`super::request::Reasoning`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<&'static str>,
}

/// What form the text is to have.
#[derive(Debug, Default, Serialize)]
pub struct TextConfig<'a> {
    /// Plain text unless told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format<'a>>,
    /// `low`, `medium`, `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<&'a str>,
}

/// Some JSON, or JSON by a schema.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields are the vendor's; crate::responses::request tells what they mean"
)]
pub enum Format<'a> {
    /// Some object.
    JsonObject,
    /// By a schema.
    JsonSchema {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        schema: &'a RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}
