//! Documents that are made from the program, or hold files of the repository. Tests fail while they are behind.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use ccproxy::documents::{config_md, metrics_md, openapi, opentelemetry_md};

pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    let health = with_files(root, HEALTH)?;
    for (name, text) in [
        ("docs/CONFIG.md", config_md()),
        ("docs/METRICS.md", metrics_md()),
        ("docs/OPENTELEMETRY.md", opentelemetry_md()),
        ("docs/openapi.json", openapi()),
        (HEALTH, health),
    ] {
        let path = root.join(name);
        let old = fs::read_to_string(&path).unwrap_or_default();
        if old == text {
            println!("{name} is up to date");
        } else {
            fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
            println!("{name} written");
        }
    }
    translation(root)
}

/// This one is made by the translator's tests, of what they find.
fn translation(root: &Path) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let made = Command::new(cargo)
        .args(["test", "--quiet", "-p", "ccproxy-translate", "--test", "it"])
        .args(["--", "--exact", "carried::the_document_is_up_to_date"])
        .env("UPDATE_DOCS", "1")
        .current_dir(root)
        .status()
        .context("cannot run cargo")?;
    if !made.success() {
        bail!("docs/TRANSLATION.md cannot be made");
    }
    Ok(())
}

const HEALTH: &str = "docs/HEALTH.md";

/// A line that names a file, with a fenced block below that holds it.
const MARK: &str = "<!-- the file: ";

/// The document with every file that it names as that is now.
fn with_files(root: &Path, name: &str) -> anyhow::Result<String> {
    let text = fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"))?;
    let mut out = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(file) = line.strip_prefix(MARK).and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let Some(fence) = lines.next().filter(|fence| fence.starts_with("```")) else {
            bail!("{name}: no fenced block below {line:?}");
        };
        if !lines.by_ref().any(|line| line == "```") {
            bail!("{name}: the block below {line:?} has no end");
        }
        let held = fs::read_to_string(root.join(file)).with_context(|| format!("{name} names {file}"))?;
        out.push_str(&format!("{fence}\n{}\n```\n", held.trim_end()));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_in_documents_are_up_to_date() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let held = fs::read_to_string(root.join(HEALTH)).unwrap();
        assert!(with_files(root, HEALTH).unwrap() == held, "run `cargo xtask docs`");
        assert!(held.contains(MARK));
    }
}
