//! The checks find what is wrong.

use ccproxy_wire::Dialect::{self, Chat, Messages, Responses};

use super::check;

fn refused(dialect: Dialect, body: &str, cases: &[(&str, &str, &str)]) {
    let check = |body: &str| check(dialect, &serde_json::from_str(body).unwrap());
    assert_eq!(check(body), Ok(()));
    for (from, to, expect) in cases {
        assert!(body.contains(from), "{from}");
        let wrong = check(&body.replacen(from, to, 1)).unwrap_err();
        assert!(wrong.contains(expect), "{from} -> {to}: {wrong}");
    }
}

#[test]
fn of_messages() {
    let body = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[
        {"type":"thinking","thinking":"","signature":"s"},{"type":"redacted_thinking","data":"d"},
        {"type":"text","text":"a","citations":[{"type":"web_search_result_location","cited_text":"q","encrypted_index":"","title":null,"url":"u"}]},
        {"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"tool_use","stop_sequence":null,
        "usage":{"input_tokens":1,"output_tokens":1,"cache_read_input_tokens":null,"service_tier":"standard"}}"#;
    let cases = [
        (r#""id":"msg_1""#, r#""id":"resp_1""#, "none of a message"),
        (r#""role":"assistant","#, "", "lacks role"),
        (r#""signature":"s""#, r#""signature":"""#, "signature"),
        (r#""data":"d""#, r#""data":null"#, "data"),
        (r#""text":"a""#, r#""text":"""#, "no text"),
        (r#""title":null,"#, "", "lacks title"),
        (r#""input":{}"#, r#""input":"{}""#, "no object"),
        (r#""tool_use","id""#, r#""tool","id""#, "no block"),
        (r#""stop_reason":"tool_use""#, r#""stop_reason":"end_turn""#, "to be called"),
        (r#""stop_reason":"tool_use""#, r#""stop_reason":null"#, "none of"),
        (r#""stop_sequence":null"#, r#""stop_sequence":"x""#, "another stop"),
        (r#""output_tokens":1"#, r#""output_tokens":-1"#, "no count"),
        ("standard", "default", "service_tier"),
    ];
    refused(Messages, body, &cases);
}

#[test]
fn of_chat() {
    let body = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":
        {"role":"assistant","content":"abc","refusal":null,
        "reasoning_details":[{"type":"reasoning.text","text":"t","index":0}],
        "annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":3,"title":"","url":"u"}}],
        "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
        "logprobs":null,"finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":1}}}"#;
    let cases = [
        ("chatcmpl-1", "1", "none of a completion"),
        (r#""object":"chat.completion""#, r#""object":"chat""#, "no chat.completion"),
        (r#""logprobs":null,"#, "", "lacks logprobs"),
        (r#""refusal":null,"#, "", "lacks refusal"),
        (r#""text":"t""#, r#""said":"t""#, "of nothing"),
        (r#""end_index":3"#, r#""end_index":4"#, "outside"),
        (r#"{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}"#, "", "empty list"),
        (r#""arguments":"{}""#, r#""arguments":"{""#, "no object"),
        (r#""arguments":"{}""#, r#""arguments":"""#, "no object"),
        (r#""finish_reason":"tool_calls""#, r#""finish_reason":"stop""#, "to be called"),
        (r#""cached_tokens":1"#, r#""cached_tokens":2"#, "than was sent"),
        (r#""total_tokens":3"#, r#""total_tokens":2"#, "a total"),
    ];
    refused(Chat, body, &cases);
    let silent = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
        "message":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":"stop"}]}"#;
    refused(Chat, silent, &[(r#""content":"""#, r#""content":null"#, "says nothing")]);
}

#[test]
fn of_responses() {
    let body = r#"{"id":"resp_1","object":"response","created_at":1,"model":"m","service_tier":"default","instructions":null,
        "metadata":{},"parallel_tool_calls":true,"temperature":1,"tool_choice":"auto","tools":[],"top_p":1,"error":null,
        "incomplete_details":null,"status":"completed","output":[{"type":"reasoning","id":"a","summary":[]},
        {"type":"message","id":"b","status":"completed","role":"assistant","content":[{"type":"output_text","text":"abc",
        "annotations":[{"type":"url_citation","start_index":0,"end_index":3,"title":"","url":"u"}],"logprobs":[]}]},
        {"type":"function_call","id":"c","call_id":"d","name":"f","arguments":"{}","status":"completed"}],
        "usage":{"input_tokens":1,"input_tokens_details":{"cached_tokens":1},"output_tokens":2,
        "output_tokens_details":{"reasoning_tokens":2},"total_tokens":3}}"#;
    let cases = [
        (r#""id":"resp_1""#, r#""id":"msg_1""#, "none of a response"),
        (r#""tools":[],"#, "", "lacks tools"),
        (r#""error":null"#, r#""error":{}"#, "an error"),
        (r#""status":"completed","output""#, r#""status":"incomplete","output""#, "reason"),
        (r#""status":"completed","output""#, r#""status":"in_progress","output""#, "status"),
        (r#""id":"b""#, r#""id":"a""#, "twice"),
        (r#""summary":[]"#, r#""content":[]"#, "summary"),
        (r#""logprobs":[]"#, r#""x":[]"#, "lacks logprobs"),
        (r#""end_index":3"#, r#""end_index":4"#, "outside"),
        (r#""arguments":"{}""#, r#""arguments":"{""#, "no object"),
        (r#""call_id":"d""#, r#""call_id":"""#, "call_id"),
        (r#""cached_tokens":1"#, r#""cached_tokens":2"#, "more than the whole"),
        (r#""total_tokens":3"#, r#""total_tokens":2"#, "a total"),
    ];
    refused(Responses, body, &cases);
}
