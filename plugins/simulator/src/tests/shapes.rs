//! The operations besides the three dialects.

use ccproxy_config::Section;
use ccproxy_health::Status;
use ccproxy_plugin_api::{CallErrorKind, Instance};
use http::{Method, StatusCode};

use super::{Ask, data, get, json, post, text};
use crate::ENTRY;

#[tokio::test]
async fn models_in_both_shapes() {
    let openai = json(&get("models").body().await);
    assert_eq!((text(&openai, "/object"), text(&openai, "/data/0/id")), ("list", "demo"));
    assert_eq!(text(&openai, "/data/1/owned_by"), "ccproxy-simulator");
    let anthropic = json(&get("models?limit=1000").header("anthropic-version", "2023-06-01").body().await);
    assert_eq!(text(&anthropic, "/data/0/display_name"), "ccproxy simulator (no model)");
    assert_eq!(text(&anthropic, "/data/0/created_at"), "2026-01-01T00:00:00Z");
    assert_eq!(anthropic["has_more"], false);
    assert_eq!(text(&json(&get("models/demo").body().await), "/id"), "demo");
}

#[tokio::test]
async fn what_is_not_there() {
    let check = async |ask: Ask, expect: &str| {
        let got = ask.got().await;
        assert_eq!(got.status, StatusCode::NOT_FOUND);
        assert!(got.body.contains(expect), "{}", got.body);
    };
    check(get("models/gpt-9"), r#""code":"model_not_found""#).await;
    let anthropic = get("models/claude-9").header("anthropic-version", "2023-06-01");
    check(anthropic, r#""type":"not_found_error","message":"model: claude-9""#).await;
    check(get("responses/resp_1?stream=true"), r#"'resp_1' not found"#).await;
    check(Ask { method: Method::DELETE, ..get("responses/resp_1") }, r#""param":"id""#).await;
}

#[tokio::test]
async fn web_sockets_are_not_for_the_simulator() {
    let error = get("responses").call().await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::Unsupported);
}

#[tokio::test]
async fn embeddings_as_numbers_and_base64() {
    let body = r#"{"model":"m","input":["a b","c"],"dimensions":2}"#;
    let list = json(&post("embeddings", body).body().await);
    assert_eq!(list["data"][1]["embedding"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (list["data"][1]["index"].as_u64(), list["usage"]["prompt_tokens"].as_u64()),
        (Some(1), Some(3))
    );
    let body = r#"{"model":"m","input":[[1,2],[3]],"dimensions":3,"encoding_format":"base64"}"#;
    let list = json(&post("embeddings", body).body().await);
    assert_eq!(text(&list, "/data/1/embedding").len(), 16);
    for wrong in
        [r#"{"model":"m","input":[]}"#, r#"{"model":"m","input":"x","dimensions":0}"#, r#"{"model":"m"}"#]
    {
        assert_eq!(post("embeddings", wrong).got().await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn legacy_completions_have_the_vendors_limit() {
    let ask = post("completions", r#"{"model":"m","prompt":["x","y"]}"#);
    let whole = json(&ask.clone().script("tokens=40").body().await);
    assert_eq!(whole["usage"]["completion_tokens"], 16);
    assert_eq!(text(&whole, "/choices/0/finish_reason"), "length");
    let chunks = data(&ask.streamed().body().await);
    let gathered: String = chunks.iter().map(|chunk| text(chunk, "/choices/0/text")).collect();
    assert_eq!(gathered, "This is ccproxy's simulator; no model was asked. You said: y");
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_family() {
    let anthropic = post("messages", "{}").got().await;
    assert!(anthropic.headers["request-id"].to_str().unwrap().starts_with("req_"));
    let openai = get("models").got().await;
    assert!(openai.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
    assert_eq!(openai.headers["content-type"], "application/json");
}

#[tokio::test]
async fn an_instance_comes_with_a_check_that_says_what_it_is() {
    let built = ENTRY.build(&Instance::new("demo"), &Section::empty("providers.demo"));
    let [(spec, check)] = &built.map_err(|mistakes| mistakes.to_string()).unwrap().checks[..] else {
        panic!("one check")
    };
    let outcome = check.run().await;
    assert_eq!((spec.key(), outcome.status), ("simulator", Status::Pass));
    assert!(outcome.output.unwrap().contains("no model was asked"));
}

#[test]
fn the_schema_shows_every_key() {
    let schema = ENTRY.schema().to_value();
    for key in ["latency", "token_rate", "fault", "model_mappings"] {
        assert!(schema["properties"][key]["description"].is_string(), "{key} in {schema}");
    }
}
