use ccproxy_wire::Usage;

use super::*;
use crate::answer::{Answer, Stop};
use crate::messages::{read_answer, write_answer};
use crate::part::Citation;

#[test]
fn reading() {
    let answer = read_answer(
        br#"{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[
            {"type":"thinking","thinking":"","signature":"EqQB"},{"type":"redacted_thinking","data":"r"},
            {"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}},
            {"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":{"type":"web_search_tool_result_error"}},
            {"type":"text","text":"hi","citations":[
                {"type":"web_search_result_location","url":"https://x","title":"t","cited_text":"q","encrypted_index":"e"},
                {"type":"char_location","document_index":0,"document_title":"d","cited_text":"c","start_char_index":0,"end_char_index":1,"file_id":"file_1"},
                {"type":"search_result_location","source":"kb:1","title":"s","cited_text":"c"}]},
            {"type":"brand_new","text":7},
            {"type":"tool_use","id":"toolu_1","name":"f","input":{"a": 1},"caller":{"type":"direct"}}],
            "stop_reason":"tool_use","stop_sequence":null,
            "usage":{"input_tokens":10,"cache_read_input_tokens":4,"cache_creation_input_tokens":1,"output_tokens":7,"service_tier":"standard",
                "output_tokens_details":{"thinking_tokens":3},"cache_creation":{"ephemeral_5m_input_tokens":1}}}"#,
    )
    .unwrap();
    assert_eq!((answer.id.as_str(), answer.model.as_str(), answer.stop), ("msg_1", "claude", Stop::Tools));
    assert_eq!(answer.service_tier.as_deref(), Some("default"));
    let usage = Usage {
        input: Some(15),
        output: Some(7),
        cache_read: Some(4),
        cache_write: Some(1),
        reasoning: Some(3),
    };
    assert_eq!(answer.usage, usage);
    let [Part::Thinking(first), Part::Thinking(second), Part::Text(text), Part::ToolCall(call)] =
        answer.parts.as_slice()
    else {
        panic!("{:?}", answer.parts)
    };
    assert_eq!((&first.seal, first.texts.len()), (&Some(Seal::Anthropic { signature: "EqQB".into() }), 0));
    assert_eq!(second.seal, Some(Seal::Redacted { data: "r".into() }));
    let sources: Vec<_> =
        text.citations.iter().map(|c| (c.url.as_deref(), c.title.as_deref(), c.file.as_deref())).collect();
    assert_eq!(
        sources,
        [(Some("https://x"), Some("t"), None), (None, Some("d"), Some("file_1")), (None, Some("s"), None)]
    );
    assert_eq!((call.id.as_str(), call.arguments.as_str()), ("toolu_1", r#"{"a": 1}"#));
}

#[test]
fn stops() {
    let check = |fields: &str, expect: Stop| {
        let answer = read_answer(format!(r#"{{"content":[],{fields}}}"#).as_bytes()).unwrap();
        assert_eq!(answer.stop, expect, "{fields}");
    };
    check(r#""stop_reason":"end_turn""#, Stop::End);
    check(r#""stop_reason":"max_tokens""#, Stop::MaxTokens);
    check(r#""stop_reason":"stop_sequence","stop_sequence":"X""#, Stop::Sequence(Some("X".into())));
    check(r#""stop_reason":"pause_turn""#, Stop::Pause);
    check(r#""stop_reason":"refusal""#, Stop::Refusal);
    check(r#""stop_reason":"model_context_window_exceeded""#, Stop::Context);
    check(r#""stop_reason":"brand_new""#, Stop::End);
    let refused = read_answer(
        br#"{"content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","category":null,"explanation":"no"}}"#,
    );
    assert!(matches!(refused.unwrap().parts.as_slice(), [Part::Refusal(why)] if why == "no"));
    let fault = |body: &str| read_answer(body.as_bytes()).unwrap_err().to_string();
    assert!(fault("<html>").contains("expected value"));
    assert!(fault("{}").ends_with("content: field required"));
    assert!(
        fault(r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)
            .ends_with("Overloaded")
    );
}

fn write(answer: Answer) -> Value {
    json(write_answer(answer, &exchange()))
}

#[test]
fn writing() {
    let theirs = exchange().tools.theirs("a tool");
    let cited = Part::Text(Text {
        text: "Grüße, Welt".into(),
        citations: vec![
            Citation {
                url: Some("https://x".into()),
                title: Some("t".into()),
                span: Some((7, 11)),
                ..Citation::default()
            },
            Citation { file: Some("file-1".into()), ..Citation::default() },
        ],
        cache: None,
    });
    let seal = Seal::OpenAi { id: Some("rs_1".into()), encrypted: "gAAA".into() };
    let envelope = seal.envelope(&[]);
    let body = write(Answer {
        id: "chatcmpl-1".into(),
        model: "theirs".into(),
        parts: vec![
            Part::Thinking(Thinking { texts: vec!["a".into(), "b".into()], seal: Some(seal) }),
            thinking("plain", None),
            sealed("own"),
            Part::Thinking(Thinking { texts: vec![], seal: Some(Seal::Redacted { data: "r".into() }) }),
            Part::Thinking(Thinking::default()),
            text(""),
            cited,
            call("functions.f:0", &theirs, ""),
            call("", "g", "7"),
        ],
        stop: Stop::Tools,
        usage: Usage {
            input: Some(10),
            output: Some(5),
            cache_read: Some(4),
            cache_write: None,
            reasoning: Some(2),
        },
        service_tier: Some("default".into()),
        created: Some(1),
    });
    assert_eq!(
        body,
        json(format!(
            r#"{{"id":"msg_1","type":"message","role":"assistant","model":"mine","content":[
                {{"type":"thinking","thinking":"a\n\nb","signature":"{envelope}"}},
                {{"type":"thinking","thinking":"plain","signature":"ccproxy.1."}},
                {{"type":"thinking","thinking":"own","signature":"EqQB"}},
                {{"type":"redacted_thinking","data":"r"}},
                {{"type":"text","text":"Grüße, Welt","citations":[{{"type":"web_search_result_location","cited_text":"Welt","url":"https://x","title":"t","encrypted_index":""}}]}},
                {{"type":"tool_use","id":"ccproxy-1-ZnVuY3Rpb25zLmY6MA","name":"a tool","input":{{}}}},
                {{"type":"tool_use","id":"toolu_stamp_8","name":"g","input":{{"input":"7"}}}}],
                "stop_reason":"tool_use","stop_sequence":null,
                "usage":{{"input_tokens":6,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":5,
                    "output_tokens_details":{{"thinking_tokens":2}},"service_tier":"standard"}}}}"#
        ))
    );
}

#[test]
fn endings() {
    let check = |parts: Vec<Part>, stop: Stop, reason: &str, sequence: Option<&str>| {
        let body = write(Answer { parts, stop: stop.clone(), ..Answer::default() });
        assert_eq!(
            (body["stop_reason"].as_str(), body["stop_sequence"].as_str()),
            (Some(reason), sequence),
            "{stop:?}"
        );
        assert_eq!(body["id"], "msg_stamp");
    };
    check(vec![], Stop::End, "end_turn", None);
    check(vec![call("a", "f", "{}")], Stop::End, "tool_use", None);
    check(vec![text("a")], Stop::Tools, "end_turn", None);
    check(vec![], Stop::Sequence(Some("X".into())), "stop_sequence", Some("X"));
    check(vec![], Stop::Sequence(None), "stop_sequence", None);
    check(vec![], Stop::MaxTokens, "max_tokens", None);
    check(vec![], Stop::Context, "model_context_window_exceeded", None);
    check(vec![], Stop::Refusal, "refusal", None);
    check(vec![Part::Refusal("no".into())], Stop::End, "refusal", None);
    check(vec![], Stop::Pause, "pause_turn", None);
}

#[test]
fn quotes() {
    let check = |citation: Citation, text: &str, expect: &str| {
        let text = Text { text: text.to_owned(), citations: vec![citation], cache: None };
        let body = write(Answer { parts: vec![Part::Text(text)], ..Answer::default() });
        assert_eq!(body["content"][0]["citations"][0]["cited_text"], expect);
    };
    let page = || Citation { url: Some("https://x".into()), ..Citation::default() };
    let spanning = |from, to| Citation { span: Some((from, to)), ..page() };
    let long = "ü".repeat(1000);
    check(page(), "some text", "");
    check(spanning(5, 9), "some text", "text");
    check(spanning(5, 99), "some text", "text");
    check(spanning(9, 5), "some text", "");
    check(spanning(1, 1000), &long, &"ü".repeat(150));
    check(Citation { quote: Some(long.clone()), ..page() }, "some text", &long);
}
