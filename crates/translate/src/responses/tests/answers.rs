use super::*;
use crate::answer::{Answer, Stop};
use crate::part::{Citation, Part, Text, Thinking, ToolCall};
use crate::responses::{read_answer, write_answer};
use crate::seal::Seal;

#[test]
fn reading() {
    let answer = read_answer(
        br#"{"id":"resp_1","object":"response","created_at":1741290958,"status":"completed","model":"gpt","error":null,"output":[
            {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"},
            {"type":"web_search_call","id":"ws_1","status":"completed","action":{}},
            {"type":"message","id":"msg_1","role":"assistant","content":[
                {"type":"output_text","text":"hi","annotations":[{"type":"url_citation","url":"https://x","title":"t","start_index":0,"end_index":2}]},
                {"type":"brand_new"}]},
            {"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{}"}],
            "usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7},"service_tier":"default"}"#,
    )
    .unwrap();
    assert_eq!(
        (answer.id.as_str(), answer.model.as_str(), answer.created),
        ("resp_1", "gpt", Some(1_741_290_958))
    );
    assert_eq!((answer.stop, answer.usage.input, answer.usage.cache_read), (Stop::Tools, Some(10), Some(4)));
    let [Part::Thinking(thinking), Part::Text(text), Part::ToolCall(call)] = answer.parts.as_slice() else {
        panic!("{:?}", answer.parts)
    };
    assert_eq!(thinking.seal, Some(Seal::OpenAi { id: Some("rs_1".into()), encrypted: "gAAA".into() }));
    assert_eq!((text.text.as_str(), text.citations[0].url.as_deref()), ("hi", Some("https://x")));
    assert_eq!((call.id.as_str(), call.arguments.as_str()), ("call_1", "{}"));

    let call =
        br#"{"output":[{"type":"function_call","id":"fc_1","call_id":"","namespace":"crm","name":"f"}]}"#;
    let parts = read_answer(call).unwrap().parts;
    let [Part::ToolCall(call)] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!((call.id.as_str(), call.name.as_str(), call.arguments.as_str()), ("fc_1", "crm__f", "{}"));
}

#[test]
fn stops() {
    let check = |rest: &str, expect: Stop| {
        let answer = read_answer(format!(r#"{{"id":"r",{rest}}}"#).as_bytes()).unwrap();
        assert_eq!(answer.stop, expect, "{rest}");
    };
    check(r#""status":"completed","output":[]"#, Stop::End);
    check(r#""output":[{"type":"message","content":[{"type":"refusal","refusal":"no"}]}]"#, Stop::Refusal);
    check(
        r#""status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]"#,
        Stop::MaxTokens,
    );
    check(
        r#""status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]"#,
        Stop::Refusal,
    );
    let fault = |body: &str| read_answer(body.as_bytes()).unwrap_err().to_string();
    assert!(
        fault(r#"{"status":"failed","error":{"code":"server_error","message":"broken"}}"#).contains("broken")
    );
    assert!(fault(r#"{"status":"cancelled","output":[]}"#).contains("does not say why"));
    assert!(fault(r#"{"status":"queued","output":[]}"#).contains("not been finished"));
    assert!(fault("{}").contains("output"));
    assert!(fault("<html>").contains("Responses"));
    assert!(fault(r#"{"output":[{"type":"function_call"}]}"#).contains("call_id"));
}

#[test]
fn writing() {
    let exchange = exchange(
        r#"{"model":"mine","input":"x","instructions":"be","temperature":0.5,"tools":[{"type":"function","name":"f","parameters":{},"strict":false},
            {"type":"namespace","name":"mcp__docs","tools":[{"type":"function","name":"lookup"}]},{"type":"tool_search","execution":"client"}]}"#,
    );
    let call = |id: &str, name: &str, arguments: &str, custom| {
        Part::ToolCall(ToolCall {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
            custom,
            cache: None,
        })
    };
    let cited = Citation { url: Some("https://x".into()), ..Citation::default() };
    let seal = Seal::Anthropic { signature: "sig".into() };
    let envelope = seal.envelope(&["hm".to_owned()]);
    let body = write_answer(
        Answer {
            id: "msg_01".into(),
            parts: vec![
                Part::Thinking(Thinking { texts: vec!["hm".into()], seal: Some(seal) }),
                Part::Text(Text { text: "höre".into(), citations: vec![cited], cache: None }),
                Part::Refusal("no".into()),
                call("toolu_1", "f", "", false),
                call("toolu_2", "mcp__docs__lookup", r#"{"q":1}"#, false),
                call("toolu_3", "tool_search", r#"{"query":"q"}"#, false),
                call("toolu_4", "patch", "text", true),
                call("toolu_5", "f", r#"{"cut"#, false),
            ],
            stop: Stop::Tools,
            usage: ccproxy_wire::Usage {
                input: Some(10),
                output: Some(7),
                cache_read: Some(4),
                ..Default::default()
            },
            service_tier: Some("standard".into()),
            ..Answer::default()
        },
        &exchange,
    );
    let expect = format!(
        r#"{{"id":"resp_01","object":"response","created_at":7,"status":"completed","error":null,"incomplete_details":null,"model":"mine","output":[
            {{"type":"reasoning","id":"rs_01_0","summary":[{{"type":"summary_text","text":"hm"}}],"encrypted_content":"{envelope}"}},
            {{"type":"message","id":"msg_01_1","status":"completed","role":"assistant","content":[
                {{"type":"output_text","text":"höre","annotations":[{{"type":"url_citation","url":"https://x","title":"","start_index":0,"end_index":4}}],"logprobs":[]}},
                {{"type":"refusal","refusal":"no"}}]}},
            {{"type":"function_call","id":"fc_01_2","status":"completed","call_id":"toolu_1","name":"f","arguments":"{{}}"}},
            {{"type":"function_call","id":"fc_01_3","status":"completed","call_id":"toolu_2","name":"lookup","namespace":"mcp__docs","arguments":"{{\"q\":1}}"}},
            {{"type":"tool_search_call","id":"tsc_01_4","status":"completed","execution":"client","call_id":"toolu_3","arguments":{{"query":"q"}}}},
            {{"type":"custom_tool_call","id":"ctc_01_5","status":"completed","call_id":"toolu_4","name":"patch","input":"text"}},
            {{"type":"function_call","id":"fc_01_6","status":"incomplete","call_id":"toolu_5","name":"f","arguments":"{{\"cut"}}],
            "usage":{{"input_tokens":10,"input_tokens_details":{{"cached_tokens":4,"cache_write_tokens":0}},"output_tokens":7,
                "output_tokens_details":{{"reasoning_tokens":0}},"total_tokens":17}},
            "service_tier":"default","background":false,"instructions":"be","max_output_tokens":null,"max_tool_calls":null,"metadata":{{}},
            "parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_retention":null,
            "reasoning":{{"effort":null,"summary":null}},"store":true,"temperature":0.5,
            "text":{{"format":{{"type":"text"}}}},"tool_choice":"auto","tools":[{{"type":"function","name":"f","parameters":{{}},"strict":false}},
                {{"type":"namespace","name":"mcp__docs","tools":[{{"type":"function","name":"lookup"}}]}},{{"type":"tool_search","execution":"client"}}],
            "top_logprobs":0,"top_p":1.0,"truncation":"disabled"}}"#
    );
    assert_eq!(json(body), json(expect));
}

#[test]
fn endings() {
    let check = |stop: Stop, parts: Vec<Part>, status: &str, reason: Value, message: &str| {
        let body = json(write_answer(
            Answer { stop, parts, ..Answer::default() },
            &exchange(r#"{"model":"m","input":"x"}"#),
        ));
        assert_eq!((&body["id"], &body["status"]), (&"resp_stamp".into(), &status.into()));
        assert_eq!(body["incomplete_details"]["reason"], reason);
        assert_eq!(body["output"][0]["status"], message);
        assert_eq!(body["usage"], Value::Null);
    };
    let text = || vec![Part::Text(Text { text: "a".into(), ..Text::default() })];
    check(Stop::End, text(), "completed", Value::Null, "completed");
    check(Stop::Sequence(None), text(), "completed", Value::Null, "completed");
    check(Stop::MaxTokens, text(), "incomplete", "max_output_tokens".into(), "incomplete");
    check(Stop::Refusal, text(), "incomplete", "content_filter".into(), "incomplete");
    check(Stop::Refusal, vec![Part::Refusal("no".into())], "completed", Value::Null, "completed");
}
