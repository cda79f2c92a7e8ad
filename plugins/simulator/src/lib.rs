//! Provider kind simulator: a deterministic provider inside the program.
//!
//! It answers every operation in the vendors' own shapes, whole and streamed, without any model: by rule, from the
//! request alone. Equal requests have equal answers, byte for byte; ids are hashes of the request and every answer
//! was "created" on 2026-01-01. It says in every answer that it is a simulator: in the text, and in the header
//! `x-ccproxy-simulated: true`.
//!
//! The request header `x-ccproxy-simulate` scripts one answer, with a list such as
//! `latency=200ms, token_rate=50, fault=stall, after=3`:
//!
//! | directive | what it does |
//! |---|---|
//! | `latency=DURATION` | time before the first byte |
//! | `token_rate=N` | tokens a second in a stream; 0 is as fast as possible |
//! | `fault=NAME` | `rate_limit`, `overloaded`, `server_error`, `auth`, `too_long`: an HTTP error; `overloaded_stream`: 200, then an error event; `reset`, `stall`, `truncate`, `garbage`: a body that goes wrong |
//! | `after=N` | events before the body goes wrong; 3 unless told. A whole body goes wrong at its half, or at once if N is 0 |
//! | `tokens=N` | a text of N tokens, 20,000 at most |
//! | `thinking` | think first even if the request does not ask for it |
//! | `parallel_tools` | call the first two tools |
//! | `text=…` | say this; it takes the rest of the header, commas included |

mod answer;
mod body;
mod checks;
mod config;
mod fault;
mod ids;
mod perform;
mod problem;
mod provider;
mod reply;
mod request;
mod schema;
mod script;
mod stream;
mod token;

use std::sync::Arc;

use ccproxy_plugin_api::entry::KeyError;
use ccproxy_plugin_api::{Built, Instance, Plugin, PluginEntry};

pub use config::Config;
pub use fault::Fault;

/// The line of the program's list of plugins.
pub const ENTRY: PluginEntry = PluginEntry::of::<Simulator>(env!("CARGO_PKG_VERSION"));

/// The kind of provider.
#[derive(Debug, Clone, Copy)]
pub struct Simulator;

impl Plugin for Simulator {
    const KIND: &'static str = "simulator";
    const DESCRIPTION: &'static str =
        "Answers by rule, without any model, in every dialect: for trying and testing";
    type Config = Config;

    fn build(instance: &Instance, config: Config) -> Result<Built, Vec<KeyError>> {
        let checks = checks::checks(instance)
            .map_err(|error| vec![KeyError { key: "kind", message: error.to_string() }])?;
        Ok(Built {
            provider: Arc::new(provider::Simulated::new(&config)),
            checks,
            reachability: None,
            model_mappings: config.model_mappings,
        })
    }
}

#[cfg(test)]
mod tests;
