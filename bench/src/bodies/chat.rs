//! OpenAI Chat Completions.

use bytes::BytesMut;

use super::{Signs, put};

pub(super) const SIGNS: Signs = Signs {
    whole: &[br#""object":"chat.completion""#, br#""finish_reason":"stop""#],
    opening: br#""role":"assistant""#,
    text: br#""delta":{"content":""#,
    closing: &[br#""finish_reason":"stop""#, b"data: [DONE]\n\n"],
};

const HEAD: &[u8] = br#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,"model":"gpt-4o-mini","system_fingerprint":"fp_bench","choices":["#;

pub(super) fn request(streamed: bool) -> (String, &'static str) {
    let options = if streamed { r#""stream_options":{"include_usage":true},"# } else { "" };
    let head = format!(
        r#"{{"model":"gpt-4o-mini","stream":{streamed},{options}"max_tokens":1024,"temperature":0.7,"messages":[{{"role":"system","content":"You are terse."}},{{"role":"user","content":""#
    );
    (head, r#""}]}"#)
}

pub(super) fn reply() -> (String, String) {
    (
        r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1767225600,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":""#.into(),
        r#"","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":180,"completion_tokens":120,"total_tokens":300},"system_fingerprint":"fp_bench"}"#.into(),
    )
}

pub(super) fn opening(out: &mut BytesMut) {
    let role = br#"{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]}"#;
    put(out, &[HEAD, role, b"\n\n"]);
}

pub(super) fn delta(out: &mut BytesMut, _before: u32, text: &[u8]) {
    let tail = br#""},"logprobs":null,"finish_reason":null}]}"#;
    put(out, &[HEAD, br#"{"index":0,"#, SIGNS.text, text, tail, b"\n\n"]);
}

pub(super) fn closing(out: &mut BytesMut, _before: u32, _said: &[u8]) {
    let stop = br#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#;
    let usage = br#"],"usage":{"prompt_tokens":180,"completion_tokens":120,"total_tokens":300}}"#;
    put(out, &[HEAD, stop, b"\n\n", HEAD, usage, b"\n\n", b"data: [DONE]\n\n"]);
}
