//! How a stream begins: with an error before any content, it may still be asked for elsewhere.

use std::borrow::Cow;

use serde::Deserialize;

use crate::Dialect;

/// What an event at the beginning of a stream comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Nothing that a client would miss, if another provider began anew.
    Preamble,
    /// The answer has begun.
    Content,
    /// The provider reports an error; `passing` if it is one that may pass, rather than the request's own.
    Error {
        /// Whether another attempt may do better.
        passing: bool,
    },
}

/// What errors that are the request's own are called, in any dialect.
const OF_THE_REQUEST: [&str; 8] = [
    "invalid_request_error",
    "not_found_error",
    "request_too_large",
    "invalid_prompt",
    "context_length_exceeded",
    "content_policy_violation",
    "model_not_found",
    "invalid_image",
];

/// Judges an event that nothing but a preamble went before.
///
/// # Examples
/// ```
/// use ccproxy_wire::Dialect;
/// use ccproxy_wire::stream::{Opening, opening};
///
/// let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
/// assert_eq!(opening(Dialect::Messages, "error", overloaded), Opening::Error { passing: true });
/// assert_eq!(opening(Dialect::Chat, "", r#"{"choices":[]}"#), Opening::Content);
/// ```
#[must_use]
pub fn opening(dialect: Dialect, name: &str, data: &str) -> Opening {
    let Ok(event) = serde_json::from_str::<Event<'_>>(data) else { return Opening::Content };
    let kind = if name.is_empty() { event.r#type.as_deref().unwrap_or_default() } else { name };
    match (dialect, kind) {
        (_, "error") | (Dialect::Responses, "response.failed") => event.judged(),
        (Dialect::Chat, _) if event.error.is_some() => event.judged(),
        (Dialect::Messages, "ping" | "message_start")
        | (Dialect::Responses, "response.created" | "response.queued" | "response.in_progress") => {
            Opening::Preamble
        }
        _ => Opening::Content,
    }
}

/// As much of an event as is read. Whatever is of another form than it should be, is content.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error: Option<Reported<'a>>,
    #[serde(borrow)]
    response: Option<Response<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    error: Option<Reported<'a>>,
}

/// Some servers say an error in a word, and some number its code.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reported<'a> {
    #[serde(borrow)]
    Typed(Typed<'a>),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
}

impl Event<'_> {
    fn judged(&self) -> Opening {
        let inner =
            self.error.as_ref().or(self.response.as_ref().and_then(|response| response.error.as_ref()));
        let words = match inner {
            Some(Reported::Typed(typed)) => [typed.r#type.as_deref(), typed.code.as_deref()],
            Some(Reported::Other(_)) | None => [None, self.code.as_deref()],
        };
        let own = words.into_iter().flatten().any(|word| OF_THE_REQUEST.contains(&word));
        Opening::Error { passing: !own }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings() {
        use Dialect::{Chat, Messages, Responses};
        let (passing, own) = (Opening::Error { passing: true }, Opening::Error { passing: false });
        let check = |dialect, name, data, expect| assert_eq!(opening(dialect, name, data), expect, "{data}");
        check(Messages, "ping", r#"{"type": "ping"}"#, Opening::Preamble);
        check(Messages, "", r#"{"type":"message_start","message":{"error":1}}"#, Opening::Preamble);
        check(Messages, "content_block_start", r#"{"type":"content_block_start"}"#, Opening::Content);
        check(Messages, "error", r#"{"type":"error","error":{"type":"api_error"}}"#, passing);
        check(Messages, "error", r#"{"type":"error","error":{"type":"invalid_request_error"}}"#, own);
        check(Responses, "", r#"{"type":"response.created","response":{"error":null}}"#, Opening::Preamble);
        check(Responses, "response.output_item.added", "{}", Opening::Content);
        let failed =
            r#"{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"m"}}}"#;
        check(Responses, "response.failed", failed, passing);
        let failed = r#"{"type":"response.failed","response":{"error":{"code":"invalid_prompt"}}}"#;
        check(Responses, "response.failed", failed, own);
        check(Responses, "error", r#"{"type":"error","code":"server_error","message":"m"}"#, passing);
        check(Chat, "", r#"{"choices":[{"delta":{"role":"assistant"}}],"error":null}"#, Opening::Content);
        check(Chat, "", r#"{"error":{"message":"no","code":429}}"#, passing);
        check(Chat, "", r#"{"error":{"code":"context_length_exceeded"}}"#, own);
        check(Chat, "", r#"{"error":"overloaded"}"#, passing);
        check(Chat, "", "[DONE]", Opening::Content);
    }
}
