//! A request as it is read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::item::Content;
use super::{Str, Typed};

/// The body of `POST /v1/responses`. What is `null` counts as missing.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// Which model to ask.
    pub model: Option<Str<'a>>,
    /// Whether to stream.
    pub stream: Option<bool>,
    /// How to stream.
    pub stream_options: Option<StreamOptions>,
    /// A string, or a list of [items](super::item::Item).
    pub input: Option<Content<'a>>,
    /// What the operator says before all.
    pub instructions: Option<Str<'a>>,
    /// A list of [`Tool`]s.
    pub tools: Option<Vec<&'a RawValue>>,
    /// A [`ToolChoice`], or its name.
    pub tool_choice: Option<&'a RawValue>,
    /// Whether tools may be called in parallel.
    pub parallel_tool_calls: Option<bool>,
    /// How many tokens to generate at most, reasoning included.
    pub max_output_tokens: Option<u64>,
    /// How often hosted tools may be called.
    pub max_tool_calls: Option<u64>,
    /// From 0 to 2.
    pub temperature: Option<f64>,
    /// From 0 to 1.
    pub top_p: Option<f64>,
    /// From 0 to 20.
    pub top_logprobs: Option<u8>,
    /// How to think.
    pub reasoning: Option<Reasoning<'a>>,
    /// What form the text is to have.
    pub text: Option<TextConfig<'a>>,
    /// An object of strings.
    pub metadata: Option<&'a RawValue>,
    /// The end user; superseded by the next.
    pub user: Option<Str<'a>>,
    /// The end user.
    pub safety_identifier: Option<Str<'a>>,
    /// What requests with the same beginning share.
    pub prompt_cache_key: Option<Str<'a>>,
    /// `auto`, `default`, `flex`, `priority`, …
    pub service_tier: Option<Str<'a>>,
    /// Whether to keep the answer; true unless told otherwise.
    pub store: Option<bool>,
    /// Which answer this goes on from.
    pub previous_response_id: Option<Str<'a>>,
    /// What to answer besides.
    pub include: Option<Vec<Str<'a>>>,
    /// `auto` drops the oldest items where the input is too long; `disabled` is the default.
    pub truncation: Option<Str<'a>>,
    /// Whether to answer later.
    pub background: Option<bool>,
    /// The other fields that are there, by name.
    pub others: Vec<String>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Request<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Request<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
                let mut request = Request::default();
                while let Some(name) = fields.next_key::<String>()? {
                    request.field(&name, &mut fields)?;
                }
                Ok(request)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl<'de> Request<'de> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "model" => self.model = value.next_value()?,
            "stream" => self.stream = value.next_value()?,
            "stream_options" => self.stream_options = value.next_value()?,
            "input" => self.input = value.next_value()?,
            "instructions" => self.instructions = value.next_value()?,
            "tools" => self.tools = value.next_value()?,
            "tool_choice" => self.tool_choice = value.next_value()?,
            "parallel_tool_calls" => self.parallel_tool_calls = value.next_value()?,
            "max_output_tokens" => self.max_output_tokens = value.next_value()?,
            "max_tool_calls" => self.max_tool_calls = value.next_value()?,
            "temperature" => self.temperature = value.next_value()?,
            "top_p" => self.top_p = value.next_value()?,
            "top_logprobs" => self.top_logprobs = value.next_value()?,
            "reasoning" => self.reasoning = value.next_value()?,
            "text" => self.text = value.next_value()?,
            "metadata" => self.metadata = value.next_value()?,
            "user" => self.user = value.next_value()?,
            "safety_identifier" => self.safety_identifier = value.next_value()?,
            "prompt_cache_key" => self.prompt_cache_key = value.next_value()?,
            "service_tier" => self.service_tier = value.next_value()?,
            "store" => self.store = value.next_value()?,
            "previous_response_id" => self.previous_response_id = value.next_value()?,
            "include" => self.include = value.next_value()?,
            "truncation" => self.truncation = value.next_value()?,
            "background" => self.background = value.next_value()?,
            other => {
                if value.next_value::<Option<IgnoredAny>>()?.is_some() {
                    self.others.push(other.to_owned());
                }
            }
        }
        Ok(())
    }
}

/// How to stream.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
pub struct StreamOptions {
    /// Whether to hide the length of what is streamed.
    pub include_obfuscation: Option<bool>,
}

/// How to think.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Reasoning<'a> {
    /// `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    #[serde(borrow)]
    pub effort: Option<Str<'a>>,
    /// `auto`, `concise`, `detailed`.
    #[serde(borrow)]
    pub summary: Option<Str<'a>>,
    /// The older name of `summary`.
    #[serde(borrow)]
    pub generate_summary: Option<Str<'a>>,
    /// Which thoughts of earlier turns the model sees.
    #[serde(borrow)]
    pub context: Option<Str<'a>>,
    /// `standard` or `pro`.
    #[serde(borrow)]
    pub mode: Option<Str<'a>>,
}

/// What form the text is to have.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct TextConfig<'a> {
    /// Plain text unless told otherwise.
    #[serde(borrow)]
    pub format: Option<Format<'a>>,
    /// `low`, `medium`, `high`.
    #[serde(borrow)]
    pub verbosity: Option<Str<'a>>,
}

/// Plain text, some JSON, or JSON by a schema.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Format<'a> {
    /// `text`, `json_object` or `json_schema`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of a schema.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// Of a schema.
    #[serde(borrow)]
    pub description: Option<Str<'a>>,
    /// The schema itself.
    #[serde(borrow)]
    pub schema: Option<&'a RawValue>,
    /// Whether it has to be kept to the letter.
    pub strict: Option<bool>,
}

/// A tool of any type; which fields mean something depends on it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Tool<'a> {
    /// `function`, `custom`, `namespace`, `tool_search`, or one that the provider runs.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// What it is called by.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// What it does.
    #[serde(borrow)]
    pub description: Option<Str<'a>>,
    /// A function's arguments: a JSON schema.
    #[serde(borrow)]
    pub parameters: Option<&'a RawValue>,
    /// Whether a function's schema has to be kept to the letter.
    pub strict: Option<bool>,
    /// What a function's output is: a JSON schema.
    #[serde(borrow)]
    pub output_schema: Option<&'a RawValue>,
    /// A custom tool's input.
    #[serde(borrow)]
    pub format: Option<&'a RawValue>,
    /// A namespace's tools.
    #[serde(borrow)]
    pub tools: Option<Vec<&'a RawValue>>,
    /// Who runs a `tool_search`: `client` or `server`.
    #[serde(borrow)]
    pub execution: Option<Str<'a>>,
}

impl<'a> Typed<'a> for Tool<'a> {
    const KNOWN: &'static [&'static str] = &["function", "custom", "namespace", "tool_search"];

    fn other(r#type: Str<'a>) -> Self {
        Self { r#type: Some(r#type), ..Self::default() }
    }
}

/// Which tool to call.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct ToolChoice<'a> {
    /// `function`, `custom`, `allowed_tools`, or a hosted tool's.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// The tool's.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// Of `allowed_tools`: `auto` or `required`.
    #[serde(borrow)]
    pub mode: Option<Str<'a>>,
    /// Of `allowed_tools`.
    #[serde(borrow)]
    pub tools: Vec<Allowed<'a>>,
}

/// A tool that may be called.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Allowed<'a> {
    /// The tool's type.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Its name, where the type is not enough.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// The namespace that it stands in.
    #[serde(borrow)]
    pub namespace: Option<Str<'a>>,
}
