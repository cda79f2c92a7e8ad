//! When a stream's first content comes: the time to the first token.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::Dialect;

static MESSAGES: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"content_block_delta"));
static RESPONSES: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b".delta\""));
static CHAT_TEXT: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"content\""));
static CHAT_TOOL: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"tool_calls\""));
static CHAT_THOUGHT: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"reasoning"));
static LEGACY_TEXT: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"text\""));

/// Whether these bytes of a stream hold content: text, a thought, or a piece of a tool call. An event that two chunks share
/// may be noticed with the next one.
///
/// ```
/// use ccproxy_wire::Dialect;
/// use ccproxy_wire::stream::has_content;
///
/// assert!(!has_content(Dialect::Chat, br#"data: {"choices":[{"delta":{"role":"assistant","content":""}}]}"#));
/// assert!(has_content(Dialect::Chat, br#"data: {"choices":[{"delta":{"content":"Hi"}}]}"#));
/// ```
#[must_use]
pub fn has_content(dialect: Dialect, bytes: &[u8]) -> bool {
    match dialect {
        Dialect::Messages => MESSAGES.find(bytes).is_some(),
        Dialect::Responses => RESPONSES.find(bytes).is_some(),
        Dialect::Chat => {
            let finders = [&CHAT_TEXT, &CHAT_TOOL, &CHAT_THOUGHT, &LEGACY_TEXT];
            finders.into_iter().any(|finder| finder.find_iter(bytes).any(|at| has_value(bytes, at)))
        }
    }
}

/// Whether the key that begins here has a value that is neither `null` nor empty.
fn has_value(bytes: &[u8], at: usize) -> bool {
    let value = bytes.get(at..).and_then(|rest| rest.get(memchr::memchr(b':', rest)? + 1..));
    let value = value.unwrap_or_default().trim_ascii_start();
    !(value.is_empty()
        || value.starts_with(b"null")
        || value.starts_with(b"\"\"")
        || value.starts_with(b"[]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content() {
        use Dialect::{Chat, Messages, Responses};
        let check = |dialect, text: &str, expect| {
            assert_eq!(has_content(dialect, text.as_bytes()), expect, "{text}");
        };
        check(Messages, "event: message_start\n", false);
        check(Messages, r#"data: {"type":"content_block_start"}"#, false);
        check(Messages, r#"data: {"type":"content_block_delta"}"#, true);
        check(Responses, r#"data: {"type":"response.created"}"#, false);
        check(Responses, r#"data: {"type":"response.output_text.delta"}"#, true);
        check(Chat, r#"{"delta":{"role":"assistant","content":null}}"#, false);
        check(Chat, r#"{"delta":{"content": ""}}"#, false);
        check(Chat, r#"{"delta":{"content": "a"}}"#, true);
        check(Chat, r#"{"delta":{"tool_calls":[{"index":0}]}}"#, true);
        check(Chat, r#"{"delta":{"reasoning_content":"hm"}}"#, true);
        check(Chat, r#"{"usage":{"completion_tokens_details":{"reasoning_tokens":null}}}"#, false);
        check(Chat, r#"{"choices":[{"text":"a"}]}"#, true);
    }
}
