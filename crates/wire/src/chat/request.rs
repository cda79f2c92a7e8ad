//! A request as it is read.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::message::Message;
use super::tool::{Definition, Tool};
use crate::responses::Str;

/// The body of `POST /v1/chat/completions`. What is `null` counts as missing.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// Which model to ask.
    pub model: Option<Str<'a>>,
    /// The conversation.
    pub messages: Option<Vec<Message<'a>>>,
    /// Whether to stream.
    pub stream: Option<bool>,
    /// How to stream.
    pub stream_options: Option<StreamOptions>,
    /// What may be called.
    pub tools: Option<Vec<Tool<'a>>>,
    /// A [`ToolChoice`](super::tool::ToolChoice), or its name.
    pub tool_choice: Option<&'a RawValue>,
    /// Whether tools may be called in parallel.
    pub parallel_tool_calls: Option<bool>,
    /// The older form of `tools`.
    pub functions: Option<Vec<Definition<'a>>>,
    /// The older form of `tool_choice`.
    pub function_call: Option<&'a RawValue>,
    /// How many tokens to generate at most; some clients send -1 for no limit.
    pub max_tokens: Option<f64>,
    /// The same in the newer word.
    pub max_completion_tokens: Option<f64>,
    /// How many answers to give.
    pub n: Option<u64>,
    /// From 0 to 2.
    pub temperature: Option<f64>,
    /// From 0 to 1.
    pub top_p: Option<f64>,
    /// Not OpenAI's; -1 is none.
    pub top_k: Option<i64>,
    /// From -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// From -2 to 2.
    pub presence_penalty: Option<f64>,
    /// What makes the answer the same again.
    pub seed: Option<i64>,
    /// What the answer ends at.
    pub stop: Option<OneOrMore<'a>>,
    /// Whether to tell how likely each token was.
    pub logprobs: Option<bool>,
    /// What form the text is to have.
    pub response_format: Option<Format<'a>>,
    /// `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    pub reasoning_effort: Option<Str<'a>>,
    /// The same, and more, as OpenRouter has it.
    pub reasoning: Option<Reasoning<'a>>,
    /// The same as Anthropic and DeepSeek have it.
    pub thinking: Option<Thinking<'a>>,
    /// OpenRouter's older word for whether to show the thoughts.
    pub include_reasoning: Option<bool>,
    /// `low`, `medium`, `high`.
    pub verbosity: Option<Str<'a>>,
    /// What to answer in: `text`, `audio`.
    pub modalities: Option<Vec<Str<'a>>>,
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
    /// Whether to keep the answer; false unless told otherwise.
    pub store: Option<bool>,
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
            "messages" => self.messages = value.next_value()?,
            "stream" => self.stream = value.next_value()?,
            "stream_options" => self.stream_options = value.next_value()?,
            "tools" => self.tools = value.next_value()?,
            "tool_choice" => self.tool_choice = value.next_value()?,
            "parallel_tool_calls" => self.parallel_tool_calls = value.next_value()?,
            "functions" => self.functions = value.next_value()?,
            "function_call" => self.function_call = value.next_value()?,
            "max_tokens" => self.max_tokens = value.next_value()?,
            "max_completion_tokens" => self.max_completion_tokens = value.next_value()?,
            "n" => self.n = value.next_value()?,
            "temperature" => self.temperature = value.next_value()?,
            "top_p" => self.top_p = value.next_value()?,
            "top_k" => self.top_k = value.next_value()?,
            "frequency_penalty" => self.frequency_penalty = value.next_value()?,
            "presence_penalty" => self.presence_penalty = value.next_value()?,
            "seed" => self.seed = value.next_value()?,
            "stop" => self.stop = value.next_value()?,
            "logprobs" => self.logprobs = value.next_value()?,
            "response_format" => self.response_format = value.next_value()?,
            "reasoning_effort" => self.reasoning_effort = value.next_value()?,
            "reasoning" => self.reasoning = value.next_value()?,
            "thinking" => self.thinking = value.next_value()?,
            "include_reasoning" => self.include_reasoning = value.next_value()?,
            "verbosity" => self.verbosity = value.next_value()?,
            "modalities" => self.modalities = value.next_value()?,
            "metadata" => self.metadata = value.next_value()?,
            "user" => self.user = value.next_value()?,
            "safety_identifier" => self.safety_identifier = value.next_value()?,
            "prompt_cache_key" => self.prompt_cache_key = value.next_value()?,
            "service_tier" => self.service_tier = value.next_value()?,
            "store" => self.store = value.next_value()?,
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
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct StreamOptions {
    /// Whether to tell the usage at the end.
    pub include_usage: Option<bool>,
    /// Whether to hide the length of what is streamed.
    pub include_obfuscation: Option<bool>,
}

/// A string, or a list of strings.
#[derive(Debug, Clone, Default)]
pub struct OneOrMore<'a>(pub Vec<Str<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for OneOrMore<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMore<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(OneOrMore(vec![Str(text.into())]))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(OneOrMore(vec![Str(text.to_owned().into())]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMore(texts))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// What form the text is to have.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Format<'a> {
    /// `text`, `json_object` or `json_schema`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// By a schema.
    #[serde(borrow)]
    pub json_schema: Option<Schema<'a>>,
}

/// A schema.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Schema<'a> {
    /// What it is called.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// What it is for.
    #[serde(borrow)]
    pub description: Option<Str<'a>>,
    /// The schema itself.
    #[serde(borrow)]
    pub schema: Option<&'a RawValue>,
    /// Whether it has to be kept to the letter.
    pub strict: Option<bool>,
}

/// How to think, as OpenRouter has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Reasoning<'a> {
    /// As `reasoning_effort`.
    #[serde(borrow)]
    pub effort: Option<Str<'a>>,
    /// In tokens.
    pub max_tokens: Option<u64>,
    /// Whether to think without showing it.
    pub exclude: Option<bool>,
    /// Whether to think.
    pub enabled: Option<bool>,
}

/// How to think, as Anthropic and DeepSeek have it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Thinking<'a> {
    /// `enabled`, `adaptive` or `disabled`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// In tokens.
    pub budget_tokens: Option<u64>,
}
