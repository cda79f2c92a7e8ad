//! What providers are sent, case by case: `tests/golden/requests/CLIENT/NAME.md`.
//!
//! Each file tells what it shows and whose documentation it was checked against, and holds the client's request and what
//! becomes of it in the other two dialects.

mod case;
mod demands;

use std::fmt::Write as _;

use ccproxy_translate::{Limits, Profile, Stamp};
use ccproxy_wire::Dialect::{self, Chat, Messages, Responses};
use serde_json::Value;

use case::Case;

use crate::golden::{self, Checked, name, pretty};

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

fn check(client: Dialect, text: &str) -> Result<Checked, String> {
    let case = Case::parse(text)?;
    let mut checked = Checked { text: case.head.to_owned(), ..Checked::default() };
    for provider in golden::others(client) {
        let (section, body) = outcome(client, provider, &case);
        write!(checked.text, "\n{section}").unwrap();
        if let Some(body) = body {
            let wrong = demands::check(provider, &body).err();
            checked.wrong.extend(wrong.map(|wrong| format!("to {}: {wrong}", name(provider))));
            checked.shown.push(provider);
        }
    }
    Ok(checked)
}

fn run(client: Dialect) {
    golden::run("requests", client, |text| check(client, text));
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
