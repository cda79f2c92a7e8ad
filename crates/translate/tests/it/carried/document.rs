//! The document that holds the tables. What is between two marks is made; the rest is written by hand.

use std::path::Path;

const NAME: &str = "docs/TRANSLATION.md";

/// Compares the document with these parts, or makes them new where `UPDATE_DOCS` is set.
pub(super) fn check(parts: &[(&str, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(NAME);
    let held = std::fs::read_to_string(&path).unwrap();
    let made = parts.iter().fold(held.clone(), |text, (name, part)| with(&text, name, part));
    if held != made && std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
        return;
    }
    if let Some((held, made)) = held.lines().zip(made.lines()).find(|(held, made)| held != made) {
        panic!("{NAME} is behind; run `cargo xtask docs`\nit says  {held}\nit is    {made}");
    }
    assert_eq!(held.len(), made.len(), "{NAME} is behind; run `cargo xtask docs`");
}

fn with(text: &str, name: &str, part: &str) -> String {
    let (begin, end) = (format!("<!-- made: {name} -->\n"), "<!-- end -->");
    let Some((before, rest)) = text.split_once(&begin) else { panic!("{NAME} has no mark {begin:?}") };
    let Some((_, after)) = rest.split_once(end) else { panic!("{NAME}: {name} has no end") };
    format!("{before}{begin}\n{part}\n{end}{after}")
}
