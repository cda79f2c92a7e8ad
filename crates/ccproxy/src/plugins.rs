//! The lists of plugins: one line each, behind a feature each.

use ccproxy_plugin_api::{HookEntry, PluginEntry};

/// Every kind of provider of this program. What is not listed here does not exist.
pub const PLUGINS: &[PluginEntry] = &[
    #[cfg(feature = "anthropic")]
    ccproxy_plugin_anthropic::ENTRY,
    #[cfg(feature = "openai")]
    ccproxy_plugin_openai::OPENAI,
    #[cfg(feature = "openai")]
    ccproxy_plugin_openai::COMPATIBLE,
    #[cfg(feature = "simulator")]
    ccproxy_plugin_simulator::ENTRY,
];

/// Every plugin that follows requests.
pub const HOOKS: &[HookEntry] = &[
    #[cfg(feature = "access-log")]
    ccproxy_plugin_access_log::ENTRY,
    #[cfg(feature = "otel")]
    ccproxy_plugin_otel::ENTRY,
    #[cfg(feature = "request-tracer")]
    ccproxy_plugin_request_tracer::ENTRY,
];
