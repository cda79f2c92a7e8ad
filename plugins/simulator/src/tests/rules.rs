//! What is said when: tools, results, limits, forms, and the mistakes of requests.

use ccproxy_wire::Dialect;
use ccproxy_wire::stream::{Observer, Progress};
use http::StatusCode;
use proptest::prelude::*;

use super::{Ask, data, json, post, text};

const TWO_TOOLS: &str = r#""tools":[{"name":"one","input_schema":{}},{"name":"two","input_schema":{}}]"#;

fn messages(fields: &str) -> Ask {
    post("messages", &format!(r#"{{"model":"m","max_tokens":900,{fields}}}"#))
}

/// The contents of a value that are at `pointer` in the answer; the text of a string.
async fn check(ask: Ask, pointer: &str, expect: &str) {
    let body = json(&ask.body().await);
    let got = body.pointer(pointer).unwrap_or(&serde_json::Value::Null);
    let got = got.as_str().map_or_else(|| got.to_string(), str::to_owned);
    assert_eq!(got, expect, "{pointer} of {body}");
}

fn user(content: &str) -> String {
    format!(r#""messages":[{{"role":"user","content":{content}}}]"#)
}

#[tokio::test]
async fn the_last_text_is_quoted() {
    let said = "This is ccproxy's simulator; no model was asked. You said: Hi";
    let blocks =
        r#"[{"type":"text","text":"<reminder>"},{"type":"image","source":{}},{"type":"text","text":"Hi"}]"#;
    check(messages(&user(blocks)), "/content/0/text", said).await;
    let middle = r#""messages":[{"role":"user","content":"Hi"},{"role":"system","content":"Be good"}]"#;
    check(messages(middle), "/content/0/text", said).await;
    let chat = r#"{"model":"m","messages":[{"role":"developer","content":"x"},{"role":"user","content":[{"type":"text","text":"Hi"}]}]}"#;
    check(post("chat/completions", chat), "/choices/0/message/content", said).await;
    let items = r#"{"model":"m","input":[{"role":"developer","content":"x"},{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}]}"#;
    check(post("responses", items), "/output/0/content/0/text", said).await;
}

#[tokio::test]
async fn results_are_quoted_and_no_tool_is_called_again() {
    let said = "This is ccproxy's simulator; no model was asked. The tool returned: 21 °C; dry";
    let results = r#"[{"type":"tool_result","tool_use_id":"a","content":"21 °C"},{"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"dry"}]}]"#;
    let ask = messages(&format!("{},{TWO_TOOLS}", user(results)));
    check(ask.clone(), "/content/0/text", said).await;
    check(ask, "/stop_reason", "end_turn").await;
    let chat = r#"{"model":"m","tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null},{"role":"tool","tool_call_id":"a","content":"21 °C"},{"role":"tool","tool_call_id":"b","content":"dry"}]}"#;
    check(post("chat/completions", chat), "/choices/0/message/content", said).await;
    let items = r#"{"model":"m","tools":[{"type":"function","name":"f"}],"input":[{"role":"user","content":"x"},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"21 °C"},{"type":"function_call_output","call_id":"b","output":[{"type":"input_text","text":"dry"}]}]}"#;
    check(post("responses", items), "/output/0/content/0/text", said).await;
}

#[tokio::test]
async fn what_is_not_known_is_not_refused() {
    let blocks = r#"[{"type":"web_search_tool_result","content":{"error_code":"x"}},{"type":"new","text":"Hi","x":[1]}]"#;
    let tools =
        r#""tools":[{"type":"web_search_20250305","name":"web_search"}],"context_management":{"edits":[]}"#;
    let ask = messages(&format!("{},{tools}", user(blocks)));
    check(ask, "/content/0/text", "This is ccproxy's simulator; no model was asked. You said: Hi").await;
    let items = r#"{"model":"m","tools":[{"type":"mcp","server_label":"x"}],"input":[{"role":"user","content":"x"},{"type":"item_reference","id":"y"},{"type":"computer_call_output","output":{"type":"computer_screenshot"}}]}"#;
    let said = "This is ccproxy's simulator; no model was asked. The tool returned: ";
    check(post("responses", items), "/output/0/content/0/text", said).await;
}

#[tokio::test]
async fn the_right_tool_is_called() {
    let with = |choice: &str| messages(&format!(r#"{},{TWO_TOOLS}{choice}"#, user("\"x\"")));
    check(with(""), "/content/1/name", "one").await;
    check(with(""), "/content/2", "null").await;
    check(with(r#","tool_choice":{"type":"tool","name":"two"}"#), "/content/1/name", "two").await;
    check(with(r#","tool_choice":{"type":"none"}"#), "/content/1", "null").await;
    check(with("").script("parallel_tools"), "/content/2/name", "two").await;
    let single = with(r#","tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#);
    check(single.script("parallel_tools"), "/content/2", "null").await;
    let named = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}],"tool_choice":{"type":"function","function":{"name":"b"}}}"#;
    check(post("chat/completions", named), "/choices/0/message/tool_calls/0/function/name", "b").await;
    let named = r#"{"model":"m","input":"x","tools":[{"type":"web_search"},{"type":"function","name":"a"},{"type":"function","name":"b"}],"tool_choice":{"type":"function","name":"b"}}"#;
    check(post("responses", named), "/output/1/name", "b").await;
}

#[tokio::test]
async fn structured_output_follows_the_schema() {
    const SCHEMA: &str = r#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#;
    let format = format!(r#"{{"type":"json_schema","name":"x","schema":{SCHEMA}}}"#);
    let ask = messages(&format!(r#"{},"output_config":{{"format":{format}}}"#, user("\"x\"")));
    check(ask, "/content/0/text", r#"{"n":1}"#).await;
    let ask = format!(r#"{{"model":"m","input":"x","text":{{"format":{format}}}}}"#);
    check(post("responses", &ask), "/output/0/content/0/text", r#"{"n":1}"#).await;
    let ask = format!(
        r#"{{"model":"m",{},"response_format":{{"type":"json_schema","json_schema":{{"name":"x","schema":{SCHEMA}}}}}}}"#,
        user("\"x\"")
    );
    check(post("chat/completions", &ask), "/choices/0/message/content", r#"{"n":1}"#).await;
    let ask = format!(r#"{{"model":"m",{},"response_format":{{"type":"json_object"}}}}"#, user("\"x\""));
    let body = json(&post("chat/completions", &ask).body().await);
    assert_eq!(json(text(&body, "/choices/0/message/content"))["simulated"], true);
}

#[tokio::test]
async fn limits_are_kept() {
    let ask = post("messages", &format!(r#"{{"model":"m","max_tokens":2,{}}}"#, user("\"x\"")));
    check(ask.clone(), "/content/0/text", "This is").await;
    check(ask.clone(), "/stop_reason", "max_tokens").await;
    check(ask, "/usage/output_tokens", "2").await;
    let ask =
        post("chat/completions", &format!(r#"{{"model":"m","max_completion_tokens":2,{}}}"#, user("\"x\"")));
    check(ask.clone(), "/choices/0/finish_reason", "length").await;
    check(ask, "/usage/completion_tokens", "2").await;
    let ask = post("responses", r#"{"model":"m","input":"x","max_output_tokens":2}"#);
    check(ask.clone(), "/status", "incomplete").await;
    check(ask.clone(), "/incomplete_details/reason", "max_output_tokens").await;
    let stream = ask.streamed().body().await;
    assert!(stream.contains("event: response.incomplete\n") && !stream.contains("response.completed"));
    let thinking = r#""thinking":{"type":"enabled","budget_tokens":1}"#;
    let ask = post("messages", &format!(r#"{{"model":"m","max_tokens":3,{},{thinking}}}"#, user("\"x\"")));
    check(ask.clone(), "/content/0/thinking", "No model thinks").await;
    check(ask, "/content/1", "null").await;
}

#[tokio::test]
async fn stop_sequences_end_the_text() {
    let ask = messages(&format!(r#"{},"stop_sequences":["model","no"]"#, user("\"x\"")));
    check(ask.clone(), "/content/0/text", "This is ccproxy's simulator; ").await;
    check(ask.clone(), "/stop_reason", "stop_sequence").await;
    check(ask, "/stop_sequence", "no").await;
    let ask = post("chat/completions", &format!(r#"{{"model":"m",{},"stop":" is"}}"#, user("\"x\"")));
    check(ask.clone(), "/choices/0/message/content", "This").await;
    check(ask, "/choices/0/finish_reason", "stop").await;
}

#[tokio::test]
async fn directives_change_the_text() {
    check(
        messages(&user("\"x\"")).script("text=Yes, so it is"),
        "/content/0/text",
        "This is ccproxy's simulator; no model was asked. Yes, so it is",
    )
    .await;
    check(messages(&user("\"x\"")).script("tokens=500"), "/usage/output_tokens", "500").await;
    check(messages(&user("\"x\"")).script("thinking"), "/content/0/type", "thinking").await;
    let ask =
        post("messages", &format!(r#"{{"model":"simulator-thinking","max_tokens":99,{}}}"#, user("\"x\"")));
    check(ask, "/content/0/type", "thinking").await;
}

#[tokio::test]
async fn omitted_thoughts_keep_their_signature() {
    let ask = messages(&format!(r#"{},"thinking":{{"type":"adaptive","display":"omitted"}}"#, user("\"x\"")));
    check(ask.clone(), "/content/0/thinking", "").await;
    let stream = ask.streamed().body().await;
    assert!(stream.contains("signature_delta") && !stream.contains("thinking_delta"));
}

#[tokio::test]
async fn counting_agrees_with_usage() {
    let body =
        format!(r#"{{"model":"m","max_tokens":9,"system":"Be good",{},{TWO_TOOLS}}}"#, user("\"a b c\""));
    let counted = post("messages/count_tokens", &body).body().await;
    assert_eq!(json(&counted)["input_tokens"], 8);
    check(post("messages", &body), "/usage/input_tokens", "8").await;
}

#[tokio::test]
async fn several_choices() {
    let body =
        format!(r#"{{"model":"m","n":3,"stream_options":{{"include_usage":true}},{}}}"#, user("\"x\""));
    let ask = post("chat/completions", &body);
    check(ask.clone(), "/choices/2/index", "2").await;
    let chunks = data(&ask.streamed().body().await);
    let ends = chunks.iter().filter(|chunk| text(chunk, "/choices/0/finish_reason") == "stop");
    let indices: Vec<u64> = ends.map(|chunk| chunk["choices"][0]["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, [0, 1, 2]);
    let (last, others) = chunks.split_last().unwrap();
    assert!(last["usage"]["total_tokens"].is_u64() && last["choices"] == serde_json::json!([]));
    assert!(others.iter().all(|chunk| chunk.get("usage") == Some(&serde_json::Value::Null)));
}

#[tokio::test]
async fn mistakes_are_refused_in_the_vendors_words() {
    let check = async |ask: Ask, expect: &[&str]| {
        let got = ask.got().await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{}", got.body);
        for part in expect {
            assert!(got.body.contains(part), "{part} in {}", got.body);
        }
    };
    let anthropic = r#"{"type":"error","error":{"type":"invalid_request_error","message":""#;
    check(post("messages", r#"{"model":"m","messages":[]}"#), &[anthropic, "max_tokens: Field required"])
        .await;
    check(messages(r#""system":"x""#), &["messages: Field required", r#""request_id":"req_"#]).await;
    check(messages(r#""messages":[]"#), &["messages: at least one"]).await;
    check(messages(r#""messages":[{"role":"user","content":7}]"#), &["messages.0.content: must be a string"])
        .await;
    check(
        messages(r#""messages":[{"role":"king","content":""}]"#),
        &["messages.0.role", "king", "assistant"],
    )
    .await;
    check(
        messages(&format!(r#"{},"tool_choice":{{"type":"tool","name":"x"}}"#, user("\"x\""))),
        &["'x' not found"],
    )
    .await;
    check(
        messages(&format!(r#"{},"thinking":{{"type":"enabled","budget_tokens":900}}"#, user("\"x\""))),
        &["`max_tokens` must be greater"],
    )
    .await;
    check(post("messages", "{"), &["not valid JSON"]).await;
    check(post("messages", "7"), &[anthropic]).await;
    check(
        post("chat/completions", r#"{"model":"m"}"#),
        &[
            "Missing required parameter: 'messages'.",
            r#""param":"messages","code":"missing_required_parameter""#,
        ],
    )
    .await;
    check(
        post("chat/completions", r#"{"model":"m","messages":[{"role":"user","content":7}]}"#),
        &[r#""param":"messages[0].content","code":"invalid_type""#],
    )
    .await;
    check(post("chat/completions", &format!(r#"{{"model":"m","n":0,{}}}"#, user("\"x\""))), &["'n'"]).await;
    check(post("responses", r#"{"model":"m"}"#), &["'input'"]).await;
    check(post("responses", r#"{"input":"x"}"#), &["'model'"]).await;
    check(
        post("responses", r#"{"model":"m","input":"x","previous_response_id":"resp_1"}"#),
        &["previous_response_not_found"],
    )
    .await;
    check(messages(&user("\"x\"")).script("speed=9"), &[anthropic, "speed", "known are", "token_rate"]).await;
}

#[tokio::test]
async fn sampling_settings_end_with_a_version() {
    for setting in [r#""temperature":0.5"#, r#""top_p":0.5"#, r#""top_k":5"#] {
        let ask = messages(&format!("{},{setting}", user("\"x\"")));
        let status =
            async |version: &str| ask.clone().header("anthropic-version", version).got().await.status;
        assert_eq!(status("2023-06-01").await, StatusCode::OK);
        assert_eq!(status("2026-10-21").await, StatusCode::BAD_REQUEST);
    }
    let plain = messages(&user("\"x\"")).header("anthropic-version", "2026-10-21");
    assert_eq!(plain.got().await.status, StatusCode::OK);
}

#[tokio::test]
async fn line_breaks_in_what_is_echoed_do_not_break_events() {
    let body =
        "{\"model\":\"m\",\"input\":\"x\",\"stream\":true,\"tools\":[\r\n{\"type\":\r\"web_search\"\n}\n]}";
    let events = data(&post("responses", body).body().await);
    assert_eq!(events[0]["response"]["tools"][0]["type"], "web_search");
}

/// What a client gathers from a stream, and what the whole answer says.
fn both(dialect: Dialect, stream: &str, whole: &serde_json::Value) -> (String, String) {
    let path = match dialect {
        Dialect::Messages => ("/delta/text", "/content/0/text"),
        Dialect::Chat => ("/choices/0/delta/content", "/choices/0/message/content"),
        Dialect::Responses => ("/delta", "/output/0/content/0/text"),
    };
    let gathered = data(stream).iter().map(|event| text(event, path.0)).collect::<String>();
    (gathered, text(whole, path.1).to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn streams_say_what_whole_answers_say(said in "\\PC{0,120}", limit in 1u64..40) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let said = serde_json::Value::from(said).to_string();
        let chat = format!(r#"{{"model":"m","max_tokens":{limit},{}}}"#, user(&said));
        let responses = format!(r#"{{"model":"m","max_output_tokens":{limit},"input":{said}}}"#);
        let all = [
            (Dialect::Messages, post("messages", &chat)),
            (Dialect::Chat, post("chat/completions", &chat)),
            (Dialect::Responses, post("responses", &responses)),
        ];
        for (dialect, ask) in all {
            let whole = runtime.block_on(ask.clone().body());
            prop_assert_eq!(&whole, &runtime.block_on(ask.clone().body()));
            let stream = runtime.block_on(ask.clone().streamed().body());
            prop_assert_eq!(&stream, &runtime.block_on(ask.streamed().body()));
            let (gathered, expected) = both(dialect, &stream, &json(&whole));
            prop_assert!(!expected.is_empty());
            prop_assert_eq!(gathered, expected);
            let mut observer = Observer::new(dialect);
            observer.push(stream.as_bytes());
            prop_assert_eq!(observer.progress(), Progress::Complete);
        }
    }
}
