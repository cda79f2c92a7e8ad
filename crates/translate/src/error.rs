//! What cannot be translated, and the errors that providers answer with.

use std::borrow::Cow;

use ccproxy_wire::{Dialect, Family};
use serde::{Deserialize, Serialize};

use crate::delta::Trouble;
use crate::dropped;

/// Why there is no translation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request is not what its dialect allows. The client is at fault.
    #[error("{field}: {message}")]
    Request {
        /// The path of the field at fault.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// Without this field the request would mean something else, and the provider has none like it. The client is at fault.
    #[error(
        "{field}: the provider behind this model has nothing like it; leave it out, or ask for another model"
    )]
    NotCarried {
        /// The path of the field.
        field: String,
    },
    /// The provider reports a failure in an answer of HTTP 200.
    #[error("{0}")]
    Failed(Box<Failed>),
    /// The answer is not the provider's dialect. The provider is at fault.
    #[error("the provider's answer is not {dialect}: {message}")]
    Answer {
        /// What it should have been.
        dialect: Dialect,
        /// What is wrong with it.
        message: String,
    },
}

impl Error {
    /// The field at fault, for the `param` of OpenAI's error.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Request { field, .. } | Self::NotCarried { field } => Some(field),
            Self::Answer { .. } | Self::Failed(_) => None,
        }
    }

    /// A writer's error, in the words of the client.
    pub(crate) fn in_words_of(self, client: Dialect) -> Self {
        match self {
            Self::NotCarried { field } => Self::NotCarried { field: dropped::word(client, &field) },
            other => other,
        }
    }

    pub(crate) fn request(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Request { field: field.into(), message: message.into() }
    }

    pub(crate) fn answer(dialect: Dialect, error: &serde_json::Error) -> Self {
        Self::Answer { dialect, message: error.to_string() }
    }
}

/// A failure that a provider reports in the place of an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failed {
    kind: String,
    code: Option<String>,
    param: Option<String>,
    message: String,
}

impl Failed {
    /// The status that a provider answers with which tells failures by it.
    #[must_use]
    pub fn status(&self) -> u16 {
        let class = |word: Option<&str>| Some(anthropic_type(word, "")).filter(|class| !class.is_empty());
        match class(Some(&self.kind)).or_else(|| class(self.code.as_deref())) {
            Some("rate_limit_error") => 429,
            Some("billing_error") => 402,
            Some("overloaded_error") => 529,
            Some("not_found_error") => 404,
            Some("request_too_large") => 413,
            _ if self.kind == "invalid_request_error" => 400,
            _ => 502,
        }
    }

    /// The body of the error in the family of the client, as [`error`] makes it.
    #[must_use]
    pub fn body(&self, client: Family) -> Vec<u8> {
        let (anthropic, openai, code) = names(self.status());
        let code = self.code.as_deref().or(code);
        written(client, &self.message, Words { anthropic, openai, code, param: self.param.as_deref() }, None)
    }
}

impl From<Trouble<'_>> for Error {
    fn from(Trouble { kind, code, message, param }: Trouble<'_>) -> Self {
        let own = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        let (kind, message) = (kind.into_owned(), message.into_owned());
        Self::Failed(Box::new(Failed { kind, code: own(code), param: own(param), message }))
    }
}

/// The body of an error, in either family's shape.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Body {
    error: Inner,
    request_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Inner {
    message: Option<String>,
    r#type: Option<String>,
    code: Option<Code>,
    param: Option<String>,
}

/// Some servers number their codes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Text(String),
    Number(serde_json::Number),
    Other(serde::de::IgnoredAny),
}

impl Code {
    fn told(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
            Self::Other(_) => None,
        }
    }
}

#[derive(Serialize)]
struct Anthropic<'a> {
    r#type: &'static str,
    error: AnthropicInner<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
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

/// What each status is called by Anthropic and by OpenAI.
const NAMES: [(u16, &str, &str, Option<&str>); 10] = [
    (400, "invalid_request_error", "invalid_request_error", None),
    (401, "authentication_error", "invalid_request_error", Some("invalid_api_key")),
    (402, "billing_error", "insufficient_quota", Some("insufficient_quota")),
    (403, "permission_error", "invalid_request_error", None),
    (404, "not_found_error", "invalid_request_error", Some("model_not_found")),
    (408, "timeout_error", "server_error", Some("timeout")),
    (413, "request_too_large", "invalid_request_error", Some("request_too_large")),
    (429, "rate_limit_error", "rate_limit_exceeded", Some("rate_limit_exceeded")),
    (503, "overloaded_error", "server_error", Some("overloaded")),
    (529, "overloaded_error", "server_error", Some("overloaded")),
];

/// The names of an error: of its status, or of the class that the status is of.
fn names(status: u16) -> (&'static str, &'static str, Option<&'static str>) {
    let known = NAMES.iter().find(|(known, ..)| *known == status);
    match known {
        Some((_, anthropic, openai, code)) => (anthropic, openai, *code),
        None if status < 500 => ("invalid_request_error", "invalid_request_error", None),
        None => ("api_error", "server_error", None),
    }
}

/// The body of a provider's error in the family of the client. The text stays verbatim: clients look for words in it.
/// Status and headers are the caller's to keep.
///
/// A body that is no error of either family, such as a gateway's page, is not repeated.
#[must_use]
pub fn error(client: Family, status: u16, body: &[u8]) -> Vec<u8> {
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let plain = format!("the provider answered HTTP {status}");
    let message = body.error.message.as_deref().unwrap_or(&plain);
    let (anthropic, openai, code) = names(status);
    let (said, told) = (body.error.r#type.as_deref(), body.error.code.and_then(Code::told));
    let words = Words {
        anthropic: anthropic_type(said, anthropic),
        openai: openai_type(said, openai),
        code: told.as_deref().or(code),
        param: body.error.param.as_deref(),
    };
    written(client, message, words, body.request_id.as_deref())
}

/// What an error is called.
#[derive(Clone, Copy)]
struct Words<'a> {
    anthropic: &'a str,
    openai: &'a str,
    code: Option<&'a str>,
    param: Option<&'a str>,
}

fn written(client: Family, message: &str, words: Words<'_>, request_id: Option<&str>) -> Vec<u8> {
    let Words { anthropic, openai, code, param } = words;
    let json = match client {
        Family::Anthropic => {
            let error = AnthropicInner { r#type: anthropic, message };
            serde_json::to_vec(&Anthropic { r#type: "error", error, request_id })
        }
        Family::OpenAi => {
            serde_json::to_vec(&OpenAi { error: OpenAiInner { message, r#type: openai, param, code } })
        }
    };
    json.unwrap_or_default()
}

/// A type that Anthropic knows, by what the provider said or else by the status.
pub(crate) fn anthropic_type<'a>(said: Option<&str>, by_status: &'a str) -> &'a str {
    match said {
        Some("rate_limit_exceeded" | "rate_limit_error" | "tokens" | "requests") => "rate_limit_error",
        Some("insufficient_quota" | "billing_error") => "billing_error",
        Some("overloaded_error" | "overloaded" | "server_is_overloaded" | "slow_down") => "overloaded_error",
        Some("authentication_error") => "authentication_error",
        Some("permission_error") => "permission_error",
        Some("not_found_error") => "not_found_error",
        Some("request_too_large") => "request_too_large",
        _ => by_status,
    }
}

/// A type that OpenAI knows, by what the provider said or else by the status.
pub(crate) fn openai_type<'a>(said: Option<&str>, by_status: &'a str) -> &'a str {
    match said {
        Some("rate_limit_error" | "rate_limit_exceeded") => "rate_limit_exceeded",
        Some("billing_error" | "insufficient_quota") => "insufficient_quota",
        Some("overloaded_error" | "api_error" | "timeout_error" | "server_error") => "server_error",
        Some("invalid_request_error") => "invalid_request_error",
        _ => by_status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_errors() {
        let check = |client, status, body: &str, expect: &str| {
            let got = error(client, status, body.as_bytes());
            assert_eq!(String::from_utf8_lossy(&got), expect, "{status} {body}");
        };
        let too_long = "prompt is too long: 200001 tokens > 200000 maximum";
        check(
            Family::Anthropic,
            400,
            &format!(
                r#"{{"error":{{"message":"{too_long}","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}}}}"#
            ),
            &format!(
                r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"{too_long}"}}}}"#
            ),
        );
        check(
            Family::OpenAi,
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
            r#"{"error":{"message":"Overloaded","type":"server_error","param":null,"code":"overloaded"}}"#,
        );
        check(
            Family::OpenAi,
            429,
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#,
            r#"{"error":{"message":"slow down","type":"rate_limit_exceeded","param":null,"code":"rate_limit_exceeded"}}"#,
        );
        check(
            Family::Anthropic,
            429,
            r#"{"error":{"message":"no money","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            r#"{"type":"error","error":{"type":"billing_error","message":"no money"}}"#,
        );
        check(
            Family::OpenAi,
            502,
            "<html>bad gateway</html>",
            r#"{"error":{"message":"the provider answered HTTP 502","type":"server_error","param":null,"code":null}}"#,
        );
        check(
            Family::OpenAi,
            400,
            r#"{"error":{"message":"m","type":"BadRequestError","param":null,"code":400}}"#,
            r#"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"400"}}"#,
        );
    }
}
