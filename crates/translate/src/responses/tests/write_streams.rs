use std::collections::BTreeMap;

use ccproxy_wire::Usage;
use ccproxy_wire::sse::Events;
use proptest::prelude::*;

use super::*;
use crate::answer::{Answer, Stop};
use crate::delta::{Delta, Kind, Piece, Trouble};
use crate::part::{Citation, Part, Text, Thinking, ToolCall};
use crate::request::{Request, Tool, ToolKind};
use crate::responses::{Echo, Spaces, StreamWriter, write_answer};
use crate::seal::Seal;
use crate::stream::{Stream, Writer};
use crate::tools::ToolNames;

/// An exchange with a provider that knows no custom tools; the client has one, `patch`.
fn foreign() -> Exchange {
    let patch = Tool {
        name: "patch".into(),
        description: None,
        kind: ToolKind::Custom { format: None },
        cache: None,
    };
    let request = Request { tools: vec![patch], ..Request::default() };
    let mut spaces = Spaces::default();
    spaces.learn(
        "mcp__docs__lookup",
        crate::responses::Way::Within { namespace: "mcp__docs".into(), name: "lookup".into() },
    );
    spaces.learn("tool_search", crate::responses::Way::Search);
    Exchange {
        client: Dialect::Responses,
        provider: Dialect::Messages,
        model: "mine".into(),
        tools: ToolNames::of(&request, Dialect::Messages),
        stream_usage: false,
        echo: Echo::of(br#"{"model":"mine","input":"x"}"#, spaces),
        stamp: Stamp { id: "stamp".into(), created: 7 },
        kept: None,
    }
}

/// The events that are written for these steps. The comments are left out.
fn written(steps: Vec<Delta<'_>>) -> Vec<(String, Value)> {
    let (mut writer, mut out) = (StreamWriter::new(foreign()), Vec::new());
    steps.into_iter().for_each(|delta| writer.delta(delta, &mut out));
    events(&out)
}

fn events(out: &[u8]) -> Vec<(String, Value)> {
    let (mut events, mut seen) = (Events::default(), Vec::new());
    events.push(out, |name, data| seen.push((name.to_owned(), json(data))));
    seen
}

fn start() -> Delta<'static> {
    Delta::Start { id: "msg_01".into(), model: "theirs".into(), created: Some(9), service_tier: None }
}

fn call(name: &'static str) -> Kind<'static> {
    Kind::ToolCall { id: "toolu_1".into(), name: name.into(), custom: false }
}

fn add(part: usize, text: &str) -> Delta<'_> {
    Delta::Add(part, Piece::Text(text.into()))
}

fn arguments(part: usize, text: &str) -> Delta<'_> {
    Delta::Add(part, Piece::Arguments(text.into()))
}

/// Each event in short: its name, where it is about, and what it says.
fn short(events: &[(String, Value)]) -> Vec<String> {
    let line = |(n, (name, data)): (usize, &(String, Value))| {
        assert_eq!(
            (data["type"].as_str(), data["sequence_number"].as_u64()),
            (Some(name.as_str()), Some(n as u64))
        );
        let name = name.strip_prefix("response.").unwrap_or(name);
        let place: Vec<String> = ["output_index", "content_index", "summary_index", "item_id"]
            .iter()
            .filter_map(|field| data.get(field).map(ToString::to_string))
            .collect();
        let said = ["delta", "text", "refusal", "arguments", "input", "part", "item", "annotation", "code"]
            .iter()
            .find_map(|field| data.get(field))
            .or_else(|| data.get("response").map(|response| &response["status"]));
        format!("{name} {} {}", place.join(" "), said.unwrap_or(&Value::Null))
    };
    events.iter().enumerate().map(line).collect()
}

fn check(steps: Vec<Delta<'_>>, expect: &[&str]) {
    let all: Vec<Delta<'_>> = [start()].into_iter().chain(steps).collect();
    let events = written(all);
    let got = short(&events);
    let begin = ["created  \"in_progress\"", "in_progress  \"in_progress\""];
    let expect: Vec<&str> = begin.iter().chain(expect).copied().collect();
    assert_eq!(got, expect, "{got:#?}");
}

#[test]
fn texts() {
    let cited = Citation { url: Some("https://x".into()), title: Some("t".into()), ..Citation::default() };
    check(
        vec![
            Delta::Ping,
            Delta::Open(0, Kind::Text),
            add(0, "Hel"),
            Delta::Add(0, Piece::Citation(cited)),
            add(0, "lo"),
            Delta::Close(0),
            Delta::Open(1, Kind::Refusal),
            add(1, "no"),
            Delta::Close(1),
            Delta::Stop(Stop::End),
            Delta::End,
        ],
        &[
            r#"output_item.added 0 {"type":"message","id":"msg_01_0","status":"in_progress","role":"assistant","content":[]}"#,
            r#"content_part.added 0 0 "msg_01_0" {"type":"output_text","text":"","annotations":[],"logprobs":[]}"#,
            r#"output_text.delta 0 0 "msg_01_0" "Hel""#,
            r#"output_text.delta 0 0 "msg_01_0" "lo""#,
            r#"output_text.annotation.added 0 0 "msg_01_0" {"type":"url_citation","url":"https://x","title":"t","start_index":0,"end_index":5}"#,
            r#"output_text.done 0 0 "msg_01_0" "Hello""#,
            r#"content_part.done 0 0 "msg_01_0" {"type":"output_text","text":"Hello","annotations":[{"type":"url_citation","url":"https://x","title":"t","start_index":0,"end_index":5}],"logprobs":[]}"#,
            r#"content_part.added 0 1 "msg_01_0" {"type":"refusal","refusal":""}"#,
            r#"refusal.delta 0 1 "msg_01_0" "no""#,
            r#"refusal.done 0 1 "msg_01_0" "no""#,
            r#"content_part.done 0 1 "msg_01_0" {"type":"refusal","refusal":"no"}"#,
            r#"output_item.done 0 {"type":"message","id":"msg_01_0","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello","annotations":[{"type":"url_citation","url":"https://x","title":"t","start_index":0,"end_index":5}],"logprobs":[]},{"type":"refusal","refusal":"no"}]}"#,
            r#"completed  "completed""#,
        ],
    );
}

#[test]
fn thoughts() {
    let seal = Seal::Anthropic { signature: "sig".into() };
    let envelope = seal.envelope(&["one".to_owned(), "two".to_owned()]);
    let whole = format!(
        r#"output_item.done 0 {{"type":"reasoning","id":"rs_01_0","summary":[{{"type":"summary_text","text":"one"}},{{"type":"summary_text","text":"two"}}],"encrypted_content":"{envelope}"}}"#
    );
    check(
        vec![
            Delta::Open(0, Kind::Thinking),
            add(0, "on"),
            add(0, "e"),
            Delta::Add(0, Piece::NextText),
            add(0, "two"),
            Delta::Add(0, Piece::Seal(seal)),
            Delta::Close(0),
            Delta::End,
        ],
        &[
            r#"output_item.added 0 {"type":"reasoning","id":"rs_01_0","summary":[]}"#,
            r#"reasoning_summary_part.added 0 0 "rs_01_0" {"type":"summary_text","text":""}"#,
            r#"reasoning_summary_text.delta 0 0 "rs_01_0" "on""#,
            r#"reasoning_summary_text.delta 0 0 "rs_01_0" "e""#,
            r#"reasoning_summary_text.done 0 0 "rs_01_0" "one""#,
            r#"reasoning_summary_part.done 0 0 "rs_01_0" {"type":"summary_text","text":"one"}"#,
            r#"reasoning_summary_part.added 0 1 "rs_01_0" {"type":"summary_text","text":""}"#,
            r#"reasoning_summary_text.delta 0 1 "rs_01_0" "two""#,
            r#"reasoning_summary_text.done 0 1 "rs_01_0" "two""#,
            r#"reasoning_summary_part.done 0 1 "rs_01_0" {"type":"summary_text","text":"two"}"#,
            &whole,
            r#"completed  "completed""#,
        ],
    );
}

#[test]
fn calls() {
    check(
        vec![
            Delta::Open(0, Kind::Text),
            add(0, "a"),
            Delta::Close(0),
            Delta::Open(1, call("f")),
            Delta::Open(2, call("mcp__docs__lookup")),
            arguments(2, "{}"),
            arguments(1, "[1]"),
            Delta::Close(2),
            Delta::Close(1),
            Delta::Open(3, call("f")),
            Delta::Close(3),
            Delta::Stop(Stop::Tools),
            Delta::End,
        ],
        &[
            r#"output_item.added 0 {"type":"message","id":"msg_01_0","status":"in_progress","role":"assistant","content":[]}"#,
            r#"content_part.added 0 0 "msg_01_0" {"type":"output_text","text":"","annotations":[],"logprobs":[]}"#,
            r#"output_text.delta 0 0 "msg_01_0" "a""#,
            r#"output_text.done 0 0 "msg_01_0" "a""#,
            r#"content_part.done 0 0 "msg_01_0" {"type":"output_text","text":"a","annotations":[],"logprobs":[]}"#,
            r#"output_item.done 0 {"type":"message","id":"msg_01_0","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]}]}"#,
            r#"output_item.added 1 {"type":"function_call","id":"fc_01_1","status":"in_progress","call_id":"toolu_1","name":"f","arguments":""}"#,
            r#"output_item.added 2 {"type":"function_call","id":"fc_01_2","status":"in_progress","call_id":"toolu_1","name":"lookup","namespace":"mcp__docs","arguments":""}"#,
            r#"function_call_arguments.delta 2 "fc_01_2" "{}""#,
            r#"function_call_arguments.delta 1 "fc_01_1" "[1]""#,
            r#"function_call_arguments.done 2 "fc_01_2" "{}""#,
            r#"output_item.done 2 {"type":"function_call","id":"fc_01_2","status":"completed","call_id":"toolu_1","name":"lookup","namespace":"mcp__docs","arguments":"{}"}"#,
            r#"function_call_arguments.done 1 "fc_01_1" "[1]""#,
            r#"output_item.done 1 {"type":"function_call","id":"fc_01_1","status":"completed","call_id":"toolu_1","name":"f","arguments":"[1]"}"#,
            r#"output_item.added 3 {"type":"function_call","id":"fc_01_3","status":"in_progress","call_id":"toolu_1","name":"f","arguments":""}"#,
            r#"function_call_arguments.delta 3 "fc_01_3" "{}""#,
            r#"function_call_arguments.done 3 "fc_01_3" "{}""#,
            r#"output_item.done 3 {"type":"function_call","id":"fc_01_3","status":"completed","call_id":"toolu_1","name":"f","arguments":"{}"}"#,
            r#"completed  "completed""#,
        ],
    );
    check(
        vec![
            Delta::Open(0, call("patch")),
            arguments(0, r#"{"inp"#),
            arguments(0, r#"ut":"a\n"#),
            arguments(0, r#"b"}"#),
            Delta::Close(0),
            Delta::Open(1, call("tool_search")),
            arguments(1, r#"{"query":"q"}"#),
            Delta::Close(1),
            Delta::End,
        ],
        &[
            r#"output_item.added 0 {"type":"custom_tool_call","id":"ctc_01_0","status":"in_progress","call_id":"toolu_1","name":"patch","input":""}"#,
            r#"custom_tool_call_input.delta 0 "ctc_01_0" "a\n""#,
            r#"custom_tool_call_input.delta 0 "ctc_01_0" "b""#,
            r#"custom_tool_call_input.done 0 "ctc_01_0" "a\nb""#,
            r#"output_item.done 0 {"type":"custom_tool_call","id":"ctc_01_0","status":"completed","call_id":"toolu_1","name":"patch","input":"a\nb"}"#,
            r#"output_item.added 1 {"type":"tool_search_call","id":"tsc_01_1","status":"in_progress","execution":"client","call_id":"toolu_1","arguments":{}}"#,
            r#"output_item.done 1 {"type":"tool_search_call","id":"tsc_01_1","status":"completed","execution":"client","call_id":"toolu_1","arguments":{"query":"q"}}"#,
            r#"completed  "completed""#,
        ],
    );
}

#[test]
fn endings() {
    let text = || vec![start(), Delta::Open(0, Kind::Text), add(0, "a")];
    let usage = Usage { input: Some(1), output: Some(2), ..Usage::default() };
    let mut steps = text();
    steps.extend([Delta::Close(0), Delta::Stop(Stop::MaxTokens), Delta::Usage(usage), Delta::End]);
    let events = written(steps);
    let (name, last) = events.last().unwrap();
    let response = &last["response"];
    assert_eq!(
        (name.as_str(), &response["incomplete_details"]["reason"]),
        ("response.incomplete", &"max_output_tokens".into())
    );
    assert_eq!(
        (&response["output"][0]["status"], &response["usage"]["total_tokens"]),
        (&"incomplete".into(), &3.into())
    );
    assert_eq!(
        (&response["id"], &response["created_at"], &response["model"]),
        (&"resp_01".into(), &9.into(), &"mine".into())
    );

    let trouble =
        || Trouble { kind: "overloaded_error".into(), message: "Overloaded".into(), ..Trouble::default() };
    let mut steps = text();
    steps.extend([Delta::Close(0), Delta::Open(1, call("f")), Delta::Error(trouble())]);
    let events = written(steps);
    let [.., (name, error), (last, failed)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((name.as_str(), last.as_str()), ("error", "response.failed"));
    assert_eq!((&error["code"], &error["message"]), (&"server_error".into(), &"Overloaded".into()));
    assert_eq!(
        (&error["error"]["type"], &failed["response"]["status"]),
        (&"server_error".into(), &"failed".into())
    );
    assert_eq!(failed["response"]["error"], json(r#"{"code":"server_error","message":"Overloaded"}"#));
    assert_eq!(failed["response"]["output"].as_array().map(Vec::len), Some(1));
    // Before the beginning there is no answer that could have failed.
    assert_eq!(written(vec![Delta::Error(trouble())]).len(), 1);
}

#[test]
fn what_is_left_open_ends() {
    let events =
        written(vec![Delta::Open(0, Kind::Thinking), add(0, "a"), Delta::Open(1, call("f")), Delta::End]);
    let done = events.iter().filter(|(name, _)| name == "response.output_item.done").count();
    assert_eq!((done, events[0].0.as_str()), (2, "response.created"));
}

/// A part, and the pieces it comes in.
#[derive(Debug, Clone)]
enum Said {
    Text(Vec<String>),
    Refusal(Vec<String>),
    Thinking(Vec<String>),
    Call(&'static str, Vec<String>),
}

fn said() -> impl Strategy<Value = Said> {
    let pieces = || prop::collection::vec("[a-c\"\\\\\n\u{e9}]{1,3}", 1..4);
    prop_oneof![
        pieces().prop_map(Said::Text),
        pieces().prop_map(Said::Refusal),
        prop::collection::vec("[a-c]{1,3}", 0..3).prop_map(Said::Thinking),
        (prop::sample::select(vec!["f", "patch", "mcp__docs__lookup", "tool_search"]), pieces())
            .prop_map(|(name, pieces)| Said::Call(name, pieces)),
    ]
}

fn part(said: &Said) -> Part {
    match said {
        Said::Text(pieces) => Part::Text(Text { text: pieces.concat(), ..Text::default() }),
        Said::Refusal(pieces) => Part::Refusal(pieces.concat()),
        Said::Thinking(texts) => Part::Thinking(Thinking {
            texts: texts.clone(),
            seal: Some(Seal::Anthropic { signature: "s".into() }),
        }),
        Said::Call(name, pieces) => Part::ToolCall(ToolCall {
            id: "toolu_1".into(),
            name: (*name).to_owned(),
            arguments: pieces.concat(),
            custom: false,
            cache: None,
        }),
    }
}

fn deltas(n: usize, said: &Said) -> Vec<Delta<'_>> {
    let texts = |kind, pieces: &'_ [String]| {
        let mut deltas = vec![Delta::Open(n, kind)];
        deltas.extend(pieces.iter().map(|piece| Delta::Add(n, Piece::Text(piece.clone().into()))));
        deltas
    };
    match said {
        Said::Text(pieces) => texts(Kind::Text, pieces),
        Said::Refusal(pieces) => texts(Kind::Refusal, pieces),
        Said::Thinking(pieces) => {
            let mut deltas = vec![Delta::Open(n, Kind::Thinking)];
            for text in pieces {
                deltas.extend([add(n, text), Delta::Add(n, Piece::NextText)]);
            }
            deltas.push(Delta::Add(n, Piece::Seal(Seal::Anthropic { signature: "s".into() })));
            deltas
        }
        Said::Call(name, pieces) => {
            let mut deltas = vec![Delta::Open(n, call(name))];
            deltas.extend(pieces.iter().map(|piece| arguments(n, piece)));
            deltas
        }
    }
}

/// Puts the items together from the deltas, as the SDKs do, strictly.
fn accumulate(events: &[(String, Value)]) -> Vec<Value> {
    let mut items: BTreeMap<u64, Value> = BTreeMap::new();
    for (name, data) in events {
        let index = data["output_index"].as_u64().unwrap_or_default();
        let grow = |field: &mut Value| {
            let text = format!("{}{}", field.as_str().unwrap(), data["delta"].as_str().unwrap());
            *field = text.into();
        };
        let part = |list: &str, by: &str| format!("/{list}/{}", data[by].as_u64().unwrap_or_default());
        match name.as_str() {
            "response.output_item.added" => assert!(items.insert(index, data["item"].clone()).is_none()),
            "response.content_part.added" | "response.reasoning_summary_part.added" => {
                let (list, by) = if name.contains("content") {
                    ("content", "content_index")
                } else {
                    ("summary", "summary_index")
                };
                let list = items.get_mut(&index).unwrap()[list].as_array_mut().unwrap();
                assert_eq!(data[by].as_u64(), Some(list.len() as u64));
                list.push(data["part"].clone());
            }
            "response.output_text.delta" | "response.refusal.delta" => {
                let path = part("content", "content_index");
                let part = items.get_mut(&index).unwrap().pointer_mut(&path).unwrap();
                grow(&mut part[if name.contains("refusal") { "refusal" } else { "text" }]);
            }
            "response.reasoning_summary_text.delta" => {
                let path = part("summary", "summary_index");
                grow(&mut items.get_mut(&index).unwrap().pointer_mut(&path).unwrap()["text"]);
            }
            "response.function_call_arguments.delta" => {
                grow(&mut items.get_mut(&index).unwrap()["arguments"])
            }
            "response.custom_tool_call_input.delta" => grow(&mut items.get_mut(&index).unwrap()["input"]),
            _ => {}
        }
        if let Some(id) = data.get("item_id") {
            assert_eq!(id, &items[&index]["id"]);
        }
    }
    items.into_values().collect()
}

/// What deltas do not tell.
fn without(mut item: Value) -> Value {
    for field in ["status", "encrypted_content"] {
        item.as_object_mut().unwrap().remove(field);
    }
    if item["type"] == "tool_search_call" {
        item["arguments"] = Value::Null;
    }
    item
}

proptest! {
    #[test]
    fn a_stream_is_the_answer(said in prop::collection::vec(said(), 0..6), stop in prop::sample::select(vec![Stop::End, Stop::MaxTokens, Stop::Refusal]), parallel: bool) {
        let usage = Usage { input: Some(1), output: Some(2), ..Usage::default() };
        let mut steps = vec![start()];
        let mut later = Vec::new();
        for (n, said) in said.iter().enumerate() {
            steps.extend(deltas(n, said));
            // Calls may stay open while others go on.
            if parallel && matches!(said, Said::Call(..)) {
                later.push(Delta::Close(n));
            } else {
                steps.push(Delta::Close(n));
            }
        }
        steps.extend(later);
        steps.extend([Delta::Stop(stop.clone()), Delta::Usage(usage), Delta::End]);
        let events = written(steps);
        short(&events);
        let last = &events.last().unwrap().1["response"];

        let answer = Answer { id: "msg_01".into(), created: Some(9), parts: said.iter().map(part).collect(), stop, usage, ..Answer::default() };
        prop_assert_eq!(last, &json(write_answer(answer, &foreign())));

        let told: Vec<Value> = accumulate(&events).into_iter().map(without).collect();
        let whole: Vec<Value> = last["output"].as_array().unwrap().iter().cloned().map(without).collect();
        prop_assert_eq!(told, whole);
    }
}

#[test]
fn through_a_stream() {
    let provider = concat!(
        "event: response.created\r\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_9\",\"model\":\"gpt\"}}\r\n\r\n",
        "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"h\u{e9}\"}\n\n",
        "data: {\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"}}\n\n",
        "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}}\n\ndata: [DONE]\n\n",
    );
    let run = |size: usize| {
        let mut stream: Stream = exchange(r#"{"model":"mine","input":"x","stream":true}"#).stream();
        let mut out = Vec::new();
        provider.as_bytes().chunks(size).for_each(|chunk| stream.push(chunk, &mut out).unwrap());
        stream.finish(&mut out);
        assert_eq!(stream.progress(), crate::Progress::Complete);
        assert_eq!(stream.usage().output, Some(2));
        String::from_utf8(out).unwrap()
    };
    let whole = run(provider.len());
    let events = events(whole.as_bytes());
    let response = &events.last().unwrap().1["response"];
    assert_eq!((&response["id"], &response["model"]), (&"resp_9".into(), &"mine".into()));
    assert_eq!(response["output"][0]["content"][0]["text"], "h\u{e9}");
    assert_eq!(response["output"][1]["call_id"], "c");
    for size in 1..40 {
        assert_eq!(run(size), whole, "in chunks of {size}");
    }
}

#[test]
fn cut_short() {
    let mut stream = exchange(r#"{"model":"mine","input":"x"}"#).stream();
    let mut out = Vec::new();
    stream.push(b"data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n", &mut out).unwrap();
    stream.finish(&mut out);
    assert_eq!(stream.progress(), crate::Progress::Open);
    stream.fail("api_error", "the provider closed the stream", &mut out);
    assert_eq!(events(&out).last().map(|(name, _)| name.clone()), Some("response.failed".into()));
}
