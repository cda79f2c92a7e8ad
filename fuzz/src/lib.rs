//! What has to hold whatever the bytes. The fuzz targets call these functions, and a test of `crates/translate` runs
//! them over the corpus.

use ccproxy_translate::{Error, Exchange, Profile, Progress, Stamp};
use ccproxy_wire::{Dialect, sse::Events};
use serde_json::Value;

const ALL: [Dialect; 3] = [Dialect::Messages, Dialect::Chat, Dialect::Responses];

/// The splitter gives the same events however the stream is cut.
pub fn sse(data: &[u8]) {
    let split = |chunks: &[&[u8]]| {
        let (mut events, mut seen) = (Events::default(), Vec::new());
        let mut each = |name: &str, data: &str| seen.push((name.to_owned(), data.to_owned()));
        chunks.iter().for_each(|chunk| events.push(chunk, &mut each));
        events.finish(&mut each);
        seen
    };
    let whole = split(&[data]);
    let (head, tail) = data.split_at(cut(data));
    assert_eq!(whole, split(&[head, tail]));
    assert_eq!(whole, split(&data.chunks(1).collect::<Vec<_>>()));
}

/// What a request is translated to is a request of that dialect.
pub fn request(client: Dialect, data: &[u8]) {
    for provider in ALL.into_iter().filter(|provider| *provider != client) {
        let Ok(there) = ccproxy_translate::request(client, data, "m", &Profile::of(provider), stamp()) else {
            continue;
        };
        assert!(there.dropped.to_string().is_ascii());
        let back = ccproxy_translate::request(provider, &there.body, "m", &Profile::of(client), stamp());
        if let Err(Error::Request { field, message }) = back {
            panic!("{field}: {message}: {}", String::from_utf8_lossy(&there.body));
        }
    }
    if client == Dialect::Messages {
        let _ = ccproxy_translate::count_tokens(data, &|text| text.len() as u64);
    }
}

/// A translated stream does not depend on how the bytes were cut, holds events only, and looks complete only if the
/// provider's was.
pub fn stream(provider: Dialect, data: &[u8]) {
    for client in ALL.into_iter().filter(|client| *client != provider) {
        let (whole, progress) = streamed(client, provider, &[data]);
        let (head, tail) = data.split_at(cut(data));
        assert_eq!(streamed(client, provider, &[head, tail]), (whole.clone(), progress));
        let is_whole = events(&whole).iter().any(|event| is_last(event));
        assert_eq!(is_whole, progress == Progress::Complete, "{}", String::from_utf8_lossy(&whole));
    }
}

/// Answers and errors are JSON, whatever the provider sent.
pub fn answer(data: &[u8]) {
    for provider in ALL {
        for client in ALL.into_iter().filter(|client| *client != provider) {
            if let Ok((body, _)) = exchange(client, provider).answer(data) {
                let _: Value = serde_json::from_slice(&body).unwrap();
            }
            let error = ccproxy_translate::error(client.family(), 400 + u16::from(data.len() as u8), data);
            let error: Value = serde_json::from_slice(&error).unwrap();
            assert!(error["error"]["message"].is_string());
        }
    }
}

fn streamed(client: Dialect, provider: Dialect, chunks: &[&[u8]]) -> (Vec<u8>, Progress) {
    let (mut stream, mut out) = (exchange(client, provider).stream(), Vec::new());
    if chunks.iter().try_for_each(|chunk| stream.push(chunk, &mut out)).is_ok() {
        stream.finish(&mut out);
    }
    stream.fail("api_error", "cut", &mut out);
    let progress = stream.progress();
    (out, progress)
}

fn events(stream: &[u8]) -> Vec<String> {
    let mut seen = Vec::new();
    let mut events = Events::default();
    events.push(stream, |_, data| seen.push(data.to_owned()));
    events.finish(|_, data| panic!("an event is open: {data}"));
    seen
}

fn is_last(event: &str) -> bool {
    if event == "[DONE]" {
        return true;
    }
    let event: Value = serde_json::from_str(event).unwrap();
    matches!(event["type"].as_str(), Some("message_stop" | "response.completed" | "response.incomplete"))
}

fn exchange(client: Dialect, provider: Dialect) -> Exchange {
    let body = match client {
        Dialect::Messages => r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#,
        Dialect::Chat => {
            r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream_options":{"include_usage":true}}"#
        }
        Dialect::Responses => r#"{"model":"m","input":"hi","tools":[{"type":"custom","name":"patch"}]}"#,
    };
    let translated =
        ccproxy_translate::request(client, body.as_bytes(), "m", &Profile::of(provider), stamp());
    translated.unwrap().exchange
}

fn stamp() -> Stamp {
    Stamp { id: "1".to_owned(), created: 1 }
}

/// A place to cut that the data itself decides.
fn cut(data: &[u8]) -> usize {
    let sum: usize = data.iter().map(|byte| usize::from(*byte)).sum();
    sum % (data.len() + 1)
}
