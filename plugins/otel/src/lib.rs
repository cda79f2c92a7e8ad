//! The plugin `otel`: traces and metrics for an OpenTelemetry collector, by OTLP over HTTP.
//!
//! It makes [spans] and [metrics] of the records of exchanges, which hold no prompt, no answer and no key, and sends them on the
//! thread of its own that every hook has.

mod config;
mod exporter;
mod headers;
mod hook;
mod manual;
mod metrics;
mod names;
mod resource;
mod spans;

use std::sync::Arc;

use ccproxy_plugin_api::{BuiltHook, HookEntry, HookPlugin, KeyError};

pub use config::{OtelConfig, Protocol};
pub use manual::opentelemetry_md;

/// The line of the plugin in the program's list.
pub const ENTRY: HookEntry = HookEntry::of::<OtelPlugin>(env!("CARGO_PKG_VERSION"));

struct OtelPlugin;

impl HookPlugin for OtelPlugin {
    const NAME: &'static str = "otel";
    const DESCRIPTION: &'static str = "Traces and metrics for an OpenTelemetry collector, by OTLP";
    type Config = OtelConfig;

    fn build(config: OtelConfig) -> Result<Option<BuiltHook>, Vec<KeyError>> {
        if !config.enabled {
            return Ok(None);
        }
        let hook = Arc::new(hook::Otel::new(config)?);
        let checks = hook.check().into_iter().collect();
        Ok(Some(BuiltHook { hook, checks }))
    }
}
