//! Provider kinds `openai`, OpenAI's own API, and `openai-compatible`, any server that speaks it.

mod checks;
mod config;
mod provider;

use std::sync::Arc;

use ccproxy_config::{Credential, ModelRule, Pool};
use ccproxy_plugin_api::entry::KeyError;
use ccproxy_plugin_api::{Built, Instance, Plugin, PluginEntry};
use ccproxy_upstream::{Credentials, Endpoint, Network, Scheme};
use ccproxy_wire::Dialect;

pub use config::{ChatWords, CompatibleConfig, DialectName, OpenAiConfig};
use provider::OpenAi;

/// The line of kind `openai` in the program's list.
pub const OPENAI: PluginEntry = PluginEntry::of::<OpenAiKind>(env!("CARGO_PKG_VERSION"));
/// The line of kind `openai-compatible` in the program's list.
pub const COMPATIBLE: PluginEntry = PluginEntry::of::<CompatibleKind>(env!("CARGO_PKG_VERSION"));

struct OpenAiKind;

impl Plugin for OpenAiKind {
    const KIND: &'static str = "openai";
    const DESCRIPTION: &'static str = "OpenAI's Responses and Chat Completions APIs";
    type Config = OpenAiConfig;

    fn build(instance: &Instance, config: OpenAiConfig) -> Result<Built, Vec<KeyError>> {
        let OpenAiConfig { base_url, credentials, pool, model_mappings, cli, timeouts, tls, http2 } = config;
        let network = Network { timeouts, tls, http2, proxies: Arc::clone(instance.proxies()) };
        let dialects = vec![Dialect::Responses, Dialect::Chat];
        let chat = ChatWords::OPENAI;
        build(instance, Parts { base_url, network, credentials, pool, model_mappings, dialects, cli, chat })
    }
}

struct CompatibleKind;

impl Plugin for CompatibleKind {
    const KIND: &'static str = "openai-compatible";
    const DESCRIPTION: &'static str =
        "Any server that speaks OpenAI's API: vLLM, Ollama, LM Studio, OpenRouter, …";
    type Config = CompatibleConfig;

    fn build(instance: &Instance, config: CompatibleConfig) -> Result<Built, Vec<KeyError>> {
        let dialects: Vec<Dialect> = config.dialects.iter().map(|name| name.dialect()).collect();
        if dialects.is_empty() {
            let message = "names no dialect; leave it out for [\"chat\"]".to_owned();
            return Err(vec![KeyError { key: "dialects", message }]);
        }
        let CompatibleConfig {
            base_url, credentials, pool, chat, model_mappings, timeouts, tls, http2, ..
        } = config;
        let cli = None;
        let network = Network { timeouts, tls, http2, proxies: Arc::clone(instance.proxies()) };
        build(instance, Parts { base_url, network, credentials, pool, model_mappings, dialects, cli, chat })
    }
}

/// What both kinds are built of.
struct Parts {
    base_url: String,
    network: Network,
    credentials: Vec<Credential>,
    pool: Pool,
    model_mappings: Vec<ModelRule>,
    dialects: Vec<Dialect>,
    cli: Option<String>,
    chat: ChatWords,
}

fn build(instance: &Instance, parts: Parts) -> Result<Built, Vec<KeyError>> {
    let Parts { base_url, network, credentials, pool, model_mappings, dialects, cli, chat } = parts;
    let endpoint = Endpoint::new(&base_url, "", network)
        .map_err(|error| vec![KeyError { key: "base_url", message: error.to_string() }])?;
    let reachability = Some(endpoint.reachability());
    let credentials = Credentials::new(instance, credentials, pool, Scheme::Bearer);
    let credentials = Arc::new(credentials.map_err(|error| vec![error])?);
    let checks = checks::of(instance, Arc::clone(&credentials), cli.as_deref())
        .map_err(|error| vec![KeyError { key: "kind", message: error.to_string() }])?;
    let provider = Arc::new(OpenAi::new(endpoint, credentials, dialects, chat));
    Ok(Built { provider, checks, reachability, model_mappings })
}
