//! The checks find what is wrong.

use ccproxy_wire::Dialect::{self, Chat, Messages, Responses};

use super::check;
use crate::properties::shared::events;

/// What is told of a stream in which one thing stands in place of another.
fn told(dialect: Dialect, stream: &str, from: &str, to: &str) -> Result<bool, String> {
    assert!(stream.contains(from), "{from}");
    let stream = stream.replacen(from, to, 1);
    check(dialect, &events(stream.as_bytes()), dialect == Chat)
}

fn refused(dialect: Dialect, stream: &str, cases: &[(&str, &str, &str)]) {
    assert_eq!(told(dialect, stream, "", ""), Ok(true));
    for (from, to, expect) in cases {
        let wrong = told(dialect, stream, from, to).unwrap_err();
        assert!(wrong.contains(expect), "{from} -> {to}: {wrong}");
    }
}

#[test]
fn of_messages() {
    let stream = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":0}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":1,"output_tokens":1}}

event: message_stop
data: {"type":"message_stop"}

"#;
    let stop = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    let last = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let cases = [
        ("event: message_start", "event: message", "called message"),
        (r#""id":"msg_1""#, r#""id":"1""#, "none of a message"),
        (r#""output_tokens":0"#, r#""output_tokens":null"#, "no count"),
        (r#""index":0"#, r#""index":1"#, "not the next block"),
        (r#""text":""}"#, r#""text":"a"}"#, "begin empty"),
        ("text_delta", "thinking_delta", "another block"),
        (r#""text":"a""#, r#""text":"""#, "no text"),
        (stop, "", "not yet"),
        ("end_turn", "stop", "none of"),
        ("end_turn", "tool_use", "without a tool"),
        (last, "", "just ends"),
        (last, &format!("{last}{last}"), "after the end"),
    ];
    refused(Messages, stream, &cases);
    let error =
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}\n\n";
    assert_eq!(told(Messages, stream, last, error), Ok(false));
    assert!(told(Messages, stream, last, &error.replace("api_error", "error")).is_err());
}

#[test]
fn of_chat() {
    let chunk = |rest: &str| {
        let head = r#""id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m""#;
        format!("data: {{{head},{rest}}}\n\n")
    };
    let say = |delta: &str| {
        chunk(&format!(r#""choices":[{{"index":0,"delta":{delta},"finish_reason":null}}],"usage":null"#))
    };
    let call = |more: &str| say(&format!(r#"{{"tool_calls":[{{"index":0,{more}}}]}}"#));
    let stream = [
        say(r#"{"role":"assistant","content":""}"#),
        say(r#"{"content":"a"}"#),
        call(r#""id":"c","type":"function","function":{"name":"f","arguments":""}"#),
        call(r#""function":{"arguments":"{}"}"#),
        chunk(r#""choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null"#),
        chunk(r#""choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}"#),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let cases = [
        ("data:", "event: chunk\ndata:", "a name"),
        (r#""role":"assistant","#, "", "no role"),
        ("chatcmpl-1", "chatcmpl-2", "another completion"),
        (
            r#""choices":[{"index":0,"delta":{"content""#,
            r#""service_tier":"flex","choices":[{"index":0,"delta":{"content""#,
            "in another way",
        ),
        (r#""content":"a""#, r#""content":"""#, "no text"),
        (r#""content":"a""#, r#""role":"assistant""#, "nothing that is said"),
        (r#""id":"c","#, "", "no text"),
        (r#""function":{"arguments":"{}"}"#, r#""id":"c","function":{"arguments":"{}"}"#, "said again"),
        (r#"{"arguments":"{}"}"#, r#"{"arguments":"{"}"#, "no object"),
        (r#""tool_calls"}"#, r#""stop"}"#, "to be called"),
        (
            r#""delta":{},"finish_reason":"tool_calls""#,
            r#""delta":{"content":"b"},"finish_reason":null"#,
            "before the end",
        ),
        (r#""total_tokens":3"#, r#""total_tokens":4"#, "a total"),
        (r#","usage":null"#, "", "usage"),
    ];
    refused(Chat, &stream, &cases);
    let error = r#"{"error":{"message":"m","type":"server_error","param":null,"code":null}}"#;
    assert_eq!(told(Chat, &stream, "[DONE]", error), Ok(false));
    assert!(told(Chat, &stream, "[DONE]", "{}").is_err());
}

#[test]
fn of_responses() {
    let head = r#""id":"resp_1","object":"response","created_at":1,"model":"m","service_tier":"default","instructions":null,"metadata":{},"parallel_tool_calls":true,"temperature":1,"tool_choice":"auto","tools":[],"top_p":1"#;
    let response =
        |rest: &str| format!(r#""response":{{{head},"error":null,"incomplete_details":null,{rest}}}"#);
    let begun = response(r#""status":"in_progress","output":[],"usage":null"#);
    let part =
        |text: &str| format!(r#"{{"type":"output_text","text":"{text}","annotations":[],"logprobs":[]}}"#);
    let item = |status: &str, content: &str| {
        format!(
            r#"{{"type":"message","id":"i","status":"{status}","role":"assistant","content":[{content}]}}"#
        )
    };
    let done = item("completed", &part("ab"));
    let at = r#""item_id":"i","output_index":0,"content_index":0"#;
    let events = [
        ("created", begun.clone()),
        ("in_progress", begun),
        ("output_item.added", format!(r#""output_index":0,"item":{}"#, item("in_progress", ""))),
        ("content_part.added", format!(r#"{at},"part":{}"#, part(""))),
        ("output_text.delta", format!(r#"{at},"delta":"a""#)),
        ("output_text.delta", format!(r#"{at},"delta":"b""#)),
        ("output_text.done", format!(r#"{at},"text":"ab""#)),
        ("content_part.done", format!(r#"{at},"part":{}"#, part("ab"))),
        ("output_item.done", format!(r#""output_index":0,"item":{done}"#)),
        ("completed", response(&format!(r#""status":"completed","output":[{done}],"usage":null"#))),
    ];
    let write = |events: &[(&str, String)]| {
        let event = |(n, (kind, rest)): (usize, &(&str, String))| {
            format!(
                "event: response.{kind}\ndata: {{\"type\":\"response.{kind}\",\"sequence_number\":{n},{rest}}}\n\n"
            )
        };
        events.iter().enumerate().map(event).collect::<String>()
    };
    let cases = [
        (r#""sequence_number":3"#, r#""sequence_number":4"#, "not number 3"),
        (r#""delta":"a""#, r#""delta":"c""#, "not what has been told"),
        (r#""delta":"a""#, r#""delta":"""#, "no text"),
        (r#""output_index":0"#, r#""output_index":1"#, "not the next item"),
        (r#""item_id":"i""#, r#""item_id":"j""#, "another item"),
        (r#""status":"completed","output":["#, r#""status":"completed","output":[{},"#, "another output"),
        (r#""status":"completed","output""#, r#""status":"incomplete","output""#, "not completed"),
        (r#""temperature":1"#, r#""temperature":2"#, "another response"),
    ];
    refused(Responses, &write(&events), &cases);
    // None of the events can be left out, and none may come twice.
    for n in 0..events.len() {
        let (mut less, mut more) = (events.to_vec(), events.to_vec());
        less.remove(n);
        more.insert(n, events[n].clone());
        for stream in [less, more] {
            assert!(
                check(Responses, &super::super::events(write(&stream).as_bytes()), false).is_err(),
                "{n}"
            );
        }
    }
}
