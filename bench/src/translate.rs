//! What one exchange in another dialect is made of: a request of 1 KB, and its answer whole and in events.

use ccproxy_wire::Dialect;

/// A piece of the text that a stream brings.
const PIECE: &str = " lorem";
const TEXT: &str = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor ";

/// The client's request.
#[must_use]
pub fn request(dialect: Dialect, stream: bool) -> String {
    let text = TEXT.repeat(10);
    match dialect {
        Dialect::Messages => format!(
            r#"{{"model":"m","stream":{stream},"max_tokens":1024,"system":"You are terse.","messages":[{{"role":"user","content":"{text}"}}]}}"#
        ),
        Dialect::Chat => format!(
            r#"{{"model":"m","stream":{stream},"max_tokens":1024,"messages":[{{"role":"system","content":"You are terse."}},{{"role":"user","content":"{text}"}}]}}"#
        ),
        Dialect::Responses => format!(
            r#"{{"model":"m","stream":{stream},"max_output_tokens":1024,"instructions":"You are terse.","input":[{{"role":"user","content":"{text}"}}]}}"#
        ),
    }
}

/// The provider's answer, whole.
#[must_use]
pub fn answer(dialect: Dialect) -> String {
    let text = TEXT.repeat(9);
    match dialect {
        Dialect::Messages => format!(
            r#"{{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":180,"output_tokens":120}}}}"#
        ),
        Dialect::Chat => format!(
            r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":180,"completion_tokens":120,"total_tokens":300}}}}"#
        ),
        Dialect::Responses => format!(
            r#"{{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m","output":[{}],"usage":{{"input_tokens":180,"output_tokens":120,"total_tokens":300}}}}"#,
            item(&text)
        ),
    }
}

fn item(text: &str) -> String {
    format!(
        r#"{{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{{"type":"output_text","annotations":[],"text":"{text}"}}]}}"#
    )
}

/// The provider's answer in events, of which `deltas` bring text; each as it would come alone.
#[must_use]
pub fn events(dialect: Dialect, deltas: usize) -> Vec<String> {
    let (head, delta, tail) = match dialect {
        Dialect::Messages => messages(),
        Dialect::Chat => chat(),
        Dialect::Responses => responses(deltas),
    };
    let mut events = head;
    events.extend(std::iter::repeat_n(delta, deltas));
    events.extend(tail);
    events
}

type Parts = (Vec<String>, String, Vec<String>);

fn messages() -> Parts {
    let event = |name: &str, rest: &str| format!("event: {name}\ndata: {{\"type\":\"{name}\"{rest}}}\n\n");
    let start = r#","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":180,"output_tokens":1}}"#;
    (
        vec![
            event("message_start", start),
            event("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#),
        ],
        event(
            "content_block_delta",
            &format!(r#","index":0,"delta":{{"type":"text_delta","text":"{PIECE}"}}"#),
        ),
        vec![
            event("content_block_stop", r#","index":0"#),
            event("message_delta", r#","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":120}"#),
            event("message_stop", ""),
        ],
    )
}

fn chat() -> Parts {
    let chunk = |rest: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",{rest}}}\n\n"
        )
    };
    let usage = r#""choices":[],"usage":{"prompt_tokens":180,"completion_tokens":120,"total_tokens":300}"#;
    (
        vec![chunk(
            r#""choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"#,
        )],
        chunk(&format!(
            r#""choices":[{{"index":0,"delta":{{"content":"{PIECE}"}},"logprobs":null,"finish_reason":null}}]"#
        )),
        vec![
            chunk(r#""choices":[{"index":0,"delta":{},"finish_reason":"stop"}]"#),
            chunk(usage),
            "data: [DONE]\n\n".to_owned(),
        ],
    )
}

fn responses(deltas: usize) -> Parts {
    let event = |name: &str, rest: &str| {
        format!("event: {name}\ndata: {{\"type\":\"{name}\",\"sequence_number\":1{rest}}}\n\n")
    };
    let response = |status: &str, rest: &str| {
        format!(
            r#","response":{{"id":"resp_1","object":"response","created_at":1,"status":"{status}","model":"m"{rest}}}"#
        )
    };
    let place = r#","item_id":"msg_1","output_index":0,"content_index":0"#;
    let text = PIECE.repeat(deltas);
    let part =
        |text: &str| format!(r#"{place},"part":{{"type":"output_text","annotations":[],"text":"{text}"}}"#);
    let whole = format!(
        r#","output":[{}],"usage":{{"input_tokens":180,"output_tokens":120,"total_tokens":300}}"#,
        item(&text)
    );
    let opened = r#","output_index":0,"item":{"type":"message","id":"msg_1","status":"in_progress","role":"assistant","content":[]}"#;
    (
        vec![
            event("response.created", &response("in_progress", r#","output":[]"#)),
            event("response.in_progress", &response("in_progress", r#","output":[]"#)),
            event("response.output_item.added", opened),
            event("response.content_part.added", &part("")),
        ],
        event("response.output_text.delta", &format!(r#"{place},"delta":"{PIECE}","logprobs":[]"#)),
        vec![
            event("response.output_text.done", &format!(r#"{place},"text":"{text}""#)),
            event("response.content_part.done", &part(&text)),
            event("response.output_item.done", &format!(r#","output_index":0,"item":{}"#, item(&text))),
            event("response.completed", &response("completed", &whole)),
        ],
    )
}
