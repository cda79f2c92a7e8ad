//! Fills a store, with what `crates/store` has for it.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context;

pub(crate) fn run(root: &Path, flags: &[String]) -> anyhow::Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo)
        .args(["run", "--quiet", "--release", "-p", "ccproxy-store", "--example", "fill", "--"])
        .args(flags)
        .current_dir(root)
        .status()
        .context("cannot run cargo")?;
    Ok(if done.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
