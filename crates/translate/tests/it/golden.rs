//! What golden files share: where they are, how they are written anew, and how it is told what is wrong with them.
//!
//! They are `tests/golden/KIND/DIALECT/NAME.md`. `UPDATE_GOLDEN=1` writes what is generated in them, for review.

pub(crate) mod demand;
pub(crate) mod pretty;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ccproxy_wire::Dialect::{self, Chat, Messages, Responses};

/// So many cases are in a folder at least, and so many of these for each of the other dialects.
const LEAST: usize = 25;

/// What a file has to be.
#[derive(Default)]
pub(crate) struct Checked {
    pub(crate) text: String,
    /// The dialects that the case has something to show of.
    pub(crate) shown: Vec<Dialect>,
    /// What is wrong with what is generated, a line each.
    pub(crate) wrong: Vec<String>,
}

pub(crate) fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Messages => "messages",
        Chat => "chat",
        Responses => "responses",
    }
}

pub(crate) fn others(one: Dialect) -> impl Iterator<Item = Dialect> {
    [Messages, Chat, Responses].into_iter().filter(move |other| *other != one)
}

fn files(kind: &str, dialect: Dialect) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(kind).join(name(dialect));
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    files.sort();
    files
}

/// Looks at all files of a folder; `check` tells what one has to be.
pub(crate) fn run(kind: &str, dialect: Dialect, check: impl Fn(&str) -> Result<Checked, String>) {
    let (mut wrong, mut shown) = (String::new(), Vec::new());
    let files = files(kind, dialect);
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        let told = check(&text).map_or_else(
            |error| vec![error],
            |checked| {
                shown.extend(checked.shown);
                checked.wrong.into_iter().chain(settle(path, &text, &checked.text)).collect()
            },
        );
        for told in told {
            writeln!(wrong, "{}\n{told}\n", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes these anew:\n{wrong}");
    assert!(files.len() >= LEAST, "{} cases only", files.len());
    for other in others(dialect) {
        let count = shown.iter().filter(|shown| **shown == other).count();
        assert!(count >= LEAST, "{count} cases only for {}", name(other));
    }
}

/// Writes the file anew, or tells what in it is not as it has to be.
fn settle(path: &Path, text: &str, expect: &str) -> Option<String> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, expect).unwrap();
        return None;
    }
    pretty::difference(text, expect)
}

/// What the lines before the first section tell: a title, whose documentation the case was checked against, and more by
/// its key.
pub(crate) struct About<'a>(&'a str);

impl<'a> About<'a> {
    pub(crate) fn parse(lines: &'a str) -> Result<Self, String> {
        let about = Self(lines);
        if !lines.starts_with("# ") {
            return Err("the first line has to tell what the case shows".to_owned());
        }
        match about.line("source:") {
            None | Some("") => Err("no source".to_owned()),
            Some(_) => Ok(about),
        }
    }

    pub(crate) fn line(&self, key: &str) -> Option<&'a str> {
        self.0.lines().find_map(|line| line.strip_prefix(key)).map(str::trim)
    }

    /// The words of a line, all of them known.
    pub(crate) fn words(&self, key: &str, known: &[&str]) -> Result<Vec<&'a str>, String> {
        let words: Vec<&str> =
            self.line(key).unwrap_or_default().split(", ").filter(|word| !word.is_empty()).collect();
        match words.iter().find(|word| !known.contains(word)) {
            Some(unknown) => Err(format!("{key} {unknown}: not known")),
            None => Ok(words),
        }
    }
}
