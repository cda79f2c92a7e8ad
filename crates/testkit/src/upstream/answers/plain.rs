//! The OpenAI routes that are passed through: embeddings and the old completions.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::record::Recorded;
use super::super::reply::Reply;
use super::{bare_event, pieces, tokens};

const VECTOR: [f32; 4] = [0.5, -0.25, 0.125, 1.0];
const TEXT: &str = " and they lived happily ever after.";

pub(super) fn embeddings(request: &Recorded) -> Reply {
    let body = request.json();
    let count = body["input"].as_array().map_or(1, Vec::len);
    let vector = if body["encoding_format"] == "base64" {
        json!(base64(&VECTOR.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>()))
    } else {
        json!(VECTOR)
    };
    let data: Vec<_> =
        (0..count).map(|index| json!({"object": "embedding", "index": index, "embedding": vector})).collect();
    let asked = tokens(&body["input"].to_string());
    let usage = json!({"prompt_tokens": asked, "total_tokens": asked});
    Reply::json(200, &json!({"object": "list", "data": data, "model": body["model"], "usage": usage}))
}

pub(super) fn completions(request: &Recorded) -> Reply {
    let body = request.json();
    let answer = |text: &str, finish: Option<&str>| {
        json!({
            "id": "cmpl-Scripted", "object": "text_completion", "created": 1_795_000_000, "model": body["model"],
            "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": finish}],
        })
    };
    if body["stream"] == true {
        let mut events: Vec<_> = pieces(TEXT).iter().map(|piece| bare_event(&answer(piece, None))).collect();
        events.push(bare_event(&answer("", Some("stop"))));
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
        return Reply::stream(200, events);
    }
    let (asked, said) = (tokens(&body["prompt"].to_string()), tokens(TEXT));
    let mut whole: Value = answer(TEXT, Some("stop"));
    whole["usage"] = json!({"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said});
    Reply::json(200, &whole)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = (word >> (18 - 6 * place)) as usize & 63;
            let digit = DIGITS.get(digit).copied().map_or('=', char::from);
            out.push(if place <= group.len() { digit } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_pads() {
        for (bytes, expect) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), expect);
        }
    }
}
