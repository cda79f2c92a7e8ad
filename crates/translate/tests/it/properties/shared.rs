//! What the properties share: how many cases, which pairs, and the functions that they are about.

use ccproxy_translate::{Error, Exchange, Profile, Progress, Stamp, Translated};
use ccproxy_wire::Dialect::{self, Chat, Messages, Responses};
use ccproxy_wire::sse::Events;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value;

/// The provider's name for its model: a Claude that thinks, and takes `temperature` or `top_p`.
pub(super) const MODEL: &str = "claude-opus-4-6";

pub(super) const DIALECTS: [Dialect; 3] = [Messages, Chat, Responses];

/// So many random cases; `weight` says how many of health's states one is worth.
pub(super) fn cases(weight: u32) -> Config {
    let states =
        std::env::var("CCPROXY_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100_000u32);
    // What fails is shown, and kept as a test of its own; a file of seeds beside the sources would be in the way.
    Config { cases: (states / weight).max(1), failure_persistence: None, ..Config::default() }
}

pub(super) fn dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(&DIALECTS[..])
}

/// Two dialects that differ.
pub(super) fn pair() -> impl Strategy<Value = (Dialect, Dialect)> {
    let pairs = DIALECTS.into_iter().flat_map(|one| others(one).map(move |other| (one, other)));
    prop::sample::select(pairs.collect::<Vec<_>>())
}

pub(super) fn others(one: Dialect) -> impl Iterator<Item = Dialect> {
    DIALECTS.into_iter().filter(move |other| *other != one)
}

pub(super) fn stamp() -> Stamp {
    Stamp { id: "stamp".to_owned(), created: 1_700_000_000 }
}

pub(super) fn request(client: Dialect, body: &[u8], provider: &Profile) -> Result<Translated, Error> {
    ccproxy_translate::request(client, body, MODEL, provider, stamp())
}

/// A custom tool: what takes functions only has one with this one argument.
pub(super) const PATCH: &str = "patch";

/// What an answer of the provider is translated by; the client has asked for `mine`, and has a custom tool if it can.
pub(super) fn exchange(client: Dialect, provider: Dialect) -> Exchange {
    let body = match client {
        Messages => {
            r#"{"model":"mine","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"stream":true}"#
        }
        Chat => {
            r#"{"model":"mine","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true},"tools":[{"type":"custom","custom":{"name":"patch"}}]}"#
        }
        Responses => {
            r#"{"model":"mine","input":"hi","stream":true,"tools":[{"type":"custom","name":"patch"}]}"#
        }
    };
    request(client, body.as_bytes(), &Profile::of(provider)).unwrap().exchange
}

/// A stream in the client's dialect, and how far it came. One that is cut, or is no stream of the provider's dialect, is
/// ended as the server does.
pub(super) fn translated<'a>(
    client: Dialect,
    provider: Dialect,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Progress) {
    let (mut stream, mut out) = (exchange(client, provider).stream(), Vec::new());
    if chunks.into_iter().try_for_each(|chunk| stream.push(chunk, &mut out)).is_ok() {
        stream.finish(&mut out);
    }
    let progress = stream.progress();
    stream.fail("api_error", "cut", &mut out);
    (out, progress)
}

/// The events of a stream that ends where an event does: name and data.
pub(crate) fn events(stream: &[u8]) -> Vec<(String, String)> {
    let (mut events, mut seen) = (Events::default(), Vec::new());
    events.push(stream, |name, data| seen.push((name.to_owned(), data.to_owned())));
    events.finish(|_, data| panic!("not ended: {data}"));
    seen
}

/// Whether an event says that all went well, or that the answer is whole as far as it goes.
pub(super) fn is_end(data: &str) -> bool {
    let kind = |event: Value| event["type"].as_str().map(str::to_owned);
    let kind = serde_json::from_str(data).ok().and_then(kind);
    data == "[DONE]"
        || matches!(kind.as_deref(), Some("message_stop" | "response.completed" | "response.incomplete"))
}

pub(crate) fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}

/// The text of a value that is one.
pub(super) fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The list that a value is, if it is there.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
