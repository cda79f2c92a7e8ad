//! What a request asks for, whatever the dialect. Reading is lenient: what is not known is not looked at.

pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod content;
pub(crate) mod embeddings;
pub(crate) mod messages;
pub(crate) mod responses;
mod weight;

use ccproxy_wire::Family;
use serde::Deserialize;
use serde_json::Value;

use crate::problem::Problem;

/// The part of a request that decides what is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    /// The model, which is echoed.
    pub(crate) model: String,
    /// Whether to stream.
    pub(crate) stream: bool,
    /// What was said last.
    pub(crate) said: Said,
    /// The tools that can be called.
    pub(crate) tools: Vec<Tool>,
    /// Which of them to call.
    pub(crate) choice: Choice,
    /// Whether several may be called at once.
    pub(crate) parallel: bool,
    /// Whether to think first.
    pub(crate) thinking: bool,
    /// The form of the text.
    pub(crate) format: Format,
    /// How many tokens may be generated, thinking included.
    pub(crate) max_tokens: Option<u64>,
    /// What ends the text.
    pub(crate) stop: Vec<String>,
    /// Tokens of the prompt.
    pub(crate) input_tokens: u64,
}

impl Ask {
    /// Whether the last turn brings the results of tools.
    pub(crate) fn answers_tools(&self) -> bool {
        matches!(self.said, Said::Results(_))
    }
}

/// The last turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The user's last text.
    Prompt(String),
    /// What the tools returned.
    Results(Vec<String>),
}

/// A tool whose arguments a schema describes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) schema: Value,
}

/// `tool_choice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The simulator calls a tool wherever it may.
    Any,
    None,
    Named(String),
}

/// The form of the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Format {
    Text,
    /// Some JSON object.
    Json,
    Schema(Value),
}

/// Reads a body as a dialect's request, or says in the family's words what is wrong with it.
fn read<'a, T: Deserialize<'a>>(family: Family, body: &'a [u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let why = error.inner();
        if path == "." || !why.is_data() {
            return Problem::invalid(match family {
                Family::Anthropic => format!("The request body is not valid JSON: {why}"),
                Family::OpenAi => format!("We could not parse the JSON body of your request: {why}"),
            });
        }
        let problem = Problem::invalid(match family {
            Family::Anthropic => format!("{}: {why}", path.replace('[', ".").replace(']', "")),
            Family::OpenAi => format!("Invalid type for '{path}': {why}."),
        });
        problem.code("invalid_type").param(&path)
    })
}

/// A field that has to be there.
fn required<T>(family: Family, name: &str, field: Option<T>) -> Result<T, Problem> {
    field.ok_or_else(|| Problem::missing(family, name))
}

/// A limit of tokens, which is at least 1.
fn limit(family: Family, name: &str, tokens: Option<u64>) -> Result<Option<u64>, Problem> {
    match tokens {
        Some(0) => Err(Problem::value(family, name, "must be at least 1")),
        tokens => Ok(tokens),
    }
}

/// The schema of a function that has none: it takes no arguments.
fn no_arguments() -> Value {
    Value::Object([("type".to_owned(), "object".into())].into_iter().collect())
}

/// What `text.format` and `output_config.format` hold, and `response_format` in its `json_schema`.
#[derive(Debug, Default, Deserialize)]
struct RawFormat {
    r#type: Option<String>,
    schema: Option<Value>,
    json_schema: Option<NamedSchema>,
}

#[derive(Debug, Default, Deserialize)]
struct NamedSchema {
    schema: Option<Value>,
}

impl From<Option<RawFormat>> for Format {
    fn from(raw: Option<RawFormat>) -> Self {
        let raw = raw.unwrap_or_default();
        let schema = raw.schema.or(raw.json_schema.and_then(|named| named.schema));
        match (raw.r#type.as_deref(), schema) {
            (Some("json_schema"), Some(schema)) => Self::Schema(schema),
            (Some("json_schema" | "json_object"), _) => Self::Json,
            _ => Self::Text,
        }
    }
}
