use ccproxy_wire::Usage;
use ccproxy_wire::sse::Events;
use proptest::prelude::*;

use super::*;
use crate::answer::{Answer, Stop};
use crate::chat::{StreamWriter, write_answer};
use crate::delta::{Delta, Kind, Piece, Trouble};
use crate::part::{Citation, Thinking};
use crate::seal::Seal;
use crate::stream::{Stream, Writer};

const ASKED: &str = r#"{"model":"mine","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true},"tools":[{"type":"custom","custom":{"name":"patch"}}]}"#;

fn events(out: &[u8]) -> Vec<String> {
    let (mut events, mut seen) = (Events::default(), Vec::new());
    events.push(out, |name, data| {
        assert_eq!(name, "");
        seen.push(data.to_owned());
    });
    seen
}

fn written(provider: Dialect, asked: &str, steps: &[Delta<'static>]) -> Vec<String> {
    let (mut writer, mut out) = (StreamWriter::new(exchange(provider, asked)), Vec::new());
    steps.iter().for_each(|delta| writer.delta(delta.clone(), &mut out));
    events(&out)
}

fn start() -> Delta<'static> {
    Delta::Start { id: "msg_01".into(), model: "theirs".into(), created: Some(9), service_tier: None }
}

fn call(name: &'static str) -> Kind<'static> {
    Kind::ToolCall { id: "toolu_1".into(), name: name.into(), custom: false }
}

fn add(part: usize, text: &'static str) -> Delta<'static> {
    Delta::Add(part, Piece::Text(text.into()))
}

fn arguments(part: usize, text: &'static str) -> Delta<'static> {
    Delta::Add(part, Piece::Arguments(text.into()))
}

fn seal() -> Seal {
    Seal::Anthropic { signature: "sig".into() }
}

/// What these steps, after the start and before the end, make of deltas; the last is with the finish.
fn check_for(
    provider: Dialect,
    asked: &str,
    steps: Vec<Delta<'static>>,
    stop: Stop,
    expect: &[&str],
    finish: &str,
) {
    let usage = Delta::Usage(Usage { input: Some(3), output: Some(4), ..Usage::default() });
    let all: Vec<Delta<'static>> =
        [start()].into_iter().chain(steps).chain([Delta::Stop(stop), usage, Delta::End]).collect();
    let events = written(provider, asked, &all);
    let [chunks @ .., used, done] = events.as_slice() else { panic!("{events:?}") };
    let head = |chunk: &Value| {
        assert_eq!((&chunk["id"], &chunk["created"]), (&json(r#""chatcmpl-01""#), &json("9")));
        assert_eq!(
            (&chunk["object"], &chunk["model"]),
            (&json(r#""chat.completion.chunk""#), &json(r#""mine""#))
        );
    };
    let mut got = Vec::new();
    for (n, chunk) in chunks.iter().map(json).enumerate() {
        head(&chunk);
        assert_eq!((&chunk["usage"], chunk.get("usage").is_some()), (&Value::Null, true));
        let choice = &chunk["choices"][0];
        let last = n + 1 == chunks.len();
        assert_eq!(choice["finish_reason"], if last { finish.into() } else { Value::Null });
        got.push(choice["delta"].to_string());
    }
    let expect: Vec<&str> = [&[r#"{"role":"assistant","content":""}"#], expect, &["{}"]].concat();
    assert_eq!(got, expect);
    let used = json(used);
    head(&used);
    assert_eq!(used["choices"], json("[]"));
    assert_eq!(used["usage"], json(r#"{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#));
    assert_eq!(done, "[DONE]");
}

fn check(steps: Vec<Delta<'static>>, stop: Stop, expect: &[&str], finish: &str) {
    check_for(Dialect::Messages, ASKED, steps, stop, expect, finish);
}

#[test]
fn texts() {
    check(vec![], Stop::End, &[], "stop");
    check(
        vec![Delta::Open(0, Kind::Text), add(0, "Hel"), add(0, "lo"), Delta::Close(0)],
        Stop::MaxTokens,
        &[r#"{"content":"Hel"}"#, r#"{"content":"lo"}"#],
        "length",
    );
    check(
        vec![Delta::Open(0, Kind::Refusal), add(0, "no"), Delta::Close(0)],
        Stop::Refusal,
        &[r#"{"refusal":"no"}"#],
        "stop",
    );
    let cite = |part, span| {
        Delta::Add(part, Piece::Citation(Citation { url: Some("u".into()), span, ..Citation::default() }))
    };
    check(
        vec![
            Delta::Open(0, Kind::Text),
            add(0, "sée"),
            cite(0, None),
            Delta::Close(0),
            Delta::Open(1, Kind::Text),
            cite(1, Some((0, 1))),
            add(1, "x"),
            Delta::Close(1),
        ],
        Stop::End,
        &[
            r#"{"content":"sée"}"#,
            r#"{"content":"x"}"#,
            r#"{"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":3,"title":"","url":"u"}},{"type":"url_citation","url_citation":{"start_index":3,"end_index":4,"title":"","url":"u"}}]}"#,
        ],
        "stop",
    );
}

#[test]
fn thoughts() {
    let redacted = Seal::Redacted { data: "x".into() };
    check(
        vec![
            Delta::Open(0, Kind::Thinking),
            add(0, "h"),
            add(0, "m"),
            Delta::Add(0, Piece::Seal(seal())),
            Delta::Close(0),
            Delta::Open(1, Kind::Thinking),
            Delta::Add(1, Piece::Seal(redacted)),
            Delta::Close(1),
            Delta::Open(2, Kind::Thinking),
            add(2, "so"),
            Delta::Close(2),
        ],
        Stop::End,
        &[
            r#"{"reasoning_content":"h","reasoning":"h","reasoning_details":[{"type":"reasoning.text","text":"h","index":0}]}"#,
            r#"{"reasoning_content":"m","reasoning":"m","reasoning_details":[{"type":"reasoning.text","text":"m","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","signature":"sig","format":"anthropic-claude-v1","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"x","format":"anthropic-claude-v1","index":1}]}"#,
            r#"{"reasoning_content":"\n\nso","reasoning":"\n\nso","reasoning_details":[{"type":"reasoning.text","text":"so","index":2}]}"#,
        ],
        "stop",
    );
    let sealed = Seal::OpenAi { id: Some("rs_1".into()), encrypted: "gAAA".into() };
    check_for(
        Dialect::Responses,
        ASKED,
        vec![
            Delta::Open(0, Kind::Thinking),
            add(0, "a"),
            Delta::Add(0, Piece::NextText),
            add(0, "b"),
            Delta::Add(0, Piece::Seal(sealed)),
            Delta::Close(0),
        ],
        Stop::End,
        &[
            r#"{"reasoning_content":"a","reasoning":"a","reasoning_details":[{"type":"reasoning.summary","summary":"a","index":0}]}"#,
            r#"{"reasoning_content":"\n\nb","reasoning":"\n\nb","reasoning_details":[{"type":"reasoning.summary","summary":"b","index":1}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":2}]}"#,
        ],
        "stop",
    );
}

#[test]
fn calls() {
    check(
        vec![Delta::Open(0, call("f")), arguments(0, "{\"a\""), arguments(0, ":1}"), Delta::Close(0)],
        Stop::Tools,
        &[
            r#"{"tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"f","arguments":""}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}"#,
        ],
        "tool_calls",
    );
    check(
        vec![Delta::Open(0, call("f")), Delta::Close(0)],
        Stop::Tools,
        &[
            r#"{"tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"f","arguments":""}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#,
        ],
        "tool_calls",
    );
    // A custom tool, which the provider has as a function. One goes on at a time.
    check(
        vec![
            Delta::Open(0, call("patch")),
            Delta::Open(1, call("f")),
            arguments(1, "{}"),
            arguments(0, r#"{"input":"a"#),
            Delta::Open(2, Kind::Text),
            add(2, "x"),
            Delta::Close(1),
            arguments(0, r#"b"}"#),
            Delta::Close(0),
        ],
        Stop::Tools,
        &[
            r#"{"tool_calls":[{"index":0,"id":"toolu_1","type":"custom","custom":{"name":"patch","input":""}}]}"#,
            r#"{"tool_calls":[{"index":0,"custom":{"input":"a"}}]}"#,
            r#"{"content":"x"}"#,
            r#"{"tool_calls":[{"index":0,"custom":{"input":"b"}}]}"#,
            r#"{"tool_calls":[{"index":1,"id":"toolu_1","type":"function","function":{"name":"f","arguments":""}}]}"#,
            r#"{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}"#,
        ],
        "tool_calls",
    );
    let older = r#"{"model":"mine","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true},"functions":[{"name":"f"}]}"#;
    check_for(
        Dialect::Messages,
        older,
        vec![
            Delta::Open(0, call("f")),
            arguments(0, "{}"),
            Delta::Close(0),
            Delta::Open(1, call("f")),
            Delta::Close(1),
        ],
        Stop::Tools,
        &[r#"{"function_call":{"name":"f","arguments":""}}"#, r#"{"function_call":{"arguments":"{}"}}"#],
        "function_call",
    );
}

#[test]
fn ends() {
    let plain = r#"{"model":"mine","messages":[{"role":"user","content":"hi"}],"stream":true}"#;
    let used = Delta::Usage(Usage { input: Some(3), ..Usage::default() });
    let events = written(Dialect::Messages, plain, &[start(), used, Delta::End]);
    assert_eq!(events.len(), 3, "{events:?}");
    assert!(!events[0].contains("usage") && events[1].contains(r#""finish_reason":"stop""#), "{events:?}");
    // Nothing is known, nothing is told.
    let events = written(Dialect::Messages, ASKED, &[start(), Delta::End]);
    assert_eq!((events.len(), &*events[2]), (3, "[DONE]"));

    let fail = |kind: &'static str, code: Option<&'static str>| {
        let trouble =
            Trouble { kind: kind.into(), code: code.map(Into::into), message: "no".into(), param: None };
        let events = written(Dialect::Messages, ASKED, &[start(), Delta::Error(trouble)]);
        assert_eq!(events.len(), 2, "{events:?}");
        events[1].clone()
    };
    assert_eq!(
        fail("overloaded_error", None),
        r#"{"error":{"message":"no","type":"server_error","param":null,"code":"overloaded"}}"#
    );
    assert_eq!(
        fail("rate_limit_exceeded", Some("c")),
        r#"{"error":{"message":"no","type":"rate_limit_exceeded","param":null,"code":"c"}}"#
    );

    // How it was served may be known at the end only.
    let steps = [start(), Delta::Served("flex".into()), Delta::Stop(Stop::End), Delta::End];
    let tiers = written(Dialect::Responses, ASKED, &steps);
    let [first, last, _] = tiers.as_slice() else { panic!("{tiers:?}") };
    assert_eq!((&json(first)["service_tier"], &json(last)["service_tier"]), (&Value::Null, &"flex".into()));

    let mut out = Vec::new();
    StreamWriter::new(exchange(Dialect::Messages, ASKED)).delta(Delta::Ping, &mut out);
    assert_eq!(out, b": ping\n\n");
}

/// A client's SDK: puts the deltas together, as OpenAI's do.
fn accumulate(whole: &mut Value, delta: &Value) {
    for (key, more) in delta.as_object().unwrap() {
        let own = &mut whole[key];
        match (own, more) {
            (own @ Value::Null, Value::Array(list))
                if list.iter().all(|entry| entry.get("index").is_none()) =>
            {
                *own = more.clone();
            }
            (own, Value::Array(list)) => {
                if own.is_null() {
                    *own = Value::Array(Vec::new());
                }
                for entry in list {
                    let own = own.as_array_mut().unwrap();
                    let index = usize::try_from(entry["index"].as_u64().unwrap()).unwrap();
                    if own.len() <= index {
                        own.push(Value::Object(serde_json::Map::new()));
                    }
                    accumulate(&mut own[index], entry);
                }
            }
            (own @ Value::Object(_), Value::Object(_)) => accumulate(own, more),
            (Value::String(own), Value::String(more)) if key != "type" => own.push_str(more),
            (own, more) => *own = more.clone(),
        }
    }
}

/// The message that a stream comes to, in the form of a whole answer's.
fn accumulated(events: &[String]) -> Value {
    let mut whole = json("{}");
    for chunk in events.iter().filter(|event| *event != "[DONE]").map(json) {
        if let Some(delta) = chunk["choices"][0].get("delta") {
            accumulate(&mut whole, delta);
        }
    }
    for call in whole.get_mut("tool_calls").into_iter().flat_map(|calls| calls.as_array_mut().unwrap()) {
        call.as_object_mut().unwrap().remove("index");
    }
    if whole["content"] == "" && ["refusal", "tool_calls"].iter().any(|field| !whole[*field].is_null()) {
        whole["content"] = Value::Null;
    }
    whole.as_object_mut().unwrap().entry("refusal").or_insert(Value::Null);
    whole
}

fn steps_of(part: usize, given: &Part) -> Vec<Delta<'static>> {
    let mut steps = Vec::new();
    let own = |text: &str| Piece::Text(text.to_owned().into());
    match given {
        Part::Text(said) => {
            steps.push(Delta::Open(part, Kind::Text));
            steps.push(Delta::Add(part, own(&said.text)));
            steps.extend(said.citations.iter().map(|cited| Delta::Add(part, Piece::Citation(cited.clone()))));
        }
        Part::Refusal(said) => steps.extend([Delta::Open(part, Kind::Refusal), Delta::Add(part, own(said))]),
        Part::Thinking(Thinking { texts, seal }) => {
            steps.push(Delta::Open(part, Kind::Thinking));
            for (n, said) in texts.iter().enumerate() {
                steps.extend((n > 0).then_some(Delta::Add(part, Piece::NextText)));
                steps.push(Delta::Add(part, own(said)));
            }
            steps.extend(seal.iter().map(|seal| Delta::Add(part, Piece::Seal(seal.clone()))));
        }
        Part::ToolCall(call) => {
            let (id, name) = (call.id.clone().into(), call.name.clone().into());
            steps.push(Delta::Open(part, Kind::ToolCall { id, name, custom: call.custom }));
            steps.push(Delta::Add(part, Piece::Arguments(call.arguments.clone().into())));
        }
        _ => {}
    }
    steps.push(Delta::Close(part));
    steps
}

fn sealed(part: &Part) -> Option<Seal> {
    match part {
        Part::Thinking(thinking) => thinking.seal.clone(),
        _ => None,
    }
}

fn any_part() -> impl Strategy<Value = Part> {
    let texts = prop::collection::vec("[a-zé]{1,3}", 1..3);
    let seals = prop::option::of(prop::sample::select(vec![
        seal(),
        Seal::Redacted { data: "x".into() },
        Seal::OpenAi { id: Some("rs_1".into()), encrypted: "gAAA".into() },
    ]));
    prop_oneof![
        ("[a-zé]{1,4}", any::<bool>()).prop_map(|(text, cited)| {
            let citation = Citation { url: Some("https://x".into()), ..Citation::default() };
            Part::Text(Text { text, citations: cited.then_some(citation).into_iter().collect(), cache: None })
        }),
        "[a-z]{1,4}".prop_map(Part::Refusal),
        (texts, seals).prop_map(|(texts, seal)| {
            // Redacted thoughts are no text.
            let texts = if matches!(seal, Some(Seal::Redacted { .. })) { Vec::new() } else { texts };
            // And each maker seals in his own way.
            let texts = if matches!(seal, Some(Seal::Anthropic { .. })) {
                texts.into_iter().take(1).collect()
            } else {
                texts
            };
            Part::Thinking(Thinking { texts, seal })
        }),
        prop::sample::select(vec![("f", "{\"a\":1}"), ("f", ""), ("patch", "{\"input\":\"x\"}")])
            .prop_map(|(name, arguments)| super::call("toolu_1", name, arguments, false)),
    ]
}

proptest! {
    /// A stream comes to the same as the whole answer.
    #[test]
    fn streams_are_answers(parts in prop::collection::vec(any_part(), 0..6), responses in any::<bool>()) {
        let provider = if responses { Dialect::Responses } else { Dialect::Messages };
        // A maker's thoughts are told in his own way, so others' are not among them.
        let parts: Vec<Part> = parts
            .into_iter()
            .filter(|part| match part {
                Part::Thinking(Thinking { seal: Some(seal), .. }) => matches!(seal, Seal::OpenAi { .. }) == responses,
                _ => true,
            })
            .collect();
        let seals: Vec<Seal> = parts.iter().filter_map(sealed).collect();
        let told = parts.iter().enumerate().flat_map(|(n, part)| steps_of(n, part));
        let steps: Vec<_> = [start()].into_iter().chain(told).chain([Delta::Stop(Stop::End), Delta::End]).collect();
        let stream = accumulated(&written(provider, ASKED, &steps));
        let answer = Answer { id: "msg_01".into(), parts, ..Answer::default() };
        let whole = json(write_answer(answer, &exchange(provider, ASKED)));
        prop_assert_eq!(&stream, &whole["choices"][0]["message"]);
        // And what it seals is there still when it comes back.
        let (back, _) = read(&format!(r#"{{"model":"m","messages":[{stream}]}}"#)).unwrap();
        let back: Vec<Seal> = back.turns.iter().flat_map(|turn| &turn.parts).filter_map(sealed).collect();
        prop_assert_eq!(back, seals);
    }

    /// Whatever comes, nothing breaks.
    #[test]
    fn nothing_breaks(text in "(data: |\n\n|\\{\"choices\":\\[\\{\"delta\":|\\{\"content\":\"a\"\\}|\\{\"tool_calls\":\\[\\{\"index\":0,|\"id\":\"c\"|\\}\\]|\\}|\\[DONE\\]|\"function\":\\{\"name\":\"f\"|,){0,30}") {
        let mut stream = Stream::new(exchange(Dialect::Chat, ASKED));
        let mut out = Vec::new();
        let _ = stream.push(text.as_bytes(), &mut out);
        stream.finish(&mut out);
        stream.fail("api_error", "cut", &mut out);
    }
}
