//! Client and provider speak different dialects.

use ccproxy_testkit::upstream::{At, Fault, Script};
use serde_json::{Value, json};

use crate::support::stage::ask;
use crate::support::{Request, Response, Stage};

/// A provider that speaks Responses and nothing else, beside the usual ones.
async fn stage(extra: &str) -> Stage {
    beside(&format!("dialects = ['responses']\n{extra}")).await
}

/// The same with these keys.
async fn beside(extra: &str) -> Stage {
    let stage = Stage::start("").await;
    let only = format!(
        "[providers.newer]\nkind = 'openai-compatible'\nbase_url = '{}/v1'\n{extra}",
        stage.upstream.url()
    );
    Stage::beside(stage, &only).await
}

/// Every ordered pair: the path of the client, and what the provider has to see.
const PAIRS: [(&str, &str); 6] = [
    ("/claude/v1/chat/completions", "/v1/messages"),
    ("/claude/v1/responses", "/v1/messages"),
    ("/local/v1/messages", "/v1/chat/completions"),
    ("/local/v1/responses", "/v1/chat/completions"),
    ("/codex/v1/messages", "/v1/responses"),
    ("/newer/v1/chat/completions", "/v1/responses"),
];

fn request(path: &str, stream: bool) -> Request {
    Request::post(path, ask::body(path, "a-model", stream))
        .header("x-api-key", "client-secret")
        .header("anthropic-beta", "some-beta")
        .header("openai-organization", "org-1")
}

/// What a whole answer says, by the client's dialect.
fn said(path: &str, answer: &Value) -> String {
    let text = match path.rsplit('/').next().unwrap() {
        "messages" => &answer["content"][0]["text"],
        "completions" => &answer["choices"][0]["message"]["content"],
        _ => &answer["output"][0]["content"][0]["text"],
    };
    text.as_str().unwrap_or_else(|| panic!("{path}: {answer}")).to_owned()
}

/// The text of a stream put together, and its last event's data.
fn streamed(path: &str, response: &Response) -> (String, String) {
    assert!(response.whole && response.status == 200, "{path}: {}", response.text());
    let (mut text, mut last) = (String::new(), String::new());
    for line in response.text().lines().filter_map(|line| line.strip_prefix("data: ")) {
        line.clone_into(&mut last);
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        let delta = match path.rsplit('/').next().unwrap() {
            "messages" => &event["delta"]["text"],
            "completions" => &event["choices"][0]["delta"]["content"],
            _ if event["type"] == "response.output_text.delta" => &event["delta"],
            _ => &Value::Null,
        };
        text.push_str(delta.as_str().unwrap_or_default());
    }
    (text, last)
}

#[tokio::test]
async fn every_pair() {
    let stage = stage("").await;
    for (path, seen) in PAIRS {
        let (answer, call) = stage.pass(&request(path, false)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(call.path(), seen);
        for ours in ["x-api-key", "anthropic-beta", "openai-organization"] {
            assert!(
                call.header(ours).is_none_or(|value| value.starts_with("sk-ant-planted")),
                "{path}: {ours}"
            );
        }
        let body = answer.json();
        assert_eq!(body["model"], "a-model", "{path}: {body}");
        let said = said(path, &body);
        assert!(!said.is_empty(), "{path}: {body}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        assert!(answer.header("request-id").is_some(), "{path}");
        assert_eq!(answer.header("request-id"), answer.header("x-request-id"), "{path}");

        let (stream, _) = stage.pass(&request(path, true)).await;
        assert_eq!(
            stream.header("content-type").map(|kind| kind.starts_with("text/event-stream")),
            Some(true)
        );
        let (text, last) = streamed(path, &stream);
        assert_eq!(text, said, "{path}: {}", stream.text());
        let ends = match path.rsplit('/').next().unwrap() {
            "messages" => r#""message_stop""#,
            "completions" => "[DONE]",
            _ => r#""response.completed""#,
        };
        assert!(last.contains(ends), "{path}: {last}");
    }
    let pairs = PAIRS.len() as u64;
    assert_eq!(stage.counts().await, [2 * pairs, 2 * pairs, 0, 0]);
}

#[tokio::test]
async fn a_stream_that_is_cut_does_not_look_whole() {
    let stage = stage("").await;
    for (path, _) in PAIRS {
        let response = stage.scripted(Script::fault(Fault::Close(At::Body(400))), &request(path, true)).await;
        let text = response.text();
        let anthropic = path.ends_with("messages");
        let is_told = if anthropic { text.contains("event: error\n") } else { text.contains("\"error\"") };
        assert!(is_told || !response.whole, "{path}: {text}");
        for end in ["message_stop", "[DONE]", "response.completed"] {
            assert!(!text.contains(end), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn the_providers_errors() {
    let stage = stage("").await;
    for (path, _) in PAIRS {
        let limited = stage.scripted(Script::error(429), &request(path, false)).await;
        assert_eq!((limited.status, limited.header("retry-after")), (429, Some("1")), "{path}");
        let kind = limited.json()["error"]["type"].clone();
        let anthropic = path.ends_with("messages");
        assert_eq!(kind, if anthropic { "rate_limit_error" } else { "rate_limit_exceeded" }, "{path}");
        assert_eq!(limited.json()["type"], if anthropic { json!("error") } else { Value::Null }, "{path}");

        let overloaded = stage.scripted(Script::error(529), &request(path, true)).await;
        assert_eq!(overloaded.status, if anthropic { 529 } else { 503 }, "{path}");

        let told = stage.scripted(Script::error_event(), &request(path, true)).await;
        assert!(told.whole && told.text().contains("error"), "{path}: {}", told.text());
        let foreign = stage.scripted(Script::whole(200, "<html>"), &request(path, false)).await;
        assert_eq!(foreign.status, 502, "{path}: {}", foreign.text());
    }
}

#[tokio::test]
async fn failures_that_come_with_status_200() {
    let stage = Stage::start("").await;
    let check = async |body: &str, status: u16, kind: &str| {
        let answer = stage.scripted(Script::whole(200, body.to_owned()), &request(PAIRS[2].0, false)).await;
        assert_eq!((answer.status, answer.json()["error"]["type"].as_str()), (status, Some(kind)), "{body}");
        assert_eq!(answer.json()["error"]["message"], "m");
    };
    check(r#"{"error":{"message":"m","code":429}}"#, 429, "rate_limit_error").await;
    check(r#"{"error":{"message":"m","code":503}}"#, 529, "overloaded_error").await;
    check(r#"{"error":{"message":"m","type":"invalid_request_error"}}"#, 400, "invalid_request_error").await;
    check(r#"{"error":{"message":"m"}}"#, 502, "api_error").await;
    assert_eq!(stage.counts().await, [4, 0, 4, 0], "the client has got an error");
}

#[tokio::test]
async fn the_words_of_a_server() {
    let stage = beside("chat = { max_completion_tokens = true, reasoning_content = true }").await;
    let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
    let call = json!({"type": "tool_use", "id": "t", "name": "n", "input": {}});
    let result = json!({"type": "tool_result", "tool_use_id": "t", "content": "r"});
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": [thinking, call]},
        {"role": "user", "content": [result]},
    ]});
    for (instance, newer) in [("local", false), ("newer", true)] {
        let (_, call) =
            stage.pass(&Request::post(&format!("/{instance}/v1/messages"), body.to_string())).await;
        let seen = call.json();
        let limit = if newer { "max_completion_tokens" } else { "max_tokens" };
        assert_eq!(
            (&seen[limit], &seen["messages"][1]["reasoning_content"] == "hm"),
            (&json!(9), newer),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_carried() {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "seed": 7}).to_string();
    let chat = Request::post("/claude/v1/chat/completions", body);
    let lenient = stage("").await;
    let answer = lenient.send(&chat).await;
    assert_eq!((answer.status, answer.header("x-ccproxy-dropped")), (200, Some("seed")), "{}", answer.text());
    let strict = stage("[translation]\nstrict = true").await;
    let refused = strict.send(&chat).await;
    assert!(refused.status == 400 && refused.text().contains("seed"), "{}", refused.text());
    assert!(strict.upstream.requests().is_empty());

    let several = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "n": 2}).to_string();
    let refused = lenient.send(&Request::post("/claude/v1/chat/completions", several)).await;
    assert_eq!((refused.status, &refused.json()["error"]["param"]), (400, &json!("n")), "{}", refused.text());
    let wrong = json!({"model": "m", "messages": [{"role": "user", "content": 7}]}).to_string();
    let refused = lenient.send(&Request::post("/claude/v1/chat/completions", wrong)).await;
    assert!(refused.status == 400 && refused.text().contains("messages.0.content"), "{}", refused.text());
}

#[tokio::test]
async fn tokens_are_counted_where_the_provider_cannot() {
    let stage = stage("").await;
    let count = |body: Value| Request::post("/codex/v1/messages/count_tokens?beta=true", body.to_string());
    let small = json!({"model": "m", "messages": [{"role": "user", "content": "Hello, how are you today?"}]});
    let answer = stage.send(&count(small)).await;
    assert_eq!(
        (answer.status, answer.header("x-ccproxy-estimated")),
        (200, Some("true")),
        "{}",
        answer.text()
    );
    // Seven of o200k, and what frames a message and an answer.
    assert_eq!(answer.json(), json!({"input_tokens": 13}));
    let refused = stage.send(&count(json!({"model": "m", "messages": 7}))).await;
    assert!(refused.status == 400 && refused.text().contains("messages"), "{}", refused.text());
    assert!(stage.upstream.requests().is_empty());
    let passed = Request::post("/claude/v1/messages/count_tokens", r#"{"model":"m","messages":[]}"#);
    let (answer, call) = stage.pass(&passed).await;
    assert_eq!((call.path(), answer.header("x-ccproxy-estimated")), ("/v1/messages/count_tokens", None));
}
