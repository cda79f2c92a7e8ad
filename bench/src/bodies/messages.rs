//! Anthropic Messages.

use bytes::BytesMut;

use super::{Signs, put};

pub(super) const SIGNS: Signs = Signs {
    whole: &[br#""type":"message""#, br#""stop_reason":"end_turn""#],
    opening: b"event: message_start\n",
    text: br#""delta":{"type":"text_delta","text":""#,
    closing: &[
        b"event: content_block_stop\n",
        br#""stop_reason":"end_turn""#,
        b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ],
};

pub(super) fn request(streamed: bool) -> (String, &'static str) {
    let head = format!(
        r#"{{"model":"gpt-4o-mini","stream":{streamed},"max_tokens":1024,"temperature":0.7,"system":"You are terse.","messages":[{{"role":"user","content":""#
    );
    (head, r#""}]}"#)
}

pub(super) fn reply() -> (String, String) {
    (
        r#"{"id":"msg_bench","type":"message","role":"assistant","model":"gpt-4o-mini","content":[{"type":"text","text":""#.into(),
        r#""}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":180,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":120}}"#.into(),
    )
}

pub(super) fn opening(out: &mut BytesMut) {
    put(out, &[br#"event: message_start
data: {"type":"message_start","message":{"id":"msg_bench","type":"message","role":"assistant","model":"gpt-4o-mini","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":180,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

"#]);
}

pub(super) fn delta(out: &mut BytesMut, _before: u32, text: &[u8]) {
    let head = b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,";
    put(out, &[head, SIGNS.text, text, b"\"}}\n\n"]);
}

pub(super) fn closing(out: &mut BytesMut, _before: u32, _said: &[u8]) {
    put(
        out,
        &[br#"event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":120}}

event: message_stop
data: {"type":"message_stop"}

"#],
    );
}
