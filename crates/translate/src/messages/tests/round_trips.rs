//! What goes out of one request comes back in the next, and has to be what the provider has given.

use super::*;
use crate::{Progress, Translated};

fn request(client: Dialect, provider: Dialect, body: &Value) -> Translated {
    let stamp = Stamp { id: "stamp".into(), created: 7 };
    let body = body.to_string();
    crate::request(client, body.as_bytes(), "claude-opus-5-5", &Profile::of(provider), stamp).unwrap()
}

/// The provider's events, as the client gets them.
fn stream(exchange: Exchange, events: &[Value]) -> Vec<Value> {
    let (mut stream, mut out) = (exchange.stream(), Vec::new());
    for event in events {
        stream.push(format!("data: {event}\n\n").as_bytes(), &mut out).unwrap();
    }
    stream.finish(&mut out);
    assert_eq!(stream.progress(), Progress::Complete);
    let (mut read, mut seen) = (ccproxy_wire::sse::Events::default(), Vec::new());
    read.push(&out, |_, data| seen.push(json(data)));
    seen
}

#[test]
fn codex_and_claude() {
    let tools = json(
        r#"[{"type":"function","name":"shell","strict":false,"parameters":{"type":"object","properties":{}}},
            {"type":"custom","name":"apply_patch","description":"Edits.","format":{"type":"grammar","syntax":"lark","definition":"start: X"}},
            {"type":"web_search"}]"#,
    );
    let body = |input: Value| {
        serde_json::json!({"model": "gpt", "instructions": "be", "input": input, "tools": tools, "stream": true, "store": false,
            "reasoning": {"effort": "high", "summary": "auto"}, "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k"})
    };
    let asked = json(
        r#"[{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions>"}]},
            {"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]}]"#,
    );
    let first = request(Dialect::Responses, Dialect::Messages, &body(asked.clone()));
    let sent = json(&first.body);
    assert_eq!(sent["thinking"], json(r#"{"type":"adaptive","display":"summarized"}"#));
    assert_eq!(sent["output_config"], json(r#"{"effort":"high"}"#));
    assert_eq!(sent["tools"].as_array().unwrap().len(), 2);
    assert_eq!(
        sent["system"],
        json(r#"[{"type":"text","text":"be"},{"type":"text","text":"<permissions>"}]"#)
    );
    assert_eq!(first.dropped.to_string(), "tools.web_search");

    let told = [
        r#"{"type":"message_start","message":{"id":"msg_1","model":"claude","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"so"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"apply_patch","input":{}}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"input\": \"*** Be"}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"gin\\n\"}"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_2","name":"shell","input":{}}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let got = stream(first.exchange, &told.map(json));
    let whole = &got.last().unwrap()["response"];
    assert_eq!((&whole["status"], &whole["usage"]["output_tokens"]), (&json(r#""completed""#), &json("9")));

    let mut input = asked.as_array().unwrap().clone();
    input.extend(whole["output"].as_array().unwrap().iter().cloned());
    input.push(json(r#"{"type":"custom_tool_call_output","call_id":"toolu_1","output":"done"}"#));
    input.push(json(r#"{"type":"function_call_output","call_id":"toolu_2","output":"ok"}"#));
    let second = request(Dialect::Responses, Dialect::Messages, &body(input.into()));
    let messages = &json(&second.body)["messages"];
    assert_eq!(messages[0], sent["messages"][0]);
    assert_eq!(
        messages[1]["content"],
        json(
            r#"[{"type":"thinking","thinking":"hm","signature":"EqQB"},{"type":"text","text":"so"},
                {"type":"tool_use","id":"toolu_1","name":"apply_patch","input":{"input":"*** Begin\n"}},
                {"type":"tool_use","id":"toolu_2","name":"shell","input":{}}]"#
        )
    );
    assert_eq!(
        messages[2]["content"],
        json(
            r#"[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"done"}]},
                {"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"text","text":"ok"}]}]"#
        )
    );
}

#[test]
fn claude_code_and_openai() {
    let body = |messages: Value| {
        serde_json::json!({"model": "claude", "max_tokens": 32000, "stream": true, "messages": messages,
            "system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=1"}, {"type": "text", "text": "be"}],
            "tools": [{"name": "Bash", "description": "d", "input_schema": {"type": "object"}}],
            "thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "high"},
            "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}})
    };
    let asked = json(r#"[{"role":"user","content":"go"},{"role":"system","content":"mind"}]"#);
    let first = request(Dialect::Messages, Dialect::Responses, &body(asked.clone()));
    let sent = json(&first.body);
    assert_eq!((&sent["instructions"], first.dropped.to_string().as_str()), (&json(r#""be""#), ""));
    let told = [
        r#"{"type":"response.created","response":{"id":"resp_1","model":"gpt","created_at":1,"output":[]}}"#,
        r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}"#,
        r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"gAAA"}}"#,
        r#"{"type":"response.output_item.added","output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"call_1","name":"Bash","arguments":""}}"#,
        r#"{"type":"response.function_call_arguments.done","output_index":1,"item_id":"fc_1","arguments":"{\"command\":\"ls\"}"}"#,
        r#"{"type":"response.output_item.done","output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"call_1","name":"Bash","arguments":"{\"command\":\"ls\"}"}}"#,
        r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7}}}"#,
    ];
    let got = stream(first.exchange, &told.map(json));
    let kinds: Vec<&str> = got.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    let signature = &got[2]["delta"]["signature"];
    assert_eq!(
        (&got[7]["usage"]["input_tokens"], &got[7]["delta"]["stop_reason"]),
        (&json("6"), &json(r#""tool_use""#))
    );

    let mut messages = asked.as_array().unwrap().clone();
    messages.push(serde_json::json!({"role": "assistant", "content": [
        {"type": "thinking", "thinking": "", "signature": signature},
        {"type": "tool_use", "id": "call_1", "name": "Bash", "input": {"command": "ls"}}]}));
    messages.push(json(
        r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"a"}]}"#,
    ));
    let second = request(Dialect::Messages, Dialect::Responses, &body(messages.into()));
    assert_eq!(
        json(&second.body)["input"],
        json(
            r#"[{"type":"message","role":"user","content":"go"},
                {"type":"message","role":"developer","content":[{"type":"input_text","text":"mind"}]},
                {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"},
                {"type":"function_call","call_id":"call_1","name":"Bash","arguments":"{\"command\":\"ls\"}"},
                {"type":"function_call_output","call_id":"call_1","output":"a"}]"#
        )
    );
}
