//! Bytes that are nothing, or nearly something: no panic, no flood, and nothing that looks better than it is.

mod mutated;

use std::collections::BTreeMap;

use ccproxy_translate::Progress;
use ccproxy_wire::{Dialect, Family};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use serde_json::value::RawValue;

use super::played::Dice;
use super::shared::{cases, dialect, events, exchange, is_end, json as parsed, others, request, translated};
use super::streams::{Played, played};
use super::{played, talk, told};

/// What is written is in proportion to what was read.
fn bounded(out: &[u8], read: &[u8]) -> Result<(), TestCaseError> {
    prop_assert!(out.len() <= 64 * read.len() + 16 * 1024, "{} bytes of {}", out.len(), read.len());
    Ok(())
}

/// An object, whatever is in it and however deep.
fn is_object(told: &[u8]) -> bool {
    serde_json::from_slice::<BTreeMap<String, &RawValue>>(told).is_ok()
}

fn requests(client: Dialect, body: &[u8]) -> Result<(), TestCaseError> {
    for provider in others(client) {
        if let Ok(told) = request(client, body, &ccproxy_translate::Profile::of(provider)) {
            bounded(&told.body, body)?;
            prop_assert!(is_object(&told.body));
            prop_assert!(told.dropped.to_string().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
    Ok(())
}

fn answers(provider: Dialect, body: &[u8]) -> Result<(), TestCaseError> {
    for client in others(provider) {
        if let Ok((told, _)) = exchange(client, provider).answer(body) {
            bounded(&told, body)?;
            prop_assert!(is_object(&told));
        }
    }
    Ok(())
}

fn errors(body: &[u8]) -> Result<(), TestCaseError> {
    for client in [Family::Anthropic, Family::OpenAi] {
        let told = ccproxy_translate::error(client, 500, body);
        bounded(&told, body)?;
        let error = &parsed(&told)["error"];
        prop_assert!(error["message"].is_string() && error["type"].is_string());
    }
    Ok(())
}

fn streams(provider: Dialect, bytes: &[u8]) -> Result<(), TestCaseError> {
    for client in others(provider) {
        let (out, progress) = translated(client, provider, [bytes]);
        bounded(&out, bytes)?;
        let told = events(&out);
        for (_, data) in &told {
            prop_assert!(data == "[DONE]" || is_object(data.as_bytes()), "{}", data);
        }
        let whole = told.iter().any(|(_, data)| is_end(data));
        prop_assert_eq!(whole, progress == Progress::Complete);
        // Chat has its error in a chunk, the others have an event for it.
        let failed = |data: &str| data.starts_with(r#"{"error""#) || data.starts_with(r#"{"type":"error""#);
        prop_assert_eq!(told.iter().any(|(_, data)| failed(data)), !whole);
        prop_assert_eq!(&translated(client, provider, bytes.chunks(1)), &(out, progress));
    }
    Ok(())
}

/// Very many sources, each of which names all of a long text.
#[test]
fn sources_are_no_flood() {
    let text = "x".repeat(20_000);
    let source =
        json!({ "type": "url_citation", "start_index": 0, "end_index": 20_000, "url": "https://x.y" });
    let nested = json!({ "type": "url_citation", "url_citation": source });
    let said = json!({ "role": "assistant", "content": text, "annotations": vec![nested; 1000] });
    let completion = json!({ "choices": [{ "index": 0, "message": said, "finish_reason": "stop" }] });
    let part = json!({ "type": "output_text", "text": text, "annotations": vec![source; 1000] });
    let message = json!({ "type": "message", "role": "assistant", "content": [part] });
    let response = json!({ "id": "resp_1", "status": "completed", "output": [message] });
    answers(Dialect::Chat, completion.to_string().as_bytes()).unwrap();
    answers(Dialect::Responses, response.to_string().as_bytes()).unwrap();
    streams(Dialect::Chat, format!("data: {completion}\n\n").as_bytes()).unwrap();
    let last = json!({ "type": "response.completed", "response": response });
    streams(Dialect::Responses, format!("data: {last}\n\n").as_bytes()).unwrap();
}

/// Of all bytes, those that mean something more often.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(
        &[
            "data: ",
            "event: ",
            "\n\n",
            "\r",
            "{",
            "}",
            "\"type\":",
            "\"",
            "[DONE]",
            "null",
            "error",
            ":",
            ",",
            "[",
            "]",
        ][..],
    );
    let piece = prop_oneof![word.prop_map(|word| word.as_bytes().to_vec()), vec(any::<u8>(), 0..6)];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn bytes_that_are_nothing(dialect in dialect(), bytes in noise()) {
        requests(dialect, &bytes)?;
        answers(dialect, &bytes)?;
        errors(&bytes)?;
        streams(dialect, &bytes)?;
    }

    #[test]
    fn requests_that_are_nearly_right(
        dialect in dialect(),
        talk in talk::talk(talk::Ground::of((Dialect::Chat, Dialect::Responses), true)),
        loose in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut dice = Dice::new(seed);
        let mut body = talk::write(dialect, &talk, loose);
        mutated::value(&mut body, &mut dice);
        requests(dialect, body.to_string().as_bytes())?;
        requests(dialect, &mutated::bytes(body.to_string().into_bytes(), &mut dice))?;
    }

    #[test]
    fn answers_that_are_nearly_right(
        dialect in dialect(),
        answer in told::answer(told::Ground::of(&[Dialect::Chat])),
        seed in any::<u64>(),
    ) {
        let mut dice = Dice::new(seed);
        let mut body = told::whole(dialect, &answer, dialect);
        mutated::value(&mut body, &mut dice);
        let bytes = body.to_string().into_bytes();
        answers(dialect, &bytes)?;
        errors(&bytes)?;
        answers(dialect, &mutated::bytes(bytes, &mut dice))?;
    }

    #[test]
    fn streams_that_are_nearly_right(played in played(), seed in any::<u64>()) {
        let Played { provider, mut events, text, .. } = played;
        let mut dice = Dice::new(seed);
        streams(provider, &mutated::bytes(text.into_bytes(), &mut dice))?;
        mutated::list(&mut events, &mut dice);
        streams(provider, played::text(provider, &events, &mut dice).as_bytes())?;
    }

    #[test]
    fn errors_that_are_nearly_right(seed in any::<u64>(), words in vec(talk::text(), 5)) {
        let mut dice = Dice::new(seed);
        let mut body = json!({
            "type": "error", "request_id": words[0],
            "error": { "message": words[1], "type": words[2], "code": words[3], "param": words[4] },
        });
        mutated::value(&mut body, &mut dice);
        errors(body.to_string().as_bytes())?;
        errors(&mutated::bytes(body.to_string().into_bytes(), &mut dice))?;
    }
}
