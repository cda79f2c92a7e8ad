//! Documents that are made from the program. A test of `ccproxy` fails while they are behind.

use std::fs;
use std::path::Path;

use anyhow::Context;
use ccproxy::documents::{config_md, openapi};

pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    for (name, text) in [("docs/CONFIG.md", config_md()), ("docs/openapi.json", openapi())] {
        let path = root.join(name);
        let old = fs::read_to_string(&path).unwrap_or_default();
        if old == text {
            println!("{name} is up to date");
        } else {
            fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
            println!("{name} written");
        }
    }
    Ok(())
}
