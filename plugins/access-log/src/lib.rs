//! Plugin `access-log`: a line for each request, and for each call of a provider.
//!
//! The client's side has every request as HTTP saw it, health probes only where they are asked for; the provider's side has
//! each call with what came of it. Lines hold no query, no header but `User-Agent`, and nothing of any body.

mod config;
mod line;
mod output;

use std::sync::{Arc, Mutex, PoisonError};

use ccproxy_plugin_api::{BuiltHook, Hook, HookEntry, HookError, HookPlugin, KeyError, Wants};
use ccproxy_record::Event;

pub use config::{Config, Format, Side};
pub use line::{CLIENT_FIELDS, UPSTREAM_FIELDS};
use output::Output;

/// The line of the program's list of plugins.
pub const ENTRY: HookEntry = HookEntry::of::<AccessLog>(env!("CARGO_PKG_VERSION"));

/// The plugin.
#[derive(Debug, Clone, Copy)]
pub struct AccessLog;

impl HookPlugin for AccessLog {
    const NAME: &'static str = "access-log";
    const DESCRIPTION: &'static str = "Writes a line for each request, and for each call of a provider";
    type Config = Config;

    fn build(config: Config) -> Result<Option<BuiltHook>, Vec<KeyError>> {
        config.check()?;
        if !config.enabled {
            return Ok(None);
        }
        let out = Output::new(&config);
        let hook = Arc::new(Log { config, state: Mutex::new(State { lines: Vec::new(), out }) });
        Ok(Some(BuiltHook { hook, checks: Vec::new() }))
    }
}

struct Log {
    config: Config,
    state: Mutex<State>,
}

struct State {
    /// Lines that are not written yet, those of a batch that failed.
    lines: Vec<u8>,
    out: Output,
}

impl Hook for Log {
    fn wants(&self) -> Wants {
        let client = self.config.has(Side::Client);
        Wants {
            exchanges: self.config.has(Side::Upstream),
            visits: client,
            probes: client && self.config.probes,
            ..Wants::default()
        }
    }

    fn start(&self) -> Result<(), HookError> {
        self.state().out.open()
    }

    fn take(&self, events: &[Event]) -> Result<(), HookError> {
        let mut state = self.state();
        let State { lines, out } = &mut *state;
        // What is left over is of these very events, which come again because they could not be written whole.
        if lines.is_empty() {
            events.iter().for_each(|event| line::write(lines, self.config.format, event));
        }
        out.write(lines)
    }

    /// A file that somebody has moved away is let go.
    fn pause(&self) -> Result<(), HookError> {
        self.state().out.follow();
        Ok(())
    }
}

impl Log {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
