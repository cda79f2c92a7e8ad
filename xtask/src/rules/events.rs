//! Every event of the log stands in the document, and nothing else does.

use std::collections::BTreeSet;

use regex::Regex;

use super::Violation;
use super::sources::Source;

/// Where every event is told of.
pub(super) const DOCUMENT: &str = "docs/OBSERVABILITY.md";
/// Whose event is the target of the line: its text is made as it happens.
const PANIC: &str = "panic";

pub(super) fn check(sources: &[Source], document: &str) -> anyhow::Result<Vec<Violation>> {
    let said = Regex::new(
        r#"(?s)tracing::(?:error|warn|info|debug|trace)!\((?:[^;]*?[,\s(])??"([a-z_]+)"\s*,?\s*\)"#,
    )?;
    let told = told(document)?;
    let (mut violations, mut known) = (Vec::new(), BTreeSet::from([PANIC]));
    for source in sources.iter().filter(|source| !source.path.starts_with("crates/telemetry/")) {
        for event in said.captures_iter(source.code()).filter_map(|found| found.get(1)) {
            known.insert(event.as_str());
            if !told.contains(event.as_str()) {
                let what = format!("the event {} stands not in {DOCUMENT}", event.as_str());
                violations.push(Violation::new(source.place(event.start()), what));
            }
        }
    }
    let gone = told.iter().filter(|event| !known.contains(event.as_str()));
    violations.extend(gone.map(|event| Violation::new(DOCUMENT, format!("there is no event {event}"))));
    Ok(violations)
}

/// The names in the first column of the document's last table.
fn told(document: &str) -> anyhow::Result<BTreeSet<String>> {
    let name = Regex::new("`([a-z_]+)`")?;
    let table = document.split_once("\n## Log\n").map_or("", |(_, rest)| rest);
    let rows =
        table.lines().filter_map(|line| line.strip_prefix("| `").and_then(|row| row.split('|').next()));
    Ok(rows
        .flat_map(|row| {
            name.captures_iter(&format!("`{row}")).map(|found| found[1].to_owned()).collect::<Vec<_>>()
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn events_and_the_document_agree() {
        let check = |code: &str, row: &str, expect: &[&str]| {
            let source = Source { path: "crates/a/src/x.rs".to_owned(), text: code.to_owned() };
            let document = format!("\n## Log\n\n| event |\n|---|\n| `panic` |\n{row}\n");
            assert_eq!(lines(check(&[source], &document).unwrap()), expect, "{code} {row}");
        };
        check("tracing::info!(a, %b, \"it_is\");", "| `it_is` | info |", &[]);
        check(
            "tracing::info!(\n  error = \"no\",\n  \"it_is\",\n);",
            "| `also`, `it_is` | info |",
            &["docs/OBSERVABILITY.md: there is no event also"],
        );
        check(
            "tracing::warn!(\"it_was\")",
            "",
            &["crates/a/src/x.rs:1: the event it_was stands not in docs/OBSERVABILITY.md"],
        );
    }
}
