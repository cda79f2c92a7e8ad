//! What a client has got, in a few words.

use serde_json::Value;

use crate::support::Response;

const ENDS: [&str; 3] = ["\"type\":\"message_stop\"", "data: [DONE]", "\"type\":\"response.completed\""];

/// `whole`; `cut` where the connection says that the rest is missing; `broken` where only a parser does; `event TYPE` for
/// an error that ends a stream; `STATUS TYPE` for one that comes instead of an answer.
///
/// TYPE is that of the client's dialect; OpenAI's have a code beside it, which tells more.
pub(super) fn of(client: &str, stream: bool, answer: &Response) -> String {
    let anthropic = client == "/v1/messages";
    if answer.status != 200 {
        let body = answer.json();
        assert!(answer.whole && (!anthropic || body["type"] == "error"), "{}", answer.text());
        return format!("{} {}", answer.status, kind(&body["error"]));
    }
    let text = answer.text();
    if !stream || answer.header("content-type").is_none_or(|kind| !kind.starts_with("text/event-stream")) {
        return match (answer.whole, serde_json::from_slice::<Value>(&answer.body)) {
            (false, _) => "cut",
            (true, Ok(body)) if is_answer(client, &body) => "whole",
            (true, _) => "broken",
        }
        .to_owned();
    }
    let ended = text.strip_suffix("\n\n").and_then(|text| text.rsplit("\n\n").next()).unwrap_or_default();
    let ends = ENDS.iter().any(|end| ended.contains(end));
    let last = text.trim_end().rsplit("data: ").next().unwrap_or_default();
    let last: Value = serde_json::from_str(last).unwrap_or_default();
    let error = match (&last["error"], &last["response"]["error"]) {
        (error @ Value::Object(_), _) | (_, error @ Value::Object(_)) => Some(kind(error)),
        _ if last["type"] == "error" => Some(kind(&last)),
        _ => None,
    };
    match error {
        Some(kind) => {
            assert!(!ends && answer.whole && text.ends_with("\n\n"), "{client}: an end and an error: {text}");
            format!("event {kind}")
        }
        None if !answer.whole => {
            assert!(!ends, "{client}: an end, and then nothing: {text}");
            "cut".to_owned()
        }
        None => if ends { "whole" } else { "broken" }.to_owned(),
    }
}

fn is_answer(client: &str, body: &Value) -> bool {
    let parts = match client {
        "/v1/messages" => &body["content"],
        "/v1/chat/completions" => &body["choices"],
        _ => &body["output"],
    };
    parts.as_array().is_some_and(|parts| !parts.is_empty())
}

fn kind(error: &Value) -> String {
    let word = error["code"].as_str().or(error["type"].as_str()).expect("an error has a type");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
    word.to_owned()
}

/// The outcomes of several clients in one: each once.
pub(super) fn together(outcomes: &[String]) -> String {
    let mut all = outcomes.to_vec();
    all.sort_unstable();
    all.dedup();
    all.join(", ")
}
