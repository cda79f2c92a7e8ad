//! Error bodies, and the events that end a stream in error, in each dialect's own words.

use bytes::Bytes;
use serde::Serialize;

use crate::{Dialect, Family};

/// What an error says, in the words of both families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorBody<'a> {
    /// Anthropic's `error.type`.
    pub anthropic_type: &'a str,
    /// OpenAI's `error.type`.
    pub openai_type: &'a str,
    /// OpenAI's `error.code`.
    pub openai_code: Option<&'a str>,
    /// The request's field at fault: OpenAI's `error.param`.
    pub param: Option<&'a str>,
    /// What happened and what to do next.
    pub message: &'a str,
    /// The id under which the exchange is logged.
    pub request_id: &'a str,
}

#[derive(Serialize)]
struct Anthropic<'a> {
    r#type: &'static str,
    error: AnthropicInner<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct AnthropicInner<'a> {
    r#type: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct OpenAi<'a> {
    error: OpenAiInner<'a>,
}

#[derive(Serialize)]
struct OpenAiInner<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

#[derive(Serialize)]
struct ResponsesEvent<'a> {
    r#type: &'static str,
    sequence_number: u64,
    code: Option<&'a str>,
    message: &'a str,
    param: Option<&'a str>,
    error: OpenAiInner<'a>,
}

impl<'a> ErrorBody<'a> {
    /// The whole body in the family's shape.
    #[must_use]
    pub fn render(&self, family: Family) -> Bytes {
        match family {
            Family::Anthropic => json(&self.anthropic()),
            Family::OpenAi => json(&OpenAi { error: self.openai() }),
        }
    }

    /// The event that ends a stream of `dialect` in error, after so many events of the provider's.
    #[must_use]
    pub fn render_event(&self, dialect: Dialect, events: u64) -> Bytes {
        let (name, data) = match dialect {
            Dialect::Messages => ("event: error\n", json(&self.anthropic())),
            Dialect::Chat => ("", json(&OpenAi { error: self.openai() })),
            Dialect::Responses => ("event: error\n", json(&self.responses_event(events))),
        };
        let mut event = Vec::with_capacity(name.len() + data.len() + 8);
        for part in [name.as_bytes(), b"data: ", &data, b"\n\n"] {
            event.extend_from_slice(part);
        }
        event.into()
    }

    fn anthropic(&self) -> Anthropic<'a> {
        let error = AnthropicInner { r#type: self.anthropic_type, message: self.message };
        Anthropic { r#type: "error", error, request_id: self.request_id }
    }

    fn openai(&self) -> OpenAiInner<'a> {
        OpenAiInner {
            message: self.message,
            r#type: self.openai_type,
            param: self.param,
            code: self.openai_code,
        }
    }

    fn responses_event(&self, sequence_number: u64) -> ResponsesEvent<'a> {
        // The nested object repeats the flat fields: some SDK releases look here, others there.
        ResponsesEvent {
            r#type: "error",
            sequence_number,
            code: self.openai_code,
            message: self.message,
            param: self.param,
            error: self.openai(),
        }
    }
}

/// Serialising strings into memory cannot fail; the empty object stands for the impossible.
fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).map_or_else(|_| Bytes::from_static(b"{}"), Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let error = ErrorBody {
            anthropic_type: "not_found_error",
            openai_type: "invalid_request_error",
            openai_code: Some("model_not_found"),
            param: Some("model"),
            message: "no \"x\"",
            request_id: "r1",
        };
        let check = |got: Bytes, expect: &str| assert_eq!(String::from_utf8_lossy(&got), expect);
        check(
            error.render(Family::Anthropic),
            r#"{"type":"error","error":{"type":"not_found_error","message":"no \"x\""},"request_id":"r1"}"#,
        );
        check(
            error.render(Family::OpenAi),
            r#"{"error":{"message":"no \"x\"","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#,
        );
        check(
            error.render_event(Dialect::Chat, 1),
            "data: {\"error\":{\"message\":\"no \\\"x\\\"\",\"type\":\"invalid_request_error\",\"param\":\"model\",\"code\":\"model_not_found\"}}\n\n",
        );
        assert!(
            error.render_event(Dialect::Messages, 1).starts_with(b"event: error\ndata: {\"type\":\"error\"")
        );
        assert!(error.render_event(Dialect::Responses, 7).starts_with(
            b"event: error\ndata: {\"type\":\"error\",\"sequence_number\":7,\"code\":\"model_not_found\""
        ));
    }
}
