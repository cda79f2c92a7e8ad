//! Provider kind `anthropic`: the Messages API of Anthropic, or of whoever serves it under another base URL.

mod checks;
mod config;
mod provider;

use std::sync::Arc;

use ccproxy_plugin_api::entry::KeyError;
use ccproxy_plugin_api::{Built, Instance, Plugin, PluginEntry};
use ccproxy_upstream::{Credentials, Endpoint, Network};

pub use config::{AuthHeader, Config};
use provider::{Anthropic, Version};

/// The plugin's line in the program's list.
pub const ENTRY: PluginEntry = PluginEntry::of::<Kind>(env!("CARGO_PKG_VERSION"));

struct Kind;

impl Plugin for Kind {
    const KIND: &'static str = "anthropic";
    const DESCRIPTION: &'static str = "Anthropic's Messages API";
    type Config = Config;

    fn build(instance: &Instance, config: Config) -> Result<Built, Vec<KeyError>> {
        if config.base_url.trim_end_matches('/').ends_with("/v1") {
            let message = "must leave /v1 out, as ANTHROPIC_BASE_URL does".to_owned();
            return Err(vec![KeyError { key: "base_url", message }]);
        }
        let Some(version) = Version::parse(&config.version) else {
            let message = format!("{:?} is no version; give a date such as 2023-06-01", config.version);
            return Err(vec![KeyError { key: "version", message }]);
        };
        if config.max_tokens == 0 {
            return Err(vec![KeyError { key: "max_tokens", message: "must be more than 0".to_owned() }]);
        }
        let Config { timeouts, tls, http2, .. } = config;
        let network = Network { timeouts, tls, http2, proxies: Arc::clone(instance.proxies()) };
        let endpoint = Endpoint::new(&config.base_url, "/v1", network)
            .map_err(|error| vec![KeyError { key: "base_url", message: error.to_string() }])?;
        let reachability = endpoint.reachability();
        let scheme = config.auth_header.scheme();
        let credentials = Credentials::new(instance, config.credentials, config.pool, scheme);
        let credentials = Arc::new(credentials.map_err(|error| vec![error])?);
        let checks = checks::of(instance, Arc::clone(&credentials), config.cli.as_deref())
            .map_err(|error| vec![KeyError { key: "kind", message: error.to_string() }])?;
        let provider = Anthropic::new(endpoint, credentials, version, config.max_tokens);
        Ok(Built {
            provider: Arc::new(provider),
            checks,
            reachability: Some(reachability),
            model_mappings: config.model_mappings,
        })
    }
}
