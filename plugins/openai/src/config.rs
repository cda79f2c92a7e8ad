//! The keys of `openai` and `openai-compatible` instances.

use ccproxy_config::{ModelRule, SecretSource, Timeouts};
use ccproxy_wire::Dialect;
use schemars::JsonSchema;
use serde::Deserialize;

/// OpenAI's own API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OpenAiConfig {
    /// Where the API is, with `/v1`, as `OPENAI_BASE_URL` has it.
    pub base_url: String,
    /// Where the API key comes from; the first source that gives one is used. Without any, none is sent.
    pub credentials: Vec<SecretSource>,
    /// How the client's names of models become the provider's; the first rule that matches wins.
    pub model_mappings: Vec<ModelRule>,
    /// The vendor's command line, by its name or path, such as `codex`: health tells whether it is installed and which
    /// version it is. Not watched unless set.
    pub cli: Option<String>,
    /// How long to wait for the provider.
    pub timeouts: Timeouts,
}

impl Default for OpenAiConfig {
    fn default() -> Self {
        Self {
            base_url: "https://api.openai.com/v1".to_owned(),
            credentials: Vec::new(),
            model_mappings: Vec::new(),
            cli: None,
            timeouts: Timeouts::default(),
        }
    }
}

/// A server that speaks OpenAI's API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompatibleConfig {
    /// Where the API is, with `/v1` where it has one: `http://127.0.0.1:11434/v1`.
    pub base_url: String,
    /// Where the API key comes from; the first source that gives one is used. Without any, none is sent.
    #[serde(default)]
    pub credentials: Vec<SecretSource>,
    /// What the server speaks.
    #[serde(default = "chat_only")]
    pub dialects: Vec<DialectName>,
    /// How the client's names of models become the provider's; the first rule that matches wins.
    #[serde(default)]
    pub model_mappings: Vec<ModelRule>,
    /// How long to wait for the provider.
    #[serde(default)]
    pub timeouts: Timeouts,
}

fn chat_only() -> Vec<DialectName> {
    vec![DialectName::Chat]
}

/// A dialect of OpenAI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DialectName {
    /// Chat Completions.
    Chat,
    /// Responses.
    Responses,
}

impl DialectName {
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Chat => Dialect::Chat,
            Self::Responses => Dialect::Responses,
        }
    }
}
