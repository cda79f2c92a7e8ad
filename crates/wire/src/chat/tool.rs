//! Tools, and which of them to call, as they are read.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::responses::Str;

/// A tool of any type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Tool<'a> {
    /// `function`, `custom`, or one that the provider runs.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// Of a function.
    #[serde(borrow)]
    pub function: Option<Definition<'a>>,
    /// Of a custom tool.
    #[serde(borrow)]
    pub custom: Option<Definition<'a>>,
    /// Anthropic's mark for the end of what is worth caching.
    #[serde(borrow)]
    pub cache_control: Option<&'a RawValue>,
}

/// A function, or a custom tool.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Definition<'a> {
    /// What it is called by.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// What it does.
    #[serde(borrow)]
    pub description: Option<Str<'a>>,
    /// A function's arguments: a JSON schema.
    #[serde(borrow)]
    pub parameters: Option<&'a RawValue>,
    /// Whether the schema has to be kept to the letter.
    pub strict: Option<bool>,
    /// A custom tool's input.
    #[serde(borrow)]
    pub format: Option<&'a RawValue>,
}

/// Which tool to call.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ToolChoice<'a> {
    /// `function`, `custom` or `allowed_tools`.
    #[serde(borrow)]
    pub r#type: Option<Str<'a>>,
    /// This one.
    #[serde(borrow)]
    pub function: Option<Definition<'a>>,
    /// This one.
    #[serde(borrow)]
    pub custom: Option<Definition<'a>>,
    /// One of these.
    #[serde(borrow)]
    pub allowed_tools: Option<Allowed<'a>>,
    /// In the older form, and with careless clients: the name.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
}

/// Some of the tools.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Allowed<'a> {
    /// `auto` or `required`.
    #[serde(borrow)]
    pub mode: Option<Str<'a>>,
    /// Of each, its type and its name.
    #[serde(borrow)]
    pub tools: Vec<Tool<'a>>,
}
