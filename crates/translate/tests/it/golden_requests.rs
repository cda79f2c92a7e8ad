//! What providers are sent, case by case: `tests/golden/requests/CLIENT/NAME.md`.
//!
//! Each file tells what it shows and whose documentation it was checked against, and holds the client's request and what
//! becomes of it in the other two dialects. `UPDATE_GOLDEN=1` writes the latter anew, for review.

mod case;
mod demands;
mod pretty;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ccproxy_translate::{Limits, Profile, Stamp};
use ccproxy_wire::Dialect::{self, Chat, Messages, Responses};
use serde_json::Value;

use case::Case;

/// So many cases are in a folder at least, and so many of these for each provider's dialect.
const LEAST: usize = 25;

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Messages => "messages",
        Chat => "chat",
        Responses => "responses",
    }
}

/// The provider that a case is for: a Claude, and OpenAI's own or another with the same dialects.
fn profile(dialect: Dialect, case: &Case<'_>) -> Profile {
    let openai = !case.has("others");
    Profile {
        dialect,
        sampling: !case.has("no sampling"),
        max_completion_tokens: openai,
        developer: openai,
        thoughts: case.has("thoughts"),
        limits: Limits::default(),
    }
}

fn model<'a>(dialect: Dialect, case: &'a Case<'_>) -> &'a str {
    match dialect {
        Messages => case.claude.unwrap_or("claude-opus-4-6"),
        Chat | Responses => "gpt-5.2",
    }
}

/// What becomes of the request: as the file has it, and the body.
fn outcome(client: Dialect, provider: Dialect, case: &Case<'_>) -> (String, Option<Value>) {
    let stamp = Stamp { id: "stamp".to_owned(), created: 1_700_000_000 };
    let (model, profile) = (model(provider, case), profile(provider, case));
    let mut out = format!("## to {}\n\n", name(provider));
    // Clients do not send what is only for people.
    let request = serde_json::from_str::<Value>(case.request).unwrap().to_string();
    match ccproxy_translate::request(client, request.as_bytes(), model, &profile, stamp) {
        Ok(translated) => {
            let body = String::from_utf8(translated.body).unwrap();
            write!(out, "```json\n{}\n```\n", pretty::pretty(&body)).unwrap();
            if !translated.dropped.is_empty() {
                write!(out, "\ndropped: {}\n", translated.dropped).unwrap();
            }
            (out, Some(serde_json::from_str(&body).unwrap()))
        }
        Err(error) => {
            writeln!(out, "refused: {error}").unwrap();
            (out, None)
        }
    }
}

fn files(client: Dialect) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/requests").join(name(client));
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    files.sort();
    files
}

/// What is wrong with a file, and which of the providers are sent something.
fn check(client: Dialect, path: &Path) -> Result<Vec<Dialect>, String> {
    let text = std::fs::read_to_string(path).unwrap();
    let case = Case::parse(&text)?;
    let (mut expect, mut sent) = (case.head.to_owned(), Vec::new());
    for provider in [Messages, Chat, Responses].into_iter().filter(|provider| *provider != client) {
        let (section, body) = outcome(client, provider, &case);
        write!(expect, "\n{section}").unwrap();
        if let Some(body) = body {
            demands::check(provider, &body).map_err(|wrong| format!("to {}: {wrong}", name(provider)))?;
            sent.push(provider);
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &expect).unwrap();
    } else if let Some(difference) = pretty::difference(&text, &expect) {
        return Err(difference);
    }
    Ok(sent)
}

fn run(client: Dialect) {
    let (mut wrong, mut sent) = (String::new(), Vec::new());
    let files = files(client);
    for path in &files {
        match check(client, path) {
            Ok(providers) => sent.extend(providers),
            Err(difference) => write!(wrong, "{}\n{difference}\n", path.display()).unwrap(),
        }
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes these anew:\n{wrong}");
    assert!(files.len() >= LEAST, "{} cases only", files.len());
    for provider in [Messages, Chat, Responses].into_iter().filter(|provider| *provider != client) {
        let count = sent.iter().filter(|to| **to == provider).count();
        assert!(count >= LEAST, "{count} cases only go to {}", name(provider));
    }
}

#[test]
fn of_messages() {
    run(Messages);
}

#[test]
fn of_chat() {
    run(Chat);
}

#[test]
fn of_responses() {
    run(Responses);
}
