use std::borrow::Cow;

use super::*;
use crate::answer::Stop;
use crate::chat::StreamReader;
use crate::delta::{Delta, Kind, Piece};
use crate::stream::Reader;

fn deltas(events: &[&str]) -> Result<Vec<Delta<'static>>, Error> {
    let (mut reader, mut deltas) = (StreamReader::default(), Vec::new());
    for event in events {
        reader.event("", event, &mut |delta| deltas.push(delta.into_owned()))?;
    }
    reader.end(&mut |delta| deltas.push(delta.into_owned()));
    Ok(deltas)
}

fn short(delta: &Delta<'_>) -> String {
    match delta {
        Delta::Start { id, model, created, .. } => format!("start {id} {model} {created:?}"),
        Delta::Open(part, Kind::ToolCall { id, name, custom }) => {
            format!("{part} calls {id} {name}{}", if *custom { " custom" } else { "" })
        }
        Delta::Open(part, kind) => format!("{part} opens {kind:?}"),
        Delta::Add(part, Piece::Text(text)) => format!("{part} {text}"),
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

fn delta(delta: &str) -> Cow<'_, str> {
    if delta.starts_with("{\"") || delta == "{}" {
        format!(r#"{{"id":"chatcmpl-1","created":9,"model":"m","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#).into()
    } else {
        delta.into()
    }
}

fn finish(reason: &str) -> String {
    format!(r#" {{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}]}}"#)
}

/// These deltas between the first chunk and the last ones.
fn check(deltas_told: &[&str], expect: &[&str], stop: &Stop) {
    let told: Vec<Cow<'_, str>> = deltas_told.iter().map(|told| delta(told)).collect();
    let (first, last) = (delta(r#"{"role":"assistant","content":""}"#), finish("stop"));
    let usage = r#"{"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
    let mut events: Vec<&str> = vec![&first];
    events.extend(told.iter().map(|told| &**told));
    events.extend([&*last, usage, "[DONE]"]);
    let got: Vec<String> = deltas(&events).unwrap().iter().map(short).collect();
    let stop = format!("stop {stop:?}");
    let mut expect: Vec<&str> = expect.to_vec();
    expect.insert(0, "start chatcmpl-1 m Some(9)");
    expect.extend(["usage Some(3) Some(4)", &stop, "end"]);
    assert_eq!(got, expect, "{deltas_told:#?}");
}

#[test]
fn texts() {
    check(&[], &[], &Stop::End);
    check(
        &[r#"{"content":"Hel"}"#, r#"{"content":"","refusal":null}"#, r#"{"content":"lo"}"#, "{}"],
        &["0 opens Text", "0 Hel", "0 lo", "0 closes"],
        &Stop::End,
    );
    check(
        &[r#"{"refusal":"n"}"#, r#"{"refusal":"o"}"#],
        &["0 opens Refusal", "0 n", "0 o", "0 closes"],
        &Stop::Refusal,
    );
    // Oddities: nothing new, no choice, another choice, parts, a whole message, a finish that is none.
    check(
        &[
            r#" {"choices":[{"index":0,"delta":null}]}"#,
            r#" {"choices":[]}"#,
            r#" {"choices":null}"#,
            r#" {"choices":[{"index":1,"delta":{"content":"other"}}]}"#,
            r#" {"choices":[{"delta":{"content":"a"},"finish_reason":""}]}"#,
            r#" {"choices":[{"message":{"content":[{"type":"text","text":"b"},{"type":"new","text":[]}]}}]}"#,
            "",
        ],
        &["0 opens Text", "0 a", "0 b", "0 closes"],
        &Stop::End,
    );
    check(
        &[
            r#"{"content":"a"}"#,
            r#"{"annotations":[{"type":"url_citation","url_citation":{"url":"https://x"}},{"type":"new"}]}"#,
        ],
        &["0 opens Text", "0 a", r#"0 cites Some("https://x")"#, "0 closes"],
        &Stop::End,
    );
    // What is said aloud comes in words, too.
    check(
        &[
            r#"{"audio":{"id":"audio_1","transcript":"Hel"}}"#,
            r#"{"audio":{"transcript":"lo"}}"#,
            r#"{"audio":{"data":"AA=="}}"#,
        ],
        &["0 opens Text", "0 Hel", "0 lo", "0 closes"],
        &Stop::End,
    );
    // Sources before the text that they are of.
    check(
        &[
            r#"{"content":"","annotations":[{"type":"url_citation","url_citation":{"url":"https://x"}}]}"#,
            r#"{"reasoning":"h"}"#,
            r#"{"content":"a"}"#,
            r#"{"content":"b"}"#,
        ],
        &[
            "0 opens Thinking",
            "0 h",
            "0 closes",
            "1 opens Text",
            "1 a",
            "1 b",
            r#"1 cites Some("https://x")"#,
            "1 closes",
        ],
        &Stop::End,
    );
}

#[test]
fn thoughts() {
    let expect = ["0 opens Thinking", "0 h", "0 m", "0 closes", "1 opens Text", "1 x", "1 closes"];
    check(
        &[
            r#"{"content":null,"reasoning_content":"h"}"#,
            r#"{"reasoning_content":"m"}"#,
            r#"{"content":"x"}"#,
        ],
        &expect,
        &Stop::End,
    );
    check(
        &[
            r#"{"content":"","reasoning":"h"}"#,
            r#"{"reasoning":"m","reasoning_content":"m"}"#,
            r#"{"content":"x","reasoning":null}"#,
        ],
        &expect,
        &Stop::End,
    );
    check(
        &[
            r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"h"},{"type":"text","text":"m"}]}]}"#,
            r#"{"content":"x"}"#,
        ],
        &["0 opens Thinking", "0 hm", "0 closes", "1 opens Text", "1 x", "1 closes"],
        &Stop::End,
    );
}

#[test]
fn details() {
    let detail = |detail: &str| format!(r#"{{"reasoning_details":[{detail}]}}"#);
    check(
        &[
            &format!(
                r#"{{"reasoning":"h",{}"#,
                &detail(r#"{"type":"reasoning.text","text":"h","index":0}"#)[1..]
            ),
            &detail(r#"{"type":"reasoning.text","text":"m","format":"anthropic-claude-v1","index":0}"#),
            &detail(
                r#"{"type":"reasoning.text","signature":"sig","format":"anthropic-claude-v1","index":0}"#,
            ),
            &detail(
                r#"{"type":"reasoning.text","text":"so","index":1},{"type":"reasoning.encrypted","data":"x","format":"anthropic-claude-v1","index":2}"#,
            ),
        ],
        &[
            "0 opens Thinking",
            "0 h",
            "0 m",
            r#"0 Anthropic { signature: "sig" }"#,
            "0 closes",
            "1 opens Thinking",
            "1 so",
            "1 closes",
            "2 opens Thinking",
            r#"2 Redacted { data: "x" }"#,
            "2 closes",
        ],
        &Stop::End,
    );
    // The next begins with nothing.
    check(
        &[
            &detail(r#"{"type":"reasoning.text","text":"a","index":0}"#),
            &detail(r#"{"type":"reasoning.text","text":"","index":1}"#),
            &detail(r#"{"type":"reasoning.text","text":"b","index":1}"#),
        ],
        &["0 opens Thinking", "0 a", "0 closes", "1 opens Thinking", "1 b", "1 closes"],
        &Stop::End,
    );
    check(
        &[
            &detail(r#"{"type":"reasoning.summary","summary":"a","index":0}"#),
            &detail(r#"{"type":"reasoning.summary","summary":"","index":1}"#),
            &detail(r#"{"type":"reasoning.summary","summary":"b","index":1}"#),
        ],
        &["0 opens Thinking", "0 a", "0 next", "0 b", "0 closes"],
        &Stop::End,
    );
    check(
        &[
            &detail(r#"{"type":"reasoning.summary","summary":"a","index":0}"#),
            &detail(r#"{"type":"reasoning.summary","summary":"b","index":0}"#),
            &detail(r#"{"type":"reasoning.summary","summary":"c","index":1}"#),
            &detail(
                r#"{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":2}"#,
            ),
        ],
        &[
            "0 opens Thinking",
            "0 a",
            "0 b",
            "0 next",
            "0 c",
            r#"0 OpenAi { id: Some("rs_1"), encrypted: "gAAA" }"#,
            "0 closes",
        ],
        &Stop::End,
    );
}

#[test]
fn calls() {
    let call = |call: &str| format!(r#"{{"tool_calls":[{call}]}}"#);
    let one = ["0 calls c f", r#"0 ({"a":)"#, "0 (1})", "0 closes"];
    let begun = call(r#"{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}"#);
    let [first, second] = [r#"{\"a\":"#, "1}"];
    let more = |text: &str, rest: &str| call(&format!(r#"{{{rest}"function":{{"arguments":"{text}"}}}}"#));
    check(&[&begun, &more(first, r#""index":0,"#), &more(second, r#""index":0,"#)], &one, &Stop::Tools);
    // Without numbers; with the id each time; with an empty one; with the name each time, and nothing at the end.
    check(&[&begun, &more(first, ""), &more(second, "")], &one, &Stop::Tools);
    check(
        &[&begun, &more(first, r#""id":"c","#), &more(second, r#""id":"","index":0,"#)],
        &one,
        &Stop::Tools,
    );
    let named =
        |text: &str| call(&format!(r#"{{"index":0,"function":{{"name":"f","arguments":"{text}"}}}}"#));
    check(&[&begun, &named(first), &named(second), &named("")], &one, &Stop::Tools);
    // Arguments before the id and the name, or without an id.
    check(
        &[
            &more(first, r#""index":0,"#),
            &call(r#"{"index":0,"id":"c","function":{"name":"f","arguments":"1}"}}"#),
        ],
        &one,
        &Stop::Tools,
    );
    check(
        &[&named(first), &more(second, r#""index":0,"#)],
        &["0 calls call_1_0 f", r#"0 ({"a":1})"#, "0 closes"],
        &Stop::Tools,
    );
    // No arguments; an object.
    check(&[&begun], &["0 calls c f", "0 ({})", "0 closes"], &Stop::Tools);
    check(
        &[&call(r#"{"index":0,"id":"c","function":{"name":"f","arguments":{"a":1}}}"#)],
        &["0 calls c f", r#"0 ({"a":1})"#, "0 closes"],
        &Stop::Tools,
    );
    check(
        &[r#"{"function_call":{"name":"f","arguments":""}}"#, r#"{"function_call":{"arguments":"{}"}}"#],
        &["0 calls call_1_0 f", "0 ({})", "0 closes"],
        &Stop::Tools,
    );
    check(
        &[
            &call(r#"{"index":0,"id":"c","type":"custom","custom":{"name":"p","input":"{"}}"#),
            &call(r#"{"index":0,"custom":{"input":"}"}}"#),
        ],
        &["0 calls c p custom", "0 ({)", "0 (})", "0 closes"],
        &Stop::Tools,
    );
    // Text before, between and after.
    check(
        &[r#"{"content":"x"}"#, &begun, &named("{}"), r#"{"content":"y"}"#],
        &[
            "0 opens Text",
            "0 x",
            "0 closes",
            "1 calls c f",
            "1 ({})",
            "1 closes",
            "2 opens Text",
            "2 y",
            "2 closes",
        ],
        &Stop::Tools,
    );
}

#[test]
fn parallel_calls() {
    let call = |index: &str, id: &str, text: &str| {
        format!(r#"{{"tool_calls":[{{{index}"id":"{id}","function":{{"name":"f","arguments":"{text}"}}}}]}}"#)
    };
    let two = [
        "0 calls a f",
        r#"0 ({"x":1})"#,
        "0 closes",
        "1 calls b f",
        "1 ({})",
        "1 closes",
        "2 calls c f",
        "2 ({})",
    ];
    let two: Vec<&str> = two.into_iter().chain(["2 closes"]).collect();
    let arguments = r#"{\"x\":1}"#;
    for [first, second, third] in
        [[r#""index":0,"#, r#""index":1,"#, r#""index":2,"#], [r#""index":0,"#; 3], [""; 3]]
    {
        check(
            &[&call(first, "a", arguments), &call(second, "b", ""), &call(third, "c", "")],
            &[
                "0 calls a f",
                r#"0 ({"x":1})"#,
                "0 closes",
                "1 calls b f",
                "2 calls c f",
                "1 ({})",
                "1 closes",
                "2 ({})",
                "2 closes",
            ],
            &Stop::Tools,
        );
        check(
            &[&call(first, "a", arguments), &call(second, "b", "{}"), &call(third, "c", "{}")],
            &two,
            &Stop::Tools,
        );
    }
    // All mixed up; what comes after the whole is nothing.
    let more = |index: u64, text: &str| {
        format!(r#"{{"tool_calls":[{{"index":{index},"function":{{"arguments":"{text}"}}}}]}}"#)
    };
    check(
        &[
            &call(r#""index":0,"#, "a", "{"),
            &call(r#""index":1,"#, "b", "{"),
            &more(0, "}"),
            &more(0, " "),
            &more(1, "}"),
        ],
        &["0 calls a f", "0 ({)", "1 calls b f", "1 ({)", "0 (})", "0 closes", "1 (})", "1 closes"],
        &Stop::Tools,
    );
    // Several in one chunk, whole, as Ollama and Gemini have them.
    check(
        &[
            r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}]}"#,
        ],
        &["0 calls a f", "0 ({})", "0 closes", "1 calls b f", "1 ({})", "1 closes"],
        &Stop::Tools,
    );
    check(
        &[
            r#"{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}"#,
            r#"{"tool_calls":[{"function":{"name":"g","arguments":"{}"}}]}"#,
        ],
        &["0 calls call_1_0 f", "0 ({})", "0 closes", "1 calls call_1_1 g", "1 ({})", "1 closes"],
        &Stop::Tools,
    );
}

#[test]
fn ends() {
    let check = |events: &[&str], expect: &[&str]| {
        let told: Vec<Cow<'_, str>> = events.iter().map(|told| delta(told)).collect();
        let told: Vec<&str> = told.iter().map(|told| &**told).collect();
        let got: Vec<String> = deltas(&told).unwrap().iter().map(short).collect();
        assert_eq!(got, expect, "{events:#?}");
    };
    let start = "start chatcmpl-1 m Some(9)";
    let x = r#"{"content":"x"}"#;
    let said = [start, "0 opens Text", "0 x", "0 closes"];
    let with = |rest: &[&'static str]| -> Vec<&'static str> { [&said, rest].concat() };
    let length = finish("length");
    // Cut.
    check(&[x], &said[..3]);
    // Without the last line, with it only, and twice.
    check(&[x, &length], &with(&["stop MaxTokens", "end"]));
    check(&[x, "[DONE]"], &with(&["stop End", "end"]));
    check(&[x, &length, &finish("stop"), "[DONE]", "[DONE]"], &with(&["stop MaxTokens", "end"]));
    check(&["[DONE]"], &["start   None", "stop End", "end"]);
    // What comes after the end of all is not heard.
    check(&[x, &length, "[DONE]", x, r#" {"error":"no"}"#], &with(&["stop MaxTokens", "end"]));
    // What a filter tells before all.
    check(
        &[r#" {"choices":[],"id":"","model":"","created":0,"prompt_filter_results":[{}]}"#, x],
        &[start, "0 opens Text", "0 x"],
    );
    // Usage each time.
    let used = r#" {"id":"chatcmpl-1","created":9,"model":"m","choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
    check(
        &[used, used],
        &[start, "usage Some(3) Some(1)", "0 opens Text", "0 x", "usage Some(3) Some(1)", "0 x"],
    );
    // Which of the client's sequences came.
    let stopped = r#" {"choices":[{"delta":{},"finish_reason":"stop","stop_reason":"X"}]}"#;
    check(&[x, stopped, "[DONE]"], &with(&[r#"stop Sequence(Some("X"))"#, "end"]));
    // Usage with an error.
    let broken = r#" {"choices":[{"delta":{},"finish_reason":"error"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
    let error = "error server_error None the provider reports an error and does not say which";
    check(&[x, broken, "[DONE]"], &[start, "0 opens Text", "0 x", "usage Some(3) Some(1)", error]);
    let nothing = finish("content_filter");
    check(&[&nothing, "[DONE]"], &["start   None", "stop Refusal", "end"]);
}

#[test]
fn failures() {
    let check = |event: &str, expect: &str| {
        let got: Vec<String> = deltas(&[event, "[DONE]"]).unwrap().iter().map(short).collect();
        assert_eq!(got, [expect], "{event}");
    };
    check(r#"{"error":{"message":"no","type":"overloaded","code":null}}"#, "error overloaded None no");
    check(r#"{"error":{"message":"no","code":429}}"#, "error rate_limit_exceeded None no");
    check(r#"{"error":{"message":"no","code":"busy"}}"#, r#"error server_error Some("busy") no"#);
    check(r#"{"error":"no"}"#, "error server_error None no");
    check(
        r#"{"object":"error","message":"no","type":"BadRequestError","code":400}"#,
        "error invalid_request_error None no",
    );
    check(
        r#"{"id":"gen-1","error":{"code":502,"message":"no"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
        "error server_error None no",
    );
    let told = "the provider reports an error and does not say which";
    check(
        r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#,
        &format!("error server_error None {told}"),
    );
    let broken = |reason: &str| format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#);
    let told = |kind: &str, reason: &str| {
        format!("error {kind} None the provider broke the answer off ({reason}); try again")
    };
    for reason in
        ["network_error", "abort", "cancelled", "time_limit", "function_call_filter: MALFORMED_FUNCTION_CALL"]
    {
        check(&broken(reason), &told("server_error", reason));
    }
    let reason = "insufficient_system_resource";
    check(&broken(reason), &told("overloaded_error", reason));
    let mut steps = Vec::new();
    let mut reader = StreamReader::default();
    reader.event("error", r#"{"message":"no"}"#, &mut |delta| steps.push(short(&delta))).unwrap();
    assert_eq!(steps, ["error server_error None no"]);

    for event in ["nonsense", "[]x", r#"{"choices":[{"delta":{"content":7}}]}"#] {
        assert!(deltas(&[event]).is_err(), "{event}");
    }
    let nameless = delta(r#"{"tool_calls":[{"index":0,"id":"c","function":{"arguments":"{}"}}]}"#);
    let error = deltas(&[&nameless, &finish("tool_calls")]).unwrap_err();
    assert!(error.to_string().contains("lacks its name"), "{error}");
    let many = format!(
        r#"{{"tool_calls":[{}{{}}]}}"#,
        (0..1100).map(|n| format!(r#"{{"index":{n},"id":"c{n}"}},"#)).collect::<String>()
    );
    assert!(deltas(&[&delta(&many)]).unwrap_err().to_string().contains("too many"));
}
