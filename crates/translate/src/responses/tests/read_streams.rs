use proptest::prelude::*;

use crate::delta::{Delta, Kind, Piece};
use crate::responses::StreamReader;
use crate::stream::Reader;

/// The steps of these events, in short.
fn steps(events: &[&str]) -> Vec<String> {
    let mut reader = StreamReader::default();
    let mut steps = Vec::new();
    for event in events {
        reader
            .event("", event, &mut |delta| steps.push(short(&delta)))
            .unwrap_or_else(|error| panic!("{event}: {error}"));
    }
    reader.end(&mut |delta| steps.push(short(&delta)));
    steps
}

fn short(delta: &Delta<'_>) -> String {
    match delta {
        Delta::Start { id, model, created, .. } => format!("start {id} {model} {created:?}"),
        Delta::Open(part, Kind::ToolCall { id, name, custom }) => {
            format!("{part} calls {id} {name} {custom}")
        }
        Delta::Open(part, kind) => format!("{part} opens {kind:?}"),
        Delta::Add(part, Piece::Text(text)) => format!("{part} {text:?}"),
        Delta::Add(part, Piece::Arguments(text)) => format!("{part} ({text})"),
        Delta::Add(part, Piece::NextText) => format!("{part} next"),
        Delta::Add(part, Piece::Citation(citation)) => format!("{part} cites {:?}", citation.url),
        Delta::Add(part, Piece::Seal(seal)) => format!("{part} {seal:?}"),
        Delta::Close(part) => format!("{part} closes"),
        Delta::Usage(usage) => format!("usage {:?} {:?}", usage.input, usage.output),
        Delta::Stop(stop) => format!("stop {stop:?}"),
        Delta::Served(tier) => format!("served {tier}"),
        Delta::Ping => "ping".into(),
        Delta::End => "end".into(),
        Delta::Error(trouble) => format!("error {} {:?} {}", trouble.kind, trouble.code, trouble.message),
    }
}

const CREATED: &str = r#"{"type":"response.created","response":{"id":"resp_1","model":"gpt","created_at":1741290958.5,"status":"in_progress","output":[]}}"#;
const COMPLETED: &str = r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","usage":{"input_tokens":3,"output_tokens":4}}}"#;

fn check(events: &[&str], expect: &[&str]) {
    let events: Vec<&str> = [CREATED].iter().chain(events).chain(&[COMPLETED]).copied().collect();
    let expect: Vec<&str> =
        ["start resp_1 gpt Some(1741290958)"].iter().chain(expect).chain(&["end"]).copied().collect();
    assert_eq!(steps(&events), expect, "{events:#?}");
}

#[test]
fn texts() {
    let parts = ["0 opens Text", r#"0 "Hel""#, r#"0 "lo""#];
    let end = ["0 closes", "usage Some(3) Some(4)", "stop End"];
    let expect: Vec<&str> = parts.iter().chain(&end).copied().collect();
    check(
        &[
            r#"{"type":"response.in_progress","response":{}}"#,
            r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","content":[]}}"#,
            r#"{"type":"response.content_part.added","output_index":0,"content_index":0,"item_id":"msg_1","part":{"type":"output_text","text":""}}"#,
            r#"{"type":"response.output_text.delta","output_index":0,"content_index":0,"item_id":"msg_1","delta":"Hel","logprobs":[],"obfuscation":"xx"}"#,
            r#"{"type":"response.brand_new","delta":{"an":"object"}}"#,
            r#"{"type":"response.output_text.delta","output_index":0,"content_index":0,"item_id":"msg_1","delta":"lo"}"#,
            r#"{"type":"response.output_text.done","output_index":0,"content_index":0,"item_id":"msg_1","text":"Hello"}"#,
            r#"{"type":"response.content_part.done","output_index":0,"content_index":0,"item_id":"msg_1","part":{"type":"output_text","text":"Hello","annotations":[]}}"#,
            r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello","annotations":[]}]}}"#,
        ],
        &expect,
    );
    // Deltas only, and an id that is another one each time.
    check(
        &[
            r#"{"type":"response.output_text.delta","output_index":0,"item_id":"a","delta":"Hel"}"#,
            r#"{"type":"response.output_text.delta","output_index":0,"item_id":"b","delta":"lo"}"#,
        ],
        &expect,
    );
    // Some deltas are missing.
    check(
        &[
            r#"{"type":"response.output_text.delta","output_index":0,"delta":"Hel"}"#,
            r#"{"type":"response.output_text.done","output_index":0,"text":"Hello"}"#,
        ],
        &expect,
    );
    // Nothing but the whole item.
    let whole = r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello","annotations":[{"type":"url_citation","url":"https://x","title":"t","start_index":0,"end_index":1}]}]}}"#;
    let cited = [
        "0 opens Text",
        r#"0 "Hello""#,
        r#"0 cites Some("https://x")"#,
        "0 closes",
        "usage Some(3) Some(4)",
        "stop End",
    ];
    check(&[whole], &cited);
    check(
        &[
            r#"{"type":"response.output_text.delta","output_index":0,"delta":"Hello"}"#,
            r#"{"type":"response.output_text.annotation.added","output_index":0,"content_index":0,"annotation_index":0,"annotation":{"type":"url_citation","url":"https://x","title":"t","start_index":0,"end_index":1}}"#,
            whole,
        ],
        &cited,
    );
    // No text is no part.
    check(
        &[r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[]}}"#],
        &["usage Some(3) Some(4)", "stop End"],
    );
    check(
        &[r#"{"type":"response.refusal.delta","output_index":0,"delta":"no"}"#],
        &["0 opens Refusal", r#"0 "no""#, "0 closes", "usage Some(3) Some(4)", "stop Refusal"],
    );
}

#[test]
fn calls() {
    let added = r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":""}}"#;
    let delta = |text: &str| {
        format!(
            r#"{{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"fc_1","delta":"{text}"}}"#
        )
    };
    let done = r#"{"type":"response.function_call_arguments.done","output_index":0,"item_id":"fc_1","arguments":"{}"}"#;
    let whole = r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":"{}"}}"#;
    let end = ["0 closes", "usage Some(3) Some(4)", "stop Tools"];
    let once: Vec<&str> = ["0 calls call_1 f false", "0 ({})"].iter().chain(&end).copied().collect();
    let (first, second) = (delta("{"), delta("}"));
    let twice: Vec<&str> = ["0 calls call_1 f false", "0 ({)", "0 (})"].iter().chain(&end).copied().collect();
    check(&[added, &first, &second, done, whole], &twice);
    check(&[added, &first, &second], &twice);
    check(&[added, done, whole], &once);
    check(&[added, whole], &once);
    check(&[whole], &once);
    check(&[whole, whole], &once);
    // Arguments before the call's id and name.
    check(&[done, whole], &once);
    check(&[&first, done, whole], &once);
    // No arguments at all.
    let empty = r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":""}}"#;
    check(&[added, empty], &once);
    let spaced = r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"fc_1","type":"function_call","call_id":"","namespace":"crm","name":"f"}}"#;
    check(&[spaced], &[&["0 calls fc_1 crm__f false", "0 ({})"], &end[..]].concat());
    let custom = r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"ctc_1","type":"custom_tool_call","call_id":"call_1","name":"p","input":""}}"#;
    check(
        &[
            custom,
            r#"{"type":"response.custom_tool_call_input.delta","output_index":0,"item_id":"ctc_1","delta":"te"}"#,
            r#"{"type":"response.custom_tool_call_input.done","output_index":0,"item_id":"ctc_1","input":"text"}"#,
        ],
        &["0 calls call_1 p true", "0 (te)", "0 (xt)", "0 closes", "usage Some(3) Some(4)", "stop Tools"],
    );
}

#[test]
fn several_at_once() {
    let added = |index: &str, n: u8| {
        format!(
            r#"{{"type":"response.output_item.added"{index},"item":{{"id":"fc_{n}","type":"function_call","call_id":"call_{n}","name":"f"}}}}"#
        )
    };
    let delta = |index: &str, n: u8, text: &str| {
        format!(
            r#"{{"type":"response.function_call_arguments.delta"{index},"item_id":"fc_{n}","delta":"{text}"}}"#
        )
    };
    let done = |index: &str, n: u8, text: &str| {
        format!(
            r#"{{"type":"response.output_item.done"{index},"item":{{"id":"fc_{n}","type":"function_call","call_id":"call_{n}","name":"f","arguments":"{text}"}}}}"#
        )
    };
    let expect = [
        "0 calls call_1 f false",
        "1 calls call_2 f false",
        "1 ([2)",
        "0 ([1)",
        "0 (])",
        "0 closes",
        "1 (])",
        "1 closes",
        "usage Some(3) Some(4)",
        "stop Tools",
    ];
    for [one, two] in [[r#","output_index":1"#, r#","output_index":2"#], ["", ""]] {
        let events = [
            added(one, 1),
            added(two, 2),
            delta(two, 2, "[2"),
            delta(one, 1, "[1"),
            done(one, 1, "[1]"),
            done(two, 2, "[2]"),
        ];
        check(&events.each_ref().map(String::as_str), &expect);
    }
    // All items are said to stand at the same place.
    let zero = r#","output_index":0"#;
    let events = [added(zero, 1), delta(zero, 1, "[1]"), added(zero, 2), delta(zero, 2, "[2]")];
    let last = r#"{"type":"response.completed","response":{"status":"completed","output":[
        {"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":"[1]"},
        {"id":"fc_2","type":"function_call","call_id":"call_2","name":"f","arguments":"[2]"}]}}"#;
    let mut events: Vec<&str> = events.iter().map(String::as_str).collect();
    let done = [done(zero, 1, "[1]"), done(zero, 2, "[2]")];
    events.insert(2, &done[0]);
    events.extend([&*done[1], last]);
    assert_eq!(
        steps(&events),
        [
            "start   None",
            "0 calls call_1 f false",
            "0 ([1])",
            "0 closes",
            "1 calls call_2 f false",
            "1 ([2])",
            "1 closes",
            "stop Tools",
            "end"
        ]
    );
}

#[test]
fn thoughts() {
    let end = ["0 closes", "usage Some(3) Some(4)", "stop End"];
    let seal = r#"0 OpenAi { id: Some("rs_1"), encrypted: "gAAA" }"#;
    let whole = r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","encrypted_content":"gAAA","summary":[{"type":"summary_text","text":"one"},{"type":"summary_text","text":"two"}]}}"#;
    let expect: Vec<&str> = ["0 opens Thinking", r#"0 "one""#, "0 next", r#"0 "two""#, seal]
        .iter()
        .chain(&end)
        .copied()
        .collect();
    check(&[whole], &expect);
    check(
        &[
            r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"begun"}}"#,
            r#"{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}"#,
            r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"one"}"#,
            r#"{"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":0,"text":"one"}"#,
            r#"{"type":"response.reasoning_summary_part.done","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"one"}}"#,
            r#"{"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":1,"text":"two"}"#,
            whole,
        ],
        &expect,
    );
    // Open models show their thoughts themselves.
    check(
        &[
            r#"{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"on"}"#,
            r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"one"}]}}"#,
        ],
        &["0 opens Thinking", r#"0 "on""#, r#"0 "e""#, "0 closes", "usage Some(3) Some(4)", "stop End"],
    );
    // A seal without a text, and nothing at all.
    check(
        &[
            r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_0","type":"reasoning","summary":[]}}"#,
            r#"{"type":"response.output_item.done","output_index":1,"item":{"id":"rs_1","type":"reasoning","encrypted_content":"gAAA","summary":[]}}"#,
        ],
        &["0 opens Thinking", seal, "0 closes", "usage Some(3) Some(4)", "stop End"],
    );
}

#[test]
fn endings() {
    let check = |events: &[&str], expect: &[&str]| assert_eq!(steps(events), expect, "{events:#?}");
    // The last event tells all.
    check(
        &[
            r#"{"type":"response.completed","response":{"id":"r","model":"m","created_at":1,"status":"completed","output":[
            {"type":"message","content":[{"type":"output_text","text":"hi"}]},{"type":"web_search_call","id":"ws_1"},
            {"type":"function_call","call_id":"c","name":"f","arguments":"{}"}],"usage":{"input_tokens":1,"output_tokens":2,"strange":{}}}}"#,
        ],
        &[
            "start r m Some(1)",
            "0 opens Text",
            r#"0 "hi""#,
            "0 closes",
            "1 calls c f false",
            "1 ({})",
            "1 closes",
            "usage Some(1) Some(2)",
            "stop Tools",
            "end",
        ],
    );
    let incomplete = |reason: &str| {
        format!(
            r#"{{"type":"response.incomplete","response":{{"incomplete_details":{{"reason":"{reason}"}}}}}}"#
        )
    };
    check(&[&incomplete("max_output_tokens")], &["start   None", "stop MaxTokens", "end"]);
    check(&[&incomplete("content_filter")], &["start   None", "stop Refusal", "end"]);
    check(
        &[r#"{"type":"response.completed","response":{"service_tier":"flex"}}"#],
        &["start   None", "served flex", "stop End", "end"],
    );
    check(
        &[
            r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"}}}"#,
        ],
        &[r#"error rate_limit_exceeded Some("rate_limit_exceeded") slow down"#],
    );
    check(
        &[r#"{"type":"error","code":null,"message":"m","param":null,"sequence_number":1}"#],
        &["error server_error None m"],
    );
    check(
        &[
            r#"{"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"too long"}}"#,
        ],
        &[r#"error invalid_request_error Some("context_length_exceeded") too long"#],
    );
    check(&[r#"{"error":{"message":"m"}}"#], &["error server_error None m"]);
    let failed = |code: &str, kind: &str| {
        let event = format!(
            r#"{{"type":"response.failed","response":{{"error":{{"code":"{code}","message":"m"}}}}}}"#
        );
        check(&[&event], &[&format!("error {kind} Some({code:?}) m")]);
    };
    check(&[r#"{"error":{"type":"T","code":404,"message":"m"}}"#], &[r#"error T Some("404") m"#]);
    failed("invalid_prompt", "invalid_request_error");
    failed("image_too_large", "invalid_request_error");
    failed("context_length_exceeded", "invalid_request_error");
    failed("server_error", "server_error");
    failed("vector_store_timeout", "vector_store_timeout");
    failed("server_is_overloaded", "server_is_overloaded");
    let keepalive = r#"{"type":"keepalive","sequence_number":2}"#;
    check(&[keepalive, CREATED, keepalive], &["start resp_1 gpt Some(1741290958)", "ping"]);
    // Cut short: there is no end.
    check(&[CREATED, "[DONE]", ""], &["start resp_1 gpt Some(1741290958)"]);
}

#[test]
fn names_of_events() {
    let mut reader = StreamReader::default();
    let mut seen = Vec::new();
    let mut each = |delta: Delta<'_>| seen.push(short(&delta));
    reader.event("response.output_text.delta", r#"{"delta":"a"}"#, &mut each).unwrap();
    reader.event("", r#"{"delta":"b", "type":"response.output_text.delta"}"#, &mut each).unwrap();
    reader.event("message", r#"{ "type": "response.output_text.delta", "delta":"c"}"#, &mut each).unwrap();
    reader.event("", r#"{}"#, &mut each).unwrap();
    assert!(reader.event("", "no JSON", &mut each).is_err());
    assert!(reader.event("response.output_text.delta", r#"{"delta":{}}"#, &mut each).is_err());
    assert_eq!(seen, ["start   None", "0 opens Text", r#"0 "a""#, r#"0 "b""#, r#"0 "c""#]);
}

/// Events that go with each other, or do not.
fn any_event() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec![
        "created",
        "output_item.added",
        "output_item.done",
        "content_part.done",
        "output_text.delta",
        "output_text.done",
        "output_text.annotation.added",
        "refusal.delta",
        "reasoning_summary_text.delta",
        "reasoning_text.done",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "custom_tool_call_input.done",
        "completed",
    ]);
    let item = prop::sample::select(vec![
        r#"{"type":"message","content":[{"type":"output_text","text":"h\u00e9llo"},{"type":"refusal","refusal":"no"}]}"#,
        r#"{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"}"#,
        r#"{"type":"function_call","id":"fc_2","name":"f"}"#,
        r#"{"type":"custom_tool_call","call_id":"d","name":"p","input":"x"}"#,
        r#"{"type":"reasoning","id":"rs_1","summary":[{"text":"a"}],"encrypted_content":"e"}"#,
        r#"{"type":"web_search_call","content":{}}"#,
    ]);
    (kind, item, 0u64..3, 0u64..2, prop::option::of(Just("fc_1")), "[a\u{e9}]{0,3}").prop_map(
        |(kind, item, index, part, id, text)| {
            let index = if index == 2 { String::new() } else { format!(r#""output_index":{index},"#) };
            let id = id.map(|id| format!(r#""item_id":"{id}","#)).unwrap_or_default();
            format!(
                r#"{{"type":"response.{kind}",{index}{id}"content_index":{part},"delta":"{text}","text":"{text}","arguments":"{text}","item":{item},
                    "part":{{"type":"output_text","text":"{text}"}},"annotation":{{"url":"u"}},"response":{{"output":[{item}]}}}}"#
            )
        },
    )
}

proptest! {
    /// Whatever comes, parts open in order, nothing is added to what is not open, and the end comes last and once.
    #[test]
    fn the_order_is_kept(events in prop::collection::vec(any_event(), 0..20)) {
        let (mut reader, mut open, mut parts, mut began, mut ended) = (StreamReader::default(), Vec::new(), 0, 0, 0);
        for event in &events {
            let read = reader.event("", event, &mut |delta| {
                assert_eq!(ended, 0, "{event}");
                assert!(began == 1 || matches!(delta, Delta::Start { .. }), "{event}");
                match delta {
                    Delta::Start { .. } => began += 1,
                    Delta::Open(part, _) => {
                        assert_eq!(part, parts);
                        parts += 1;
                        open.push(part);
                    }
                    Delta::Add(part, _) => assert!(open.contains(&part), "{event}"),
                    Delta::Close(part) => {
                        assert!(open.contains(&part), "{event}");
                        open.retain(|other| *other != part);
                    }
                    Delta::Stop(_) => assert!(open.is_empty()),
                    Delta::End => ended += 1,
                    _ => {}
                }
            });
            if read.is_err() || ended == 1 {
                break;
            }
        }
    }
}
