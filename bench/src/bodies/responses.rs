//! OpenAI Responses.

use bytes::BytesMut;

use super::{Signs, put};

pub(super) const SIGNS: Signs = Signs {
    whole: &[br#""object":"response""#, br#""status":"completed""#, br#""type":"output_text""#],
    opening: b"event: response.created\n",
    text: br#","delta":""#,
    closing: &[b"event: response.output_text.done\n", b"event: response.completed\n", b"}}\n\n"],
};

/// The events before the first text.
const OPENING: [(&str, &str); 4] = [
    (
        "response.created",
        r#""response":{"id":"resp_bench","object":"response","created_at":1767225600,"status":"in_progress","output":[],"usage":null,"#,
    ),
    (
        "response.in_progress",
        r#""response":{"id":"resp_bench","object":"response","created_at":1767225600,"status":"in_progress","output":[],"usage":null,"#,
    ),
    (
        "response.output_item.added",
        r#""output_index":0,"item":{"id":"msg_bench","type":"message","status":"in_progress","content":[],"role":"assistant"}"#,
    ),
    (
        "response.content_part.added",
        r#""item_id":"msg_bench","output_index":0,"content_index":0,"part":{"type":"output_text","annotations":[],"logprobs":[],"text":""}"#,
    ),
];
const WHOLE: &str =
    r#"{"id":"resp_bench","object":"response","created_at":1767225600,"status":"completed","output":["#;
const ITEM: &str = r#"{"id":"msg_bench","type":"message","status":"completed","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":""#;
const ITEM_END: &str = r#""}],"role":"assistant"}"#;
const USAGE: &str = r#"],"usage":{"input_tokens":180,"input_tokens_details":{"cached_tokens":0},"output_tokens":120,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":300},"#;
/// What an answer repeats of its request.
const ECHO: &str = r#""model":"gpt-4o-mini","error":null,"incomplete_details":null,"instructions":"You are terse.","max_output_tokens":1024,"metadata":{},"parallel_tool_calls":true,"temperature":0.7,"tool_choice":"auto","tools":[],"top_p":1.0}"#;
const PLACE: &str = r#""item_id":"msg_bench","output_index":0,"content_index":0"#;

pub(super) fn request(streamed: bool) -> (String, &'static str) {
    let head = format!(
        r#"{{"model":"gpt-4o-mini","stream":{streamed},"max_output_tokens":1024,"temperature":0.7,"instructions":"You are terse.","input":[{{"role":"user","content":""#
    );
    (head, r#""}]}"#)
}

pub(super) fn reply() -> (String, String) {
    (format!("{WHOLE}{ITEM}"), format!("{ITEM_END}{USAGE}{ECHO}"))
}

pub(super) fn opening(out: &mut BytesMut) {
    for (number, (name, body)) in (0..).zip(OPENING) {
        let echo = if body.starts_with(r#""response""#) { ECHO } else { "" };
        event(out, name, number, &[body.as_bytes(), echo.as_bytes()]);
    }
}

pub(super) fn delta(out: &mut BytesMut, before: u32, text: &[u8]) {
    let body = [PLACE.as_bytes(), SIGNS.text, text, br#"","logprobs":[]"#];
    event(out, "response.output_text.delta", after_opening(before), &body);
}

pub(super) fn closing(out: &mut BytesMut, before: u32, said: &[u8]) {
    let part = br#","part":{"type":"output_text","annotations":[],"logprobs":[],"text":""#;
    let ends: [(&str, &[&[u8]]); 4] = [
        ("response.output_text.done", &[PLACE.as_bytes(), br#","text":""#, said, br#"","logprobs":[]"#]),
        ("response.content_part.done", &[PLACE.as_bytes(), part, said, br#""}"#]),
        (
            "response.output_item.done",
            &[br#""output_index":0,"item":"#, ITEM.as_bytes(), said, ITEM_END.as_bytes()],
        ),
        (
            "response.completed",
            &[
                br#""response":"#,
                WHOLE.as_bytes(),
                ITEM.as_bytes(),
                said,
                ITEM_END.as_bytes(),
                USAGE.as_bytes(),
                ECHO.as_bytes(),
            ],
        ),
    ];
    for (number, (name, body)) in (after_opening(before)..).zip(ends) {
        event(out, name, number, body);
    }
}

fn after_opening(events: u32) -> usize {
    OPENING.len() + events as usize
}

fn event(out: &mut BytesMut, name: &str, number: usize, body: &[&[u8]]) {
    let (name, number) = (name.as_bytes(), number.to_string());
    put(out, &[b"event: ", name, b"\ndata: {\"type\":\"", name, b"\",\"sequence_number\":"]);
    put(out, &[number.as_bytes(), b","]);
    put(out, body);
    put(out, &[b"}\n\n"]);
}
