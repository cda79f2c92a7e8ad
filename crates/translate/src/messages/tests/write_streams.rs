use ccproxy_wire::Usage;
use ccproxy_wire::sse::Events;
use proptest::prelude::*;

use super::*;
use crate::answer::{Answer, Stop};
use crate::delta::{Delta, Kind, Piece, Trouble};
use crate::messages::{StreamWriter, write_answer};
use crate::part::Citation;
use crate::stream::Writer;

/// The events that are written for these steps.
fn written(steps: Vec<Delta<'_>>) -> Vec<Value> {
    let (mut writer, mut out) = (StreamWriter::new(exchange()), Vec::new());
    steps.into_iter().for_each(|delta| writer.delta(delta, &mut out));
    let (mut events, mut seen) = (Events::default(), Vec::new());
    events.push(&out, |name, data| {
        let event = json(data);
        assert_eq!(event["type"], name);
        seen.push(event);
    });
    seen
}

fn start() -> Delta<'static> {
    Delta::Start { id: "resp_1".into(), model: "theirs".into(), created: Some(9), service_tier: None }
}

fn calls(id: &'static str, name: &'static str) -> Kind<'static> {
    Kind::ToolCall { id: id.into(), name: name.into(), custom: false }
}

fn add(part: usize, text: &'static str) -> Delta<'static> {
    Delta::Add(part, Piece::Text(text.into()))
}

fn args(part: usize, json: &'static str) -> Delta<'static> {
    Delta::Add(part, Piece::Arguments(json.into()))
}

/// In short.
fn short(event: &Value) -> String {
    let index = &event["index"];
    match event["type"].as_str().unwrap() {
        "content_block_start" => format!("{index} {}", event["content_block"]),
        "content_block_delta" => {
            let delta = &event["delta"];
            let told = ["text", "thinking", "signature", "partial_json", "citation"];
            let told = told.iter().map(|field| &delta[*field]).find(|value| !value.is_null());
            format!("{index} {} {}", delta["type"].as_str().unwrap(), told.unwrap())
        }
        "content_block_stop" => format!("{index} stops"),
        other => other.to_owned(),
    }
}

fn check(parts: Vec<Delta<'_>>, expect: &[&str]) {
    let steps = [start()].into_iter().chain(parts).chain([Delta::Stop(Stop::End), Delta::End]).collect();
    let events = written(steps);
    let got: Vec<String> = events.iter().map(short).collect();
    let expect: Vec<&str> =
        ["message_start"].iter().chain(expect).chain(&["message_delta", "message_stop"]).copied().collect();
    assert_eq!(got, expect);
}

#[test]
fn the_frame() {
    let usage = |input, output| Usage { input, output, cache_read: Some(4), ..Usage::default() };
    let events = written(vec![
        Delta::Usage(usage(Some(10), None)),
        start(),
        Delta::Ping,
        Delta::Usage(usage(None, Some(5))),
        Delta::Stop(Stop::Sequence(Some("X".into()))),
        Delta::End,
    ]);
    assert_eq!(
        events,
        [
            json(
                r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"mine","content":[],
                "stop_reason":null,"stop_sequence":null,
                "usage":{"input_tokens":6,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":0}}}"#
            ),
            json(r#"{"type":"ping"}"#),
            json(
                r#"{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"X"},
                "usage":{"input_tokens":6,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":5}}"#
            ),
            json(r#"{"type":"message_stop"}"#),
        ]
    );
}

#[test]
fn texts_and_thoughts() {
    let citation = Citation { url: Some("https://x".into()), span: Some((0, 2)), ..Citation::default() };
    let seal = Seal::OpenAi { id: None, encrypted: "g".into() };
    let envelope = seal.envelope(&[]);
    check(
        vec![
            Delta::Open(0, Kind::Thinking),
            add(0, ""),
            add(0, "a"),
            Delta::Add(0, Piece::NextText),
            add(0, "b"),
            Delta::Add(0, Piece::Seal(seal)),
            Delta::Close(0),
            Delta::Open(1, Kind::Text),
            add(1, "hi"),
            Delta::Add(1, Piece::Citation(citation)),
            Delta::Close(1),
        ],
        &[
            r#"0 {"type":"thinking","thinking":"","signature":""}"#,
            r#"0 thinking_delta "a""#,
            r#"0 thinking_delta "\n\n""#,
            r#"0 thinking_delta "b""#,
            &format!("0 signature_delta \"{envelope}\""),
            "0 stops",
            r#"1 {"type":"text","text":""}"#,
            r#"1 text_delta "hi""#,
            r#"1 citations_delta {"type":"web_search_result_location","cited_text":"hi","url":"https://x","title":null,"encrypted_index":""}"#,
            "1 stops",
        ],
    );
    // Sealed and silent; silent and unsealed; said and unsealed; nobody may read it; nothing said.
    check(
        vec![
            Delta::Open(0, Kind::Thinking),
            Delta::Add(0, Piece::Seal(Seal::Anthropic { signature: "Eq".into() })),
            Delta::Close(0),
            Delta::Open(1, Kind::Thinking),
            Delta::Close(1),
            Delta::Open(2, Kind::Thinking),
            add(2, "hm"),
            Delta::Close(2),
            Delta::Open(3, Kind::Thinking),
            Delta::Add(3, Piece::Seal(Seal::Redacted { data: "r".into() })),
            Delta::Close(3),
            Delta::Open(4, Kind::Text),
            Delta::Close(4),
        ],
        &[
            r#"0 {"type":"thinking","thinking":"","signature":""}"#,
            r#"0 signature_delta "Eq""#,
            "0 stops",
            r#"1 {"type":"thinking","thinking":"","signature":""}"#,
            r#"1 thinking_delta "hm""#,
            r#"1 signature_delta "ccproxy.1.""#,
            "1 stops",
            r#"2 {"type":"redacted_thinking","data":"r"}"#,
            "2 stops",
        ],
    );
}

#[test]
fn calls_in_parallel() {
    check(
        vec![
            Delta::Open(0, Kind::Text),
            add(0, "so"),
            Delta::Open(1, calls("a", "f")),
            args(1, "{\"x\":"),
            Delta::Open(2, calls("b", "g")),
            args(2, "{"),
            args(1, "1"),
            Delta::Close(0),
            args(1, "}"),
            args(2, "}"),
            Delta::Close(2),
            Delta::Close(1),
        ],
        &[
            r#"0 {"type":"text","text":""}"#,
            r#"0 text_delta "so""#,
            "0 stops",
            r#"1 {"type":"tool_use","id":"a","name":"f","input":{}}"#,
            r#"1 input_json_delta "{\"x\":""#,
            r#"1 input_json_delta "1""#,
            r#"1 input_json_delta "}""#,
            "1 stops",
            r#"2 {"type":"tool_use","id":"b","name":"g","input":{}}"#,
            r#"2 input_json_delta "{""#,
            r#"2 input_json_delta "}""#,
            "2 stops",
        ],
    );
    // What nobody closes is closed at the end.
    check(
        vec![Delta::Open(0, calls("a", "f")), Delta::Open(1, calls("", "g")), args(1, "{}")],
        &[
            r#"0 {"type":"tool_use","id":"a","name":"f","input":{}}"#,
            "0 stops",
            r#"1 {"type":"tool_use","id":"toolu_stamp_1","name":"g","input":{}}"#,
            r#"1 input_json_delta "{}""#,
            "1 stops",
        ],
    );
}

#[test]
fn arguments() {
    let check = |kind: Kind<'static>, pieces: &[&'static str], expect: &[&str]| {
        let mut steps = vec![start(), Delta::Open(0, kind)];
        steps.extend(pieces.iter().map(|piece| args(0, piece)));
        steps.extend([Delta::Close(0), Delta::End]);
        let deltas: Vec<Value> =
            written(steps).into_iter().filter(|event| event["type"] == "content_block_delta").collect();
        let got: Vec<&str> =
            deltas.iter().map(|event| event["delta"]["partial_json"].as_str().unwrap()).collect();
        assert_eq!(got, expect, "{pieces:?}");
    };
    check(calls("a", "f"), &[], &[]);
    check(calls("a", "f"), &["", " "], &[]);
    check(calls("a", "f"), &["null"], &[]);
    check(calls("a", "f"), &["", " {", "}"], &[" {", "}"]);
    check(calls("a", "f"), &["[1", "]"], &[r#"{"input":"[1]"}"#]);
    let custom = Kind::ToolCall { id: "a".into(), name: "f".into(), custom: true };
    check(custom, &["{\"", "x"], &[r#"{"input":"{\"x"}"#]);
}

#[test]
fn endings() {
    let check = |steps: Vec<Delta<'_>>, expect: &str| {
        let events = written(steps);
        let end = events.iter().find(|event| event["type"] == "message_delta").unwrap();
        assert_eq!(end["delta"]["stop_reason"], expect);
    };
    check(vec![Delta::End], "end_turn");
    check(
        vec![start(), Delta::Open(0, calls("a", "f")), Delta::Close(0), Delta::Stop(Stop::End), Delta::End],
        "tool_use",
    );
    check(vec![start(), Delta::Open(0, Kind::Refusal), add(0, "no"), Delta::Close(0), Delta::End], "refusal");
    check(vec![start(), Delta::Stop(Stop::MaxTokens), Delta::End], "max_tokens");
}

#[test]
fn errors() {
    let check = |kind: &'static str, code: Option<&'static str>, expect: &str| {
        let trouble =
            Trouble { kind: kind.into(), code: code.map(Into::into), message: "m".into(), param: None };
        let events = written(vec![start(), Delta::Error(trouble)]);
        assert_eq!(
            events.last().unwrap(),
            &json(format!(r#"{{"type":"error","error":{{"type":"{expect}","message":"m"}}}}"#)),
            "{kind} {code:?}"
        );
    };
    check("overloaded_error", None, "overloaded_error");
    check("server_error", None, "api_error");
    check("server_error", Some("overloaded"), "overloaded_error");
    check("tokens", Some("rate_limit_exceeded"), "rate_limit_error");
    check("invalid_request_error", Some("context_length_exceeded"), "invalid_request_error");
}

/// What a client makes of the events.
fn gathered(events: &[Value]) -> Value {
    let mut message = Value::Null;
    let mut inputs: std::collections::BTreeMap<u64, String> = Default::default();
    for event in events {
        let index = event["index"].as_u64().unwrap_or_default();
        let at = usize::try_from(index).unwrap();
        let append = |value: &mut Value, more: &Value| {
            *value = format!("{}{}", value.as_str().unwrap(), more.as_str().unwrap()).into();
        };
        match event["type"].as_str().unwrap() {
            "message_start" => message = event["message"].clone(),
            "content_block_start" => {
                assert_eq!(message["content"].as_array().unwrap().len(), at);
                message["content"].as_array_mut().unwrap().push(event["content_block"].clone());
            }
            "content_block_delta" => {
                let (block, delta) = (&mut message["content"][at], &event["delta"]);
                match delta["type"].as_str().unwrap() {
                    "text_delta" => append(&mut block["text"], &delta["text"]),
                    "thinking_delta" => append(&mut block["thinking"], &delta["thinking"]),
                    "signature_delta" => block["signature"] = delta["signature"].clone(),
                    "input_json_delta" => {
                        inputs.entry(index).or_default().push_str(delta["partial_json"].as_str().unwrap())
                    }
                    other => panic!("{other}"),
                }
            }
            "content_block_stop" => {
                if let Some(input) = inputs.remove(&index) {
                    message["content"][at]["input"] = json(input);
                }
            }
            "message_delta" => {
                message["stop_reason"] = event["delta"]["stop_reason"].clone();
                message["usage"] = event["usage"].clone();
            }
            _ => {}
        }
    }
    message
}

/// A part, and the pieces in which it comes.
fn part() -> impl Strategy<Value = Part> {
    let words = "[a-z \"\\\\\u{1f980}]{0,6}";
    prop_oneof![
        words.prop_map(|said| text(&said)),
        (words, any::<bool>()).prop_map(|(said, signed)| {
            let seal = signed.then(|| Seal::OpenAi { id: None, encrypted: "g".into() });
            Part::Thinking(Thinking { texts: vec![said], seal })
        }),
        (words, "[a-z]{1,3}").prop_map(|(said, id)| call(
            &id,
            "f",
            &serde_json::json!({ "a": said }).to_string()
        )),
        "[a-z]{1,3}".prop_map(|id| call(&id, "a tool", "")),
    ]
}

fn deltas(n: usize, part: &Part) -> Vec<Delta<'static>> {
    let halves = |text: &str| {
        let (a, b) = text.split_at(text.floor_char_boundary(text.len() / 2));
        [a.to_owned(), b.to_owned()]
    };
    let mut steps = Vec::new();
    match part {
        Part::Text(said) => {
            steps.push(Delta::Open(n, Kind::Text));
            steps.extend(halves(&said.text).map(|half| Delta::Add(n, Piece::Text(half.into()))));
        }
        Part::Thinking(thinking) => {
            steps.push(Delta::Open(n, Kind::Thinking));
            steps.extend(halves(&thinking.texts[0]).map(|half| Delta::Add(n, Piece::Text(half.into()))));
            steps.extend(thinking.seal.clone().map(|seal| Delta::Add(n, Piece::Seal(seal))));
        }
        Part::ToolCall(call) => {
            let (id, name) = (call.id.clone().into(), call.name.clone().into());
            steps.push(Delta::Open(n, Kind::ToolCall { id, name, custom: false }));
            steps.extend(halves(&call.arguments).map(|half| Delta::Add(n, Piece::Arguments(half.into()))));
        }
        _ => panic!(),
    }
    steps.push(Delta::Close(n));
    steps
}

proptest! {
    /// However the parts interleave, the events in one are the whole answer.
    #[test]
    fn the_stream_is_the_answer(parts in prop::collection::vec(part(), 0..5), order in prop::collection::vec(0usize..5, 0..40)) {
        let mut queues: Vec<std::collections::VecDeque<Delta<'static>>> =
            parts.iter().enumerate().map(|(n, part)| deltas(n, part).into()).collect();
        let mut steps = vec![start()];
        // Parts open in order.
        let mut opened = 0;
        for pick in order.into_iter().chain((0..5).flat_map(|n| [n; 8])) {
            let pick = pick.min(opened);
            if let Some(delta) = queues.get_mut(pick).and_then(std::collections::VecDeque::pop_front) {
                opened += usize::from(matches!(delta, Delta::Open(..)));
                steps.push(delta);
            }
        }
        let usage = Usage { input: Some(3), output: Some(4), ..Usage::default() };
        steps.extend([Delta::Usage(usage), Delta::Stop(Stop::End), Delta::End]);
        let answer = Answer { id: "resp_1".into(), parts, stop: Stop::End, usage, ..Answer::default() };
        prop_assert_eq!(gathered(&written(steps)), json(write_answer(answer, &exchange())));
    }
}
