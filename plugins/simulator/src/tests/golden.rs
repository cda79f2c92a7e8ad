//! Every dialect's answers to the byte: text, tools and thinking, whole and streamed.

use super::{Ask, json, post};

const TOOL_SCHEMA: &str = r#"{"type":"object","properties":{"city":{"type":"string"},"unit":{"enum":["celsius","fahrenheit"]}},"required":["city","unit"]}"#;

async fn golden(name: &str, ask: Ask) {
    let whole = ask.clone().body().await;
    let pretty = serde_json::to_string_pretty(&json(&whole)).unwrap();
    insta::assert_snapshot!(format!("{name}_whole"), pretty);
    insta::assert_snapshot!(format!("{name}_stream"), ask.streamed().body().await);
}

fn messages(more: &str) -> Ask {
    post(
        "messages?beta=true",
        &format!(
            r#"{{"model":"claude-x","max_tokens":2000,"messages":[{{"role":"user","content":"Hello"}}]{more}}}"#
        ),
    )
}

fn chat(more: &str) -> Ask {
    post(
        "chat/completions",
        &format!(r#"{{"model":"gpt-x","messages":[{{"role":"user","content":"Hello"}}]{more}}}"#),
    )
}

fn responses(more: &str) -> Ask {
    post("responses", &format!(r#"{{"model":"gpt-x","input":"Hello"{more}}}"#))
}

#[tokio::test]
async fn messages_text() {
    golden("messages_text", messages("")).await;
}

#[tokio::test]
async fn messages_tools() {
    let tools = format!(r#","tools":[{{"name":"get_weather","input_schema":{TOOL_SCHEMA}}}]"#);
    golden("messages_tools", messages(&tools)).await;
}

#[tokio::test]
async fn messages_thinking() {
    golden("messages_thinking", messages(r#","thinking":{"type":"adaptive"}"#)).await;
}

#[tokio::test]
async fn chat_text() {
    golden("chat_text", chat("")).await;
}

#[tokio::test]
async fn chat_tools() {
    let tools = format!(
        r#","tools":[{{"type":"function","function":{{"name":"get_weather","parameters":{TOOL_SCHEMA}}}}}]"#
    );
    golden("chat_tools", chat(&tools)).await;
}

#[tokio::test]
async fn chat_thinking() {
    let more = r#","reasoning_effort":"high","stream_options":{"include_usage":true}"#;
    golden("chat_thinking", chat(more)).await;
}

#[tokio::test]
async fn responses_text() {
    golden("responses_text", responses("")).await;
}

#[tokio::test]
async fn responses_tools() {
    let tools =
        format!(r#","tools":[{{"type":"function","name":"get_weather","parameters":{TOOL_SCHEMA}}}]"#);
    golden("responses_tools", responses(&tools)).await;
}

#[tokio::test]
async fn responses_thinking() {
    let more = r#","reasoning":{"effort":"low"},"include":["reasoning.encrypted_content"]"#;
    golden("responses_thinking", responses(more)).await;
}

#[tokio::test]
async fn legacy_completions() {
    let ask =
        post("completions", r#"{"model":"gpt-x","prompt":"Hello","stream_options":{"include_usage":true}}"#);
    golden("completions", ask).await;
}
