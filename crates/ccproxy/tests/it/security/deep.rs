//! JSON nested deeper than any stack, and numbers larger than any type.

use ccproxy_testkit::upstream::{Fault, Script};

use super::{PAIRS, body, is_same, serves, stage};
use crate::support::Request;

const DEEP: usize = 100_000;

fn lists() -> String {
    format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP))
}

fn objects() -> String {
    format!("{}1{}", r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP))
}

/// What may stand in a request, deep where somebody may look into it.
fn deep_requests(path: &str) -> Vec<String> {
    let (lists, objects) = (lists(), objects());
    let mut all = vec![
        body(path, &format!(r#","x":{lists}"#)),
        body(path, &format!(r#","metadata":{objects}"#)),
        body(
            path,
            &format!(
                r#","response_format":{objects},"text":{{"format":{objects}}},"output_config":{objects}"#
            ),
        ),
        body(path, &format!(r#","tool_choice":{objects},"tools":{lists}"#)),
    ];
    let tool = format!(
        r#"{{"type":"function","name":"f","input_schema":{objects},"parameters":{objects},"function":{{"name":"f","parameters":{objects}}}}}"#
    );
    all.push(body(path, &format!(r#","tools":[{tool}]"#)));
    let custom = format!(
        r#"{{"type":"custom","name":"f","format":{objects},"custom":{{"name":"f","format":{objects}}}}}"#
    );
    all.push(body(path, &format!(r#","tools":[{custom}]"#)));
    let call = format!(r#"{{"type":"tool_use","id":"a","name":"f","input":{objects}}}"#);
    let result = format!(
        r#"{}"x"{}"#,
        r#"[{"type":"tool_result","tool_use_id":"a","content":"#.repeat(DEEP),
        "}]".repeat(DEEP)
    );
    for content in [lists.clone(), objects.clone(), format!("[{call}]"), result] {
        let message = format!(r#"[{{"role":"user","content":{content}}}]"#);
        all.push(format!(r#"{{"model":"a-model","max_tokens":9,"messages":{message},"input":{message}}}"#));
    }
    all.push(format!(r#"{{"model":"a-model","max_tokens":9,"messages":{lists},"input":{lists}}}"#));
    all.push("[".repeat(1_000_000));
    all.push(r#"{"model":"#.repeat(DEEP));
    all.push(format!(r#"{{"model":{objects}}}"#));
    all
}

#[tokio::test]
async fn requests_for_messages() {
    requests("/messages").await;
}

#[tokio::test]
async fn requests_for_chats() {
    requests("/completions").await;
}

#[tokio::test]
async fn requests_for_responses() {
    requests("/responses").await;
}

#[tokio::test]
async fn requests_for_counts() {
    requests("/count_tokens").await;
}

async fn requests(client: &str) {
    let stage = stage("").await;
    let counts = ("/local/v1/messages/count_tokens", "/v1/messages");
    for pair in PAIRS.into_iter().chain([counts]).filter(|(path, _)| path.ends_with(client)) {
        let path = pair.0;
        for (n, request) in deep_requests(path.trim_end_matches("/count_tokens")).into_iter().enumerate() {
            stage.upstream.reset();
            // The scripted provider reads what it gets, and is no deeper than others.
            stage.upstream.script(Script::whole(200, "{}"));
            let answer = stage.send(&Request::post(path, request.clone())).await;
            let told = answer.text();
            match stage.upstream.requests().as_slice() {
                [] => {
                    assert!(matches!(answer.status, 200 | 400), "{path} {n}: {} {told:.300}", answer.status)
                }
                [seen] if is_same(pair) => assert_eq!(seen.body, request.as_bytes(), "{path} {n}"),
                // What comes back says nothing in most dialects.
                [_] => {
                    assert!(matches!(answer.status, 200 | 502), "{path} {n}: {} {told:.300}", answer.status)
                }
                more => panic!("{path} {n}: {} requests", more.len()),
            }
        }
    }
    serves(&stage).await;
}

#[tokio::test]
async fn answers_to_messages() {
    answers("/messages").await;
}

#[tokio::test]
async fn answers_to_chats() {
    answers("/completions").await;
}

#[tokio::test]
async fn answers_to_responses() {
    answers("/responses").await;
}

async fn answers(client: &str) {
    let stage = stage("").await;
    let (lists, objects) = (lists(), objects());
    for pair in PAIRS.into_iter().filter(|(path, _)| path.ends_with(client)) {
        let path = pair.0;
        let ask = |stream: &str| Request::post(path, body(path, stream));
        for deep in [&lists, &objects] {
            let wholes = [
                deep.clone(),
                format!(
                    r#"{{"model":"m","content":{deep},"choices":{deep},"output":{deep},"usage":{deep}}}"#
                ),
                format!(
                    r#"{{"model":"m","content":[{{"type":"tool_use","id":"a","name":"f","input":{deep}}}],"choices":[{{"message":{deep}}}],"output":[{{"type":"message","content":{deep}}}]}}"#
                ),
            ];
            for whole in wholes {
                let answer = stage.scripted(Script::whole(200, whole.clone()), &ask("")).await;
                assert!(
                    matches!(answer.status, 200 | 502),
                    "{path}: {} {:.300}",
                    answer.status,
                    answer.text()
                );
                assert!(!is_same(pair) || answer.text() == whole, "{path}");
                let answer = stage.scripted(Script::whole(500, whole), &ask("")).await;
                assert_eq!(answer.status, 500, "{path}: {:.300}", answer.text());
            }
            for event in [
                format!("data: {deep}\n\n"),
                format!(r#"data: {{"type":"message_start","message":{deep}}}"#) + "\n\n",
                format!(r#"data: {{"type":"response.completed","response":{{"output":{deep}}}}}"#) + "\n\n",
                format!(r#"data: {{"choices":[{{"delta":{{"tool_calls":{deep},"content":{deep}}}}}]}}"#)
                    + "\n\n",
            ] {
                let script = Script::stream([event.clone()]).with_fault(Fault::End(event.len()));
                let answer = stage.scripted(script, &ask(",\"stream\":true")).await;
                assert_eq!(answer.status, 200, "{path}: {:.300}", answer.text());
                for end in ["message_stop", "[DONE]"] {
                    assert!(!answer.text().contains(end), "{path}: {event:.60}");
                }
            }
        }
    }
    serves(&stage).await;
}

#[tokio::test]
async fn numbers() {
    let stage = stage("").await;
    let digits = "9".repeat(100_000);
    for pair in PAIRS {
        let path = pair.0;
        for number in ["1e999", "-1e999", "1e-999", "-0", "0.1e1", "18446744073709551616", "-1", &digits] {
            for field in
                ["temperature", "top_p", "max_tokens", "max_output_tokens", "n", "seed", "top_logprobs", "x"]
            {
                stage.upstream.reset();
                stage.upstream.script(Script::error(429));
                let field = format!(r#""{field}":{number}"#);
                let ask = body(path, "").replace(r#""max_tokens":9"#, &field);
                let answer = stage.send(&Request::post(path, ask.clone())).await;
                let told = format!("{path} {field:.60}: {} {:.300}", answer.status, answer.text());
                match stage.upstream.requests().as_slice() {
                    [] => assert!(answer.status == 400 && !is_same(pair), "{told}"),
                    [seen] => {
                        assert_eq!(answer.status, 429, "{told}");
                        assert!(!is_same(pair) || seen.body == ask, "{told}");
                        assert!(is_same(pair) || !seen.json().is_null(), "{told}");
                    }
                    _ => panic!("{told}"),
                }
            }
        }
    }
}
