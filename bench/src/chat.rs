//! What goes over the wire: Chat Completions requests, answers and events of a realistic shape.
//!
//! What the upstream shall do stands in the request's `user` field, not in a header, because a proxy passes
//! the body on unchanged whatever it does with headers it does not know.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memmem;

use crate::clock;

/// The bytes just before the time of sending, which is [`STAMP_DIGITS`] decimal digits.
pub const STAMP_MARKER: &[u8] = b"\"system_fingerprint\":\"fp_";
/// Width of the zero-padded time of sending; enough for every `u64`.
pub const STAMP_DIGITS: usize = 20;
/// How every complete stream ends.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

const TARGET_SIZE: usize = 1024;
const HEAD: &str = r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,"model":"gpt-4o-mini","#;
const DELTA: &str =
    r#"","choices":[{"index":0,"delta":{"content":" lorem"},"logprobs":null,"finish_reason":null}]}"#;
const STOP: &str = r#"","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#;

/// The answer one request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of events; 0 asks for one JSON body instead of a stream.
    pub events: u32,
    /// Pause between two events; zero sends each as soon as the one before is flushed.
    pub gap: Duration,
}

impl Shape {
    /// Reads the shape back out of a request body; anything that does not name one asks for JSON.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let events = number_after(body, b"bench-events=").unwrap_or(0);
        let gap = Duration::from_micros(number_after(body, b"bench-gap-us=").unwrap_or(0));
        Self { events: u32::try_from(events).unwrap_or(u32::MAX), gap }
    }

    /// A request body of 1 KB that asks for this shape.
    #[must_use]
    pub fn request(&self) -> Bytes {
        let stream = self.events > 0;
        let (events, gap) = (self.events, self.gap.as_micros());
        let head = format!(
            r#"{{"model":"gpt-4o-mini","stream":{stream},"user":"bench-events={events} bench-gap-us={gap}","temperature":0.7,"messages":[{{"role":"system","content":"You are terse."}},{{"role":"user","content":""#
        );
        padded(&head, r#""}]}"#)
    }
}

/// The JSON answer, 1 KB.
#[must_use]
pub fn reply() -> Bytes {
    padded(
        r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1767225600,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":""#,
        r#""},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":180,"completion_tokens":120,"total_tokens":300},"system_fingerprint":"fp_bench"}"#,
    )
}

/// One event stamped with the present time; the last of a stream carries [`DONE`] with it.
#[must_use]
pub fn event(last: bool) -> Bytes {
    let mut out = BytesMut::with_capacity(320);
    out.put_slice(HEAD.as_bytes());
    out.put_slice(STAMP_MARKER);
    let mut digits = [b'0'; STAMP_DIGITS];
    let mut rest = clock::now_ns();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out.put_slice(&digits);
    out.put_slice(if last { STOP } else { DELTA }.as_bytes());
    out.put_slice(b"\n\n");
    if last {
        out.put_slice(DONE);
    }
    out.freeze()
}

fn padded(head: &str, tail: &str) -> Bytes {
    let room = TARGET_SIZE.saturating_sub(head.len() + tail.len());
    let filler: String = "lorem ipsum dolor sit amet ".chars().cycle().take(room).collect();
    Bytes::from(format!("{head}{filler}{tail}"))
}

fn number_after(body: &[u8], key: &[u8]) -> Option<u64> {
    let at = memmem::find(body, key)? + key.len();
    let digits = body.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit());
    digits.copied().try_fold(0u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_of_one_kilobyte() {
        let shape = Shape { events: 0, gap: Duration::ZERO };
        for body in [shape.request(), reply()] {
            assert_eq!(body.len(), TARGET_SIZE);
            serde_json::from_slice::<serde_json::Value>(&body).unwrap();
        }
    }

    #[test]
    fn a_shape_survives_its_request() {
        for (events, gap_us) in [(0, 0), (1, 1), (100, 1_000)] {
            let shape = Shape { events, gap: Duration::from_micros(gap_us) };
            assert_eq!(Shape::read(&shape.request()), shape);
        }
        assert_eq!(Shape::read(b"{}"), Shape { events: 0, gap: Duration::ZERO });
    }

    #[test]
    fn events_are_json_and_only_the_last_ends_the_stream() {
        for last in [false, true] {
            let event = event(last);
            let text = std::str::from_utf8(&event).unwrap();
            let mut blocks = text.split_terminator("\n\n");
            let data = blocks.next().and_then(|block| block.strip_prefix("data: ")).unwrap();
            serde_json::from_str::<serde_json::Value>(data).unwrap();
            assert_eq!(blocks.next(), last.then_some("data: [DONE]"));
        }
    }
}
