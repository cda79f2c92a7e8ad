use ccproxy_wire::Usage;

use super::*;
use crate::answer::{Answer, Stop};
use crate::chat::{read_answer, write_answer};
use crate::part::{Citation, Thinking};
use crate::seal::Seal;

const ASKED: &str = r#"{"model":"mine","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"custom","custom":{"name":"patch"}}]}"#;

fn answer(message: &str, finish_reason: &str) -> Answer {
    let body = format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":9,"model":"gpt","choices":[{{"index":0,"message":{message},"finish_reason":{finish_reason}}}]}}"#
    );
    read_answer(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"))
}

/// Each part in short.
fn short(parts: &[Part]) -> Vec<String> {
    let line = |part: &Part| match part {
        Part::Text(Text { text, citations, .. }) => {
            let urls: Vec<&str> = citations.iter().filter_map(|cited| cited.url.as_deref()).collect();
            format!("says {text} {}", urls.join(" ")).trim_end().to_owned()
        }
        Part::Thinking(Thinking { texts, seal }) => format!("thinks {texts:?} {seal:?}"),
        Part::ToolCall(call) => format!("calls {} {} {} {}", call.id, call.name, call.arguments, call.custom),
        Part::Refusal(refusal) => format!("refuses {refusal}"),
        other => format!("{other:?}"),
    };
    parts.iter().map(line).collect()
}

#[test]
fn reading() {
    let check = |message: &str, finish_reason: &str, expect: &[&str], stop: Stop| {
        let answer = answer(message, finish_reason);
        assert_eq!(
            (short(&answer.parts), answer.stop),
            (expect.iter().map(|line| (*line).to_owned()).collect(), stop)
        );
        assert_eq!((&*answer.id, answer.created), ("chatcmpl-1", Some(9)));
    };
    check(r#"{"role":"assistant","content":"hi"}"#, r#""stop""#, &["says hi"], Stop::End);
    check(r#"{"content":null}"#, "null", &[], Stop::End);
    check(r#"{"content":""}"#, r#""length""#, &[], Stop::MaxTokens);
    check(r#"{"content":"x"}"#, r#""content_filter""#, &["says x"], Stop::Refusal);
    check(r#"{"content":null,"refusal":"no"}"#, r#""stop""#, &["refuses no"], Stop::Refusal);
    check(r#"{"content":"x"}"#, r#""sensitive""#, &["says x"], Stop::Refusal);
    check("null", r#""content_filter: PROHIBITED_CONTENT""#, &[], Stop::Refusal);
    check(r#"{"content":"x"}"#, r#""model_context_window_exceeded""#, &["says x"], Stop::Context);
    let stopped = Stop::Sequence(Some("X".into()));
    check(r#"{"content":"x"}"#, r#""stop","stop_reason":"X""#, &["says x"], stopped.clone());
    check(r#"{"content":"x"}"#, r#""stop","matched_stop":"X""#, &["says x"], stopped);
    check(r#"{"content":"x"}"#, r#""stop","stop_reason":151645"#, &["says x"], Stop::End);
    check(r#"{"content":"x"}"#, r#""length","stop_reason":"X""#, &["says x"], Stop::MaxTokens);
    let aloud = r#"{"content":null,"audio":{"id":"audio_1","data":"AA==","transcript":"hi"}}"#;
    check(aloud, r#""stop""#, &["says hi"], Stop::End);
    check(r#"{"content":"x","audio":"new"}"#, r#""stop""#, &["says x"], Stop::End);
    let call = r#"{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}"#;
    check(
        &format!(r#"{{"content":"x","reasoning_content":"hm","tool_calls":[{call}]}}"#),
        r#""tool_calls""#,
        &[r#"thinks ["hm"] None"#, "says x", r#"calls c1 f {"a":1} false"#],
        Stop::Tools,
    );
    // Not every server says that tools are to be called, gives ids, or has arguments in a string.
    check(
        r#"{"tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},{"id":"","function":{"name":"g"}}]}"#,
        r#""stop""#,
        &[r#"calls call_1_0 f {"a":1} false"#, "calls call_1_1 g {} false"],
        Stop::Tools,
    );
    check(
        r#"{"content":"","function_call":{"name":"f","arguments":""}}"#,
        r#""function_call""#,
        &["calls call_1_0 f {} false"],
        Stop::Tools,
    );
    check(
        r#"{"tool_calls":[{"id":"c","type":"custom","custom":{"name":"p","input":"text"}}]}"#,
        r#""tool_calls""#,
        &["calls c p text true"],
        Stop::Tools,
    );
    check(
        r#"{"content":"see","annotations":[{"type":"url_citation","url_citation":{"url":"https://x","title":"t","start_index":0,"end_index":2}}]}"#,
        r#""stop""#,
        &["says see https://x"],
        Stop::End,
    );
    check(
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"hi"},{"type":"new"}]}"#,
        r#""eos""#,
        &[r#"thinks ["hm"] None"#, "says hi"],
        Stop::End,
    );
    check(
        r#"{"content":"x","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"sig","format":"anthropic-claude-v1"}]}"#,
        r#""stop""#,
        &[r#"thinks ["hm"] Some(Anthropic { signature: "sig" })"#, "says x"],
        Stop::End,
    );
}

#[test]
fn usage() {
    let body = r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"service_tier":"flex",
        "usage":{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":3}}}"#;
    let answer = read_answer(body.as_bytes()).unwrap();
    let expect = Usage {
        input: Some(10),
        output: Some(7),
        cache_read: Some(4),
        cache_write: None,
        reasoning: Some(3),
    };
    assert_eq!((answer.usage, answer.service_tier.as_deref(), answer.created), (expect, Some("flex"), None));
}

#[test]
fn failures() {
    let check = |body: &str, expect: &str| {
        let error = read_answer(body.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(expect), "{body}: {error}");
    };
    check("<html>", "expected value");
    check("\u{0}", "expected value");
    check(r#"{"choices":[]}"#, "choices: there is none");
    check("{}", "choices: there is none");
    check(r#"{"error":{"message":"no","code":502}}"#, "no");
    check(r#"{"error":"no"}"#, "no");
    check(r#"{"object":"error","message":"no","code":400}"#, "no");
    check(r#"{"choices":[{"error":{"message":"no"},"finish_reason":"error","message":{}}]}"#, "no");
    check(r#"{"choices":[{"finish_reason":"error","message":{}}]}"#, "does not say which");
    check(r#"{"choices":[{"message":{"tool_calls":[{"id":"c"}]}}]}"#, "tool_calls.0.function.name");
    check(r#"{"choices":[{"message":{"content":7}}]}"#, "a string or a list");
}

fn written(provider: Dialect, asked: &str, parts: Vec<Part>, stop: Stop) -> Value {
    let answer = Answer { id: "msg_01".into(), parts, stop, ..Answer::default() };
    json(write_answer(answer, &exchange(provider, asked)))
}

#[test]
fn writing() {
    let check = |parts: Vec<Part>, stop: Stop, message: &str, finish_reason: &str| {
        let body = written(Dialect::Messages, ASKED, parts, stop);
        assert_eq!(body["choices"][0]["message"], json(message));
        assert_eq!(body["choices"][0]["finish_reason"], finish_reason);
        assert_eq!(
            (&body["id"], &body["model"], &body["created"]),
            (&json(r#""chatcmpl-01""#), &json(r#""mine""#), &json("7"))
        );
    };
    let said = |text: &str| format!(r#"{{"role":"assistant","content":{text},"refusal":null}}"#);
    check(vec![text("Hel"), text("lo")], Stop::End, &said(r#""Hello""#), "stop");
    check(vec![], Stop::Sequence(Some("x".into())), &said(r#""""#), "stop");
    check(vec![text("x")], Stop::MaxTokens, &said(r#""x""#), "length");
    check(vec![text("x")], Stop::Context, &said(r#""x""#), "length");
    check(vec![text("x")], Stop::Refusal, &said(r#""x""#), "content_filter");
    check(vec![text("x")], Stop::Pause, &said(r#""x""#), "stop");
    check(
        vec![Part::Refusal("no".into())],
        Stop::Refusal,
        r#"{"role":"assistant","content":null,"refusal":"no"}"#,
        "stop",
    );
    check(
        vec![call("toolu_1", "f", "", false), call("toolu_2", "patch", r#"{"input":"text"}"#, false)],
        Stop::Tools,
        r#"{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"type":"function","id":"toolu_1","function":{"name":"f","arguments":"{}"}},
            {"type":"custom","id":"toolu_2","custom":{"name":"patch","input":"text"}}]}"#,
        "tool_calls",
    );
    let cited = |text: &str, span| {
        let citations = vec![
            Citation { url: Some("https://x".into()), span, ..Citation::default() },
            Citation { quote: Some("q".into()), ..Citation::default() },
        ];
        Part::Text(Text { text: text.into(), citations, cache: None })
    };
    check(
        vec![cited("sée", None), cited("that", Some((1, 2)))],
        Stop::End,
        r#"{"role":"assistant","content":"séethat","refusal":null,"annotations":[
            {"type":"url_citation","url_citation":{"start_index":0,"end_index":3,"title":"","url":"https://x"}},
            {"type":"url_citation","url_citation":{"start_index":4,"end_index":5,"title":"","url":"https://x"}}]}"#,
        "stop",
    );
}

#[test]
fn writing_thoughts() {
    let check = |provider: Dialect, thoughts: &[(&[&str], Option<Seal>)], told: &str, details: &str| {
        let parts = thoughts.iter().map(|(texts, seal)| {
            let texts = texts.iter().map(|text| (*text).to_owned()).collect();
            Part::Thinking(Thinking { texts, seal: seal.clone() })
        });
        let body = written(provider, ASKED, parts.chain([text("x")]).collect(), Stop::End);
        let message = &body["choices"][0]["message"];
        assert_eq!(message["reasoning_content"].as_str().unwrap_or_default(), told);
        assert_eq!(message.get("reasoning_content"), message.get("reasoning"));
        assert_eq!(message["reasoning_details"], json(details));
    };
    let anthropic = || Some(Seal::Anthropic { signature: "sig".into() });
    check(
        Dialect::Messages,
        &[
            (&["a"], anthropic()),
            (&[], Some(Seal::Redacted { data: "x".into() })),
            (&["", "b"], None),
            (&[], anthropic()),
        ],
        "a\n\nb",
        r#"[{"type":"reasoning.text","text":"a","signature":"sig","format":"anthropic-claude-v1","index":0},
            {"type":"reasoning.encrypted","data":"x","format":"anthropic-claude-v1","index":1},
            {"type":"reasoning.text","text":"b","index":2},
            {"type":"reasoning.text","signature":"sig","format":"anthropic-claude-v1","index":3}]"#,
    );
    let openai =
        |id: Option<&str>| Some(Seal::OpenAi { id: id.map(str::to_owned), encrypted: "gAAA".into() });
    check(
        Dialect::Responses,
        &[(&["a", "b"], openai(Some("rs_1"))), (&["c"], None)],
        "a\n\nb\n\nc",
        r#"[{"type":"reasoning.summary","summary":"a","index":0},{"type":"reasoning.summary","summary":"b","index":1},
            {"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":2},
            {"type":"reasoning.summary","summary":"c","index":3}]"#,
    );
}

#[test]
fn counts_and_the_older_form() {
    let usage = Usage {
        input: Some(10),
        output: Some(7),
        cache_read: Some(4),
        cache_write: Some(2),
        reasoning: Some(3),
    };
    let answer = Answer { usage, service_tier: Some("standard".into()), ..Answer::default() };
    let body = json(write_answer(answer, &exchange(Dialect::Messages, ASKED)));
    assert_eq!(
        body["usage"],
        json(
            r#"{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":3}}"#
        )
    );
    assert_eq!((&body["service_tier"], &body["id"]), (&json(r#""default""#), &json(r#""chatcmpl-stamp""#)));

    let asked = r#"{"model":"mine","messages":[{"role":"user","content":"hi"}],"functions":[{"name":"f"}]}"#;
    let body = written(Dialect::Messages, asked, vec![call("c", "f", "{}", false)], Stop::Tools);
    let choice = json(
        r#"{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"function_call":{"name":"f","arguments":"{}"}},"logprobs":null,"finish_reason":"function_call"}"#,
    );
    assert_eq!((&body["choices"][0], body.get("usage")), (&choice, None));
}
