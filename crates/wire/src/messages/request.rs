//! A request as it is read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::responses::Str;
use crate::responses::item::Content;

/// The body of `POST /v1/messages`. What is `null` counts as missing.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// Which model to ask.
    pub model: Option<Str<'a>>,
    /// Whether to stream.
    pub stream: Option<bool>,
    /// What the operator says before all: a string, or text [blocks](super::block::Block).
    pub system: Option<Content<'a>>,
    /// The conversation.
    pub messages: Option<Vec<Message<'a>>>,
    /// How many tokens to generate at most, thoughts included.
    pub max_tokens: Option<u64>,
    /// From 0 to 1.
    pub temperature: Option<f64>,
    /// From 0 to 1.
    pub top_p: Option<f64>,
    /// How many tokens to choose from.
    pub top_k: Option<u64>,
    /// Where to stop.
    pub stop_sequences: Option<Vec<Str<'a>>>,
    /// What may be called: [tools](Tool).
    pub tools: Option<Vec<&'a RawValue>>,
    /// What has to be called.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether to think, and how much.
    pub thinking: Option<Thinking<'a>>,
    /// What the answer is to be like.
    pub output_config: Option<OutputConfig<'a>>,
    /// The same as `output_config.format` in its first form.
    pub output_format: Option<Format<'a>>,
    /// Who asks.
    pub metadata: Option<Metadata<'a>>,
    /// `auto` or `standard_only`.
    pub service_tier: Option<Str<'a>>,
    /// What to leave out of the conversation.
    pub context_management: Option<ContextManagement<'a>>,
    /// `fast` or `standard`.
    pub speed: Option<Str<'a>>,
    /// Where in the world to run the model; `global` is anywhere.
    pub inference_geo: Option<Str<'a>>,
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
            "system" => self.system = value.next_value()?,
            "messages" => self.messages = value.next_value()?,
            "max_tokens" => self.max_tokens = value.next_value()?,
            "temperature" => self.temperature = value.next_value()?,
            "top_p" => self.top_p = value.next_value()?,
            "top_k" => self.top_k = value.next_value()?,
            "stop_sequences" => self.stop_sequences = value.next_value()?,
            "tools" => self.tools = value.next_value()?,
            "tool_choice" => self.tool_choice = value.next_value()?,
            "thinking" => self.thinking = value.next_value()?,
            "output_config" => self.output_config = value.next_value()?,
            "output_format" => self.output_format = value.next_value()?,
            "metadata" => self.metadata = value.next_value()?,
            "service_tier" => self.service_tier = value.next_value()?,
            "context_management" => self.context_management = value.next_value()?,
            "speed" => self.speed = value.next_value()?,
            "inference_geo" => self.inference_geo = value.next_value()?,
            other => {
                if value.next_value::<Option<IgnoredAny>>()?.is_some() {
                    self.others.push(other.to_owned());
                }
            }
        }
        Ok(())
    }
}

/// What one side says.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Message<'a> {
    /// `user`, `assistant`, or `system` in mid-conversation.
    #[serde(borrow)]
    pub role: Option<Str<'a>>,
    /// A string, or [blocks](super::block::Block).
    #[serde(borrow)]
    pub content: Option<Content<'a>>,
    /// Of a system message: `next_user_message` if it is meant for one turn only.
    #[serde(borrow)]
    pub clear_at: Option<Str<'a>>,
    /// Of a system message: settings for one turn.
    pub output_config: Option<IgnoredAny>,
}

/// A tool of any type; which fields mean something depends on it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Tool<'a> {
    /// `custom`, or nothing, is the client's own; others the provider runs.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// What it is called by.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// What it does.
    #[serde(borrow)]
    pub description: Option<Str<'a>>,
    /// Its arguments: a JSON schema.
    #[serde(borrow)]
    pub input_schema: Option<&'a RawValue>,
    /// Whether the schema has to be kept to the letter.
    pub strict: Option<bool>,
    /// Whether what goes before is worth caching.
    #[serde(borrow)]
    pub cache_control: Option<&'a RawValue>,
    /// What arguments may look like.
    pub input_examples: Option<IgnoredAny>,
    /// Who may call it: the model itself, or only code that the provider runs for it.
    pub allowed_callers: Option<IgnoredAny>,
}

/// Which tool to call.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct ToolChoice<'a> {
    /// `auto`, `any`, `none`, `tool`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// The tool's.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// Whether at most one may be called.
    pub disable_parallel_tool_use: Option<bool>,
}

/// Whether to think.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Thinking<'a> {
    /// `enabled`, `adaptive`, `between_tools`, `disabled`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of `enabled`.
    pub budget_tokens: Option<u64>,
    /// `summarized`, `updates`; `omitted` hides the text.
    #[serde(borrow)]
    pub display: Option<Str<'a>>,
}

/// What the answer is to be like.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct OutputConfig<'a> {
    /// `low`, `medium`, `high`, `xhigh`, `max`.
    #[serde(borrow)]
    pub effort: Option<Str<'a>>,
    /// The form of the text.
    #[serde(borrow)]
    pub format: Option<Format<'a>>,
    /// How many tokens the whole task may take.
    pub task_budget: Option<IgnoredAny>,
}

/// JSON by a schema.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Format<'a> {
    /// `json_schema`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// The schema.
    #[serde(borrow)]
    pub schema: Option<&'a RawValue>,
}

/// What to leave out of the conversation.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct ContextManagement<'a> {
    /// One for each sort of thing.
    #[serde(borrow)]
    pub edits: Option<Vec<Edit<'a>>>,
}

/// What sort of thing to leave out of the conversation.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Edit<'a> {
    /// `clear_thinking_20251015`, `clear_tool_uses_20250919`, `compact_20260112`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
}

/// Who asks.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Metadata<'a> {
    /// The end user, opaque.
    #[serde(borrow)]
    pub user_id: Option<Str<'a>>,
}
