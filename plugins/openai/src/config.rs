//! The keys of `openai` and `openai-compatible` instances.

use ccproxy_config::{ClientTls, Credential, Http2, ModelRule, Pool, Timeouts};
use ccproxy_wire::Dialect;
use schemars::JsonSchema;
use serde::Deserialize;

/// OpenAI's own API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OpenAiConfig {
    /// Where the API is, with `/v1`, as `OPENAI_BASE_URL` has it.
    pub base_url: String,
    /// Where the API keys come from. Several are used as `pool` says; without any, none is sent.
    pub credentials: Vec<Credential>,
    /// How several credentials share the work.
    pub pool: Pool,
    /// How the client's names of models become the provider's; the first rule that matches wins.
    pub model_mappings: Vec<ModelRule>,
    /// The vendor's command line, by its name or path, such as `codex`: health tells whether it is installed and which
    /// version it is. Not watched unless set.
    pub cli: Option<String>,
    /// How long to wait for the provider.
    pub timeouts: Timeouts,
    /// Whom to trust as the provider, and what to show it.
    pub tls: ClientTls,
    /// Whether to speak HTTP/2 with the provider.
    pub http2: Http2,
}

impl Default for OpenAiConfig {
    fn default() -> Self {
        Self {
            base_url: "https://api.openai.com/v1".to_owned(),
            credentials: Vec::new(),
            pool: Pool::default(),
            model_mappings: Vec::new(),
            cli: None,
            timeouts: Timeouts::default(),
            tls: ClientTls::default(),
            http2: Http2::default(),
        }
    }
}

/// A server that speaks OpenAI's API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompatibleConfig {
    /// Where the API is, with `/v1` where it has one: `http://127.0.0.1:11434/v1`.
    pub base_url: String,
    /// Where the API keys come from. Several are used as `pool` says; without any, none is sent.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// How several credentials share the work.
    #[serde(default)]
    pub pool: Pool,
    /// What the server speaks.
    #[serde(default = "chat_only")]
    pub dialects: Vec<DialectName>,
    /// What its Chat Completions take that not every server does, for requests that are translated into them.
    #[serde(default)]
    pub chat: ChatWords,
    /// How the client's names of models become the provider's; the first rule that matches wins.
    #[serde(default)]
    pub model_mappings: Vec<ModelRule>,
    /// How long to wait for the provider.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// Whom to trust as the server, and what to show it.
    #[serde(default)]
    pub tls: ClientTls,
    /// Whether to speak HTTP/2 with the server.
    #[serde(default)]
    pub http2: Http2,
}

/// Words of Chat Completions that some servers refuse and others insist on.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChatWords {
    /// Whether the limit of tokens is called `max_completion_tokens`, as OpenAI's own models want it, and not `max_tokens`.
    pub max_completion_tokens: bool,
    /// Whether it knows the role `developer`, and what else only OpenAI's own models take.
    pub developer: bool,
    /// Whether the model's thoughts go back to it as `reasoning_content`. DeepSeek's and Moonshot's models refuse to go on
    /// after a call of a tool without them; others refuse the field.
    pub reasoning_content: bool,
}

impl ChatWords {
    /// OpenAI's own.
    pub(crate) const OPENAI: Self =
        Self { max_completion_tokens: true, developer: true, reasoning_content: false };
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
