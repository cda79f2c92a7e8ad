//! What is carried, adapted and dropped between the dialects, found by asking for one thing at a time.
//!
//! The tables of `docs/TRANSLATION.md` are made of what is found, so they tell what the translator does, and a change of it is
//! seen there.

mod answers;
mod document;
mod outcome;
mod probes;

use std::fmt::Write as _;

use ccproxy_translate::Profile;
use ccproxy_wire::Dialect;

use outcome::Outcome;
use probes::Probe;

/// A provider that is asked.
struct Provider {
    title: &'static str,
    dialect: Dialect,
    model: &'static str,
}

const PROVIDERS: [Provider; 4] = [
    Provider {
        title: "Messages, `claude-sonnet-4-5`",
        dialect: Dialect::Messages,
        model: "claude-sonnet-4-5",
    },
    Provider { title: "Messages, `claude-opus-5-5`", dialect: Dialect::Messages, model: "claude-opus-5-5" },
    Provider { title: "Chat Completions", dialect: Dialect::Chat, model: "theirs" },
    Provider { title: "Responses", dialect: Dialect::Responses, model: "theirs" },
];

const CLIENTS: [(Dialect, &str); 3] =
    [(Dialect::Messages, "messages"), (Dialect::Chat, "chat"), (Dialect::Responses, "responses")];

impl Provider {
    fn all_but(client: Dialect) -> impl Iterator<Item = &'static Self> {
        PROVIDERS.iter().filter(move |provider| provider.dialect != client)
    }

    fn profile(&self) -> Profile {
        Profile::of(self.dialect)
    }
}

fn table(client: Dialect) -> String {
    let titles: Vec<_> = Provider::all_but(client).map(|provider| provider.title).collect();
    let mut out = format!("| field | {} |\n|---|{}\n", titles.join(" | "), "---|".repeat(titles.len()));
    for probe in probes::of(client) {
        write!(out, "| {} |", probe.title()).unwrap();
        for provider in Provider::all_but(client) {
            let outcome = Outcome::of(&probe, client, provider);
            write!(out, " {} |", outcome.cell(&probe)).unwrap();
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_document_is_up_to_date() {
    let mut parts: Vec<(&str, String)> =
        CLIENTS.iter().map(|(client, name)| (*name, table(*client))).collect();
    parts.extend(answers::tables());
    document::check(&parts);
}

/// A field that changes nothing, and is not named either, is lost without anybody's knowing. A few may be, each for the reason
/// that its probe gives; a reason that is not needed any more is to go.
#[test]
fn never_lost_in_silence() {
    let mut wrong = Vec::new();
    for (client, name) in CLIENTS {
        for probe in probes::of(client) {
            let silent: Vec<_> = Provider::all_but(client)
                .filter(|provider| matches!(Outcome::of(&probe, client, provider), Outcome::Silent))
                .map(|provider| provider.title)
                .collect();
            match (&probe.unneeded, silent.as_slice()) {
                (None, [_, ..]) => {
                    wrong.push(format!("{name}: {} is lost for {silent:?}", probe.title()));
                }
                (Some(reason), []) => {
                    wrong.push(format!("{name}: {} is told, in spite of: {reason}", probe.title()));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The probes leave out no field that a dialect's typed request has.
#[test]
fn every_field_is_asked_for() {
    let sources = [
        (Dialect::Messages, include_str!("../../../wire/src/messages/request.rs")),
        (Dialect::Chat, include_str!("../../../wire/src/chat/request.rs")),
        (Dialect::Responses, include_str!("../../../wire/src/responses/request.rs")),
    ];
    for (client, source) in sources {
        let asked = probes::of(client);
        // The names that the reader of the body knows.
        let known =
            source.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => self."));
        let known: Vec<&str> = known.map(|(field, _)| field).collect();
        assert!(known.len() > 15, "{known:?}");
        for field in known {
            let is_asked = asked.iter().any(|probe| probe.adds(field)) || field == "model";
            assert!(is_asked, "{client}: nothing asks for {field}");
        }
    }
}
