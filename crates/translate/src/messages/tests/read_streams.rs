use proptest::prelude::*;

use crate::delta::{Delta, Kind, Piece};
use crate::messages::StreamReader;
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
        Delta::Start { id, model, service_tier, .. } => format!("start {id} {model} {service_tier:?}"),
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
        Delta::Usage(usage) => {
            format!("usage {:?} {:?} {:?}", usage.input, usage.output, usage.cache_read)
        }
        Delta::Stop(stop) => format!("stop {stop:?}"),
        Delta::Served(tier) => format!("served {tier}"),
        Delta::Ping => "ping".into(),
        Delta::End => "end".into(),
        Delta::Error(trouble) => format!("error {} {}", trouble.kind, trouble.message),
    }
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"usage":{"input_tokens":3,"cache_read_input_tokens":7,"output_tokens":1,"service_tier":"standard"}}}"#;
const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn check(events: &[&str], expect: &[&str]) {
    let events: Vec<&str> = [START].iter().chain(events).chain(&[DELTA, STOP]).copied().collect();
    let first = ["start msg_1 claude Some(\"default\")", "usage Some(10) Some(1) Some(7)"];
    let expect: Vec<&str> = first.iter().chain(expect).copied().collect();
    assert_eq!(steps(&events), expect, "{events:#?}");
}

const USED: &str = "usage Some(10) Some(9) Some(7)";

#[test]
fn texts() {
    check(
        &[
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"brand_new_delta","new":{}}}"#,
            r#"{"type":"brand_new","index":"x","delta":"y"}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://x","cited_text":"q","title":null,"encrypted_index":"e"}}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
        ],
        &[
            "0 opens Text",
            "ping",
            r#"0 "Hel""#,
            r#"0 "lo""#,
            r#"0 cites Some("https://x")"#,
            "0 closes",
            USED,
            "stop End",
            "end",
        ],
    );
    // What some servers leave out: where a block begins and ends, and which it is.
    check(
        &[
            r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}"#,
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"a"}}"#,
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"b"}}"#,
        ],
        &[
            "0 opens Thinking",
            r#"0 "hm""#,
            "0 closes",
            "1 opens Text",
            r#"1 "a""#,
            r#"1 "b""#,
            USED,
            "1 closes",
            "stop End",
            "end",
        ],
    );
}

#[test]
fn thoughts_and_calls() {
    check(
        &[
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm","estimated_tokens":3}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"r"}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
            r#"{"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}"#,
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
            r#"{"type":"content_block_stop","index":2}"#,
            r#"{"type":"content_block_start","index":3,"content_block":{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}}"#,
            r#"{"type":"content_block_stop","index":3}"#,
            r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
            r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":""}}"#,
            r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
            r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
            r#"{"type":"content_block_stop","index":4}"#,
            r#"{"type":"content_block_start","index":5,"content_block":{"type":"tool_use","id":"toolu_2","name":"g","input":{}}}"#,
            r#"{"type":"content_block_stop","index":5}"#,
            r#"{"type":"content_block_start","index":6,"content_block":{"type":"tool_use","id":"toolu_3","name":"h","input":{"b":2}}}"#,
            r#"{"type":"content_block_stop","index":6}"#,
        ],
        &[
            "0 opens Thinking",
            r#"0 "hm""#,
            r#"0 Anthropic { signature: "EqQB" }"#,
            "0 closes",
            "1 opens Thinking",
            r#"1 Redacted { data: "r" }"#,
            "1 closes",
            "2 calls toolu_1 f false",
            r#"2 ({"a":)"#,
            "2 (1})",
            "2 closes",
            "3 calls toolu_2 g false",
            "3 ({})",
            "3 closes",
            "4 calls toolu_3 h false",
            r#"4 ({"b":2})"#,
            "4 closes",
            USED,
            "stop End",
            "end",
        ],
    );
}

#[test]
fn ends() {
    let check = |events: &[&str], expect: &[&str]| {
        let steps = steps(events);
        assert_eq!(&steps[steps.len() - expect.len()..], expect, "{events:#?}");
    };
    // Cut short.
    check(&[START], &["usage Some(10) Some(1) Some(7)"]);
    check(&[START, DELTA], &["stop End"]);
    // Without a reason.
    check(&[START, STOP], &["stop End", "end"]);
    check(
        &[
            START,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#,
            STOP,
        ],
        &["0 ({})", "0 closes", "stop Tools", "end"],
    );
    check(
        &[
            START,
            r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"no"}},"usage":{"input_tokens":4,"output_tokens":5}}"#,
            STOP,
            "[DONE]",
        ],
        &[
            "usage Some(11) Some(5) Some(7)",
            "0 opens Refusal",
            r#"0 "no""#,
            "0 closes",
            "stop Refusal",
            "end",
        ],
    );
    check(
        &[r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#],
        &["error overloaded_error Overloaded"],
    );
    check(&[r#"{"error":{"message":"bad"}}"#], &["error api_error bad"]);
    let error = StreamReader::default().event("message_start", "{", &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("EOF"), "{error}");
}

proptest! {
    /// Whatever comes, in whatever order.
    #[test]
    fn nothing_breaks_it(events in prop::collection::vec((0usize..14, 0u64..3), 0..20)) {
        let shapes = [
            START, DELTA, STOP, r#"{"type":"ping"}"#,
            r#"{"type":"content_block_start","index":N,"content_block":{"type":"text","text":"a"}}"#,
            r#"{"type":"content_block_start","index":N,"content_block":{"type":"thinking"}}"#,
            r#"{"type":"content_block_start","index":N,"content_block":{"type":"tool_use","id":"a","name":"f"}}"#,
            r#"{"type":"content_block_start","index":N,"content_block":{"type":"other"}}"#,
            r#"{"type":"content_block_start","index":N}"#,
            r#"{"type":"content_block_delta","index":N,"delta":{"text":"a"}}"#,
            r#"{"type":"content_block_delta","index":N,"delta":{"partial_json":"{"}}"#,
            r#"{"type":"content_block_delta","index":N,"delta":{"signature":"s"}}"#,
            r#"{"type":"content_block_delta","index":N}"#,
            r#"{"type":"content_block_stop","index":N}"#,
        ];
        let mut reader = StreamReader::default();
        let (mut open, mut next) = (std::collections::BTreeSet::new(), 0);
        for (shape, index) in events {
            let event = shapes[shape].replace('N', &index.to_string());
            reader.event("", &event, &mut |delta| match delta {
                Delta::Open(part, _) => {
                    assert_eq!(part, next);
                    next += 1;
                    open.insert(part);
                }
                Delta::Add(part, _) => assert!(open.contains(&part)),
                Delta::Close(part) => assert!(open.remove(&part)),
                Delta::Stop(_) => assert!(open.is_empty()),
                _ => {}
            }).unwrap();
        }
    }
}
