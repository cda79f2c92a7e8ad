//! The program `ccproxy`: its command line, its list of plugins, and start-up.
//!
//! It is a library beside a thin `main` so that the chores of the workspace and the tests can use the same command line,
//! the same list of plugins and the same documents.

mod activation;
pub mod cli;
mod commands;
mod context;
pub mod documents;
mod failure;
mod load;
pub mod plugins;
mod reload;
mod terminal;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use context::Context;

/// Does what the command line says. The result is the program's exit code, as the help text documents it.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads any more is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let result = Context::of_process().and_then(|context| commands::run(cli, &context));
    match result {
        Ok(code) => code,
        Err(failure) => {
            if let Some(text) = failure.text() {
                terminal::complain(&text);
            }
            failure.exit_code()
        }
    }
}
