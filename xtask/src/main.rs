//! Chores of the workspace: generated documents, and the rules that clippy cannot say.
#![allow(clippy::print_stdout, reason = "a chore reports on stdout")]

mod docs;
mod fill;
mod rules;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

/// Chores of the workspace.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Chore {
    /// Write the documents that are made from the program.
    Docs,
    /// Fill a store with plausible records, and time a dashboard's queries: `fill --records 1000000 --time`, `fill --help`.
    #[command(disable_help_flag = true)]
    Fill {
        /// What the filler is told.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        flags: Vec<String>,
    },
    /// Check the invariants of the workspace; prints every violation and exits 1 if there is one.
    Rules,
}

fn main() -> anyhow::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent directory")?;
    match Chore::parse() {
        Chore::Docs => docs::write(root).map(|()| ExitCode::SUCCESS),
        Chore::Fill { flags } => fill::run(root, &flags),
        Chore::Rules => rules::check(root),
    }
}
