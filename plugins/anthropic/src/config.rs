//! The keys of an `anthropic` instance.

use ccproxy_config::{ClientTls, Credential, Http2, ModelRule, Pool, Timeouts};
use ccproxy_upstream::Scheme;
use schemars::JsonSchema;
use serde::Deserialize;

/// A provider that speaks Anthropic Messages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the API is, without `/v1`, as `ANTHROPIC_BASE_URL` has it.
    pub base_url: String,
    /// Where the API keys come from. Several are used as `pool` says; without any, none is sent.
    pub credentials: Vec<Credential>,
    /// How several credentials share the work.
    pub pool: Pool,
    /// The header that carries the key.
    pub auth_header: AuthHeader,
    /// The version of the API that is asked for where the client names none, as an OpenAI client does. From `2026-10-21`
    /// on, `temperature`, `top_p` and `top_k` are left out of what is translated.
    pub version: String,
    /// How many tokens to ask for at most where the client does not say; the API wants a number.
    pub max_tokens: u64,
    /// How the client's names of models become the provider's; the first rule that matches wins.
    pub model_mappings: Vec<ModelRule>,
    /// The vendor's command line, by its name or path, such as `claude`: health tells whether it is installed and which
    /// version it is. Not watched unless set.
    pub cli: Option<String>,
    /// How long to wait for the provider.
    pub timeouts: Timeouts,
    /// Whom to trust as the provider, and what to show it.
    pub tls: ClientTls,
    /// Whether to speak HTTP/2 with the provider.
    pub http2: Http2,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base_url: "https://api.anthropic.com".to_owned(),
            credentials: Vec::new(),
            pool: Pool::default(),
            auth_header: AuthHeader::default(),
            version: "2023-06-01".to_owned(),
            max_tokens: 32_000,
            model_mappings: Vec::new(),
            cli: None,
            timeouts: Timeouts::default(),
            tls: ClientTls::default(),
            http2: Http2::default(),
        }
    }
}

/// The header that carries the key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuthHeader {
    /// `x-api-key: KEY`
    #[default]
    XApiKey,
    /// `authorization: Bearer KEY`
    Bearer,
}

impl AuthHeader {
    pub(crate) fn scheme(self) -> Scheme {
        match self {
            Self::XApiKey => Scheme::ApiKey,
            Self::Bearer => Scheme::Bearer,
        }
    }
}
