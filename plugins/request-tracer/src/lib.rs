//! Plugin `request-tracer`: the messages of each exchange, in a folder of its own.
//!
//! What the client asked, what each provider was asked and answered, and what the client got, as raw HTTP and as JSON, streams
//! with the time of each piece. Credentials are taken out by their names ([`redact`]); prompts and answers are what it is for,
//! so it is off unless somebody switches it on and says where they go.

mod config;
mod folder;
mod message;
pub mod redact;
mod shelf;
mod trace;
mod tracer;

use std::sync::Arc;

use ccproxy_plugin_api::{BuiltHook, HookEntry, HookPlugin, KeyError};

pub use config::Config;
pub use folder::{Request, Unreadable, read_request};
use tracer::Tracer;

/// The line of the program's list of plugins.
pub const ENTRY: HookEntry = HookEntry::of::<RequestTracer>(env!("CARGO_PKG_VERSION"));

/// The plugin.
#[derive(Debug, Clone, Copy)]
pub struct RequestTracer;

impl HookPlugin for RequestTracer {
    const NAME: &'static str = "request-tracer";
    const DESCRIPTION: &'static str = "Keeps the messages of each exchange in a folder, for `ccproxy replay`";
    type Config = Config;

    fn build(config: Config) -> Result<Option<BuiltHook>, Vec<KeyError>> {
        if !config.enabled {
            return Ok(None);
        }
        let Some(dir) = config.dir.clone().filter(|dir| !dir.as_os_str().is_empty()) else {
            let message =
                "expected the folder to keep messages in; they hold what clients ask and are answered"
                    .to_owned();
            return Err(vec![KeyError { key: "dir", message }]);
        };
        Ok(Some(BuiltHook { hook: Arc::new(Tracer::new(&config, dir)), checks: Vec::new() }))
    }
}

#[cfg(test)]
mod tests;
