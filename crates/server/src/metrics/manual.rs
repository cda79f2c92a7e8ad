//! docs/METRICS.md, made from the list of metrics.

use super::meters::ALL;

/// The manual of `/metrics`.
#[must_use]
pub fn metrics_md() -> String {
    let mut text = include_str!("manual/head.md").to_owned();
    for (title, meters) in ALL {
        text.push_str(&format!("\n## {title}\n\n| metric | type | labels | what |\n|---|---|---|---|\n"));
        text.extend(meters.iter().map(super::meter::Meter::row));
    }
    text
}
