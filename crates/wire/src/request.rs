//! What routing needs of a request body: the model and whether to stream.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::edit::span_of;

/// A longer name is no model's. It would go into patterns, logs and messages, which all need a bound.
const MAX_MODEL: usize = 4096;

/// The part of a request body that routing reads.
///
/// # Examples
/// ```
/// let body = br#"{"model":"claude-sonnet-4-6","stream":true,"messages":[]}"#;
/// let head = ccproxy_wire::RequestHead::read(body)?;
/// assert_eq!(head.model, "claude-sonnet-4-6");
/// assert!(head.stream);
/// assert_eq!(&body[head.model_span], br#""claude-sonnet-4-6""#);
/// # Ok::<(), ccproxy_wire::RequestError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead<'a> {
    /// The model's name as the client wrote it.
    pub model: Cow<'a, str>,
    /// Where the model's JSON string stands in the body, quotes included.
    pub model_span: Range<usize>,
    /// Whether the client wants a stream.
    pub stream: bool,
}

/// Why a request body cannot be routed. The client is at fault in every case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The body is empty.
    #[error("the request has no body; send a JSON object with at least \"model\"")]
    Empty,
    /// The body is not one JSON object.
    #[error("the request body is not a valid JSON object: {0}")]
    Json(String),
    /// A field that must be there is not.
    #[error("{0}: field required")]
    Missing(&'static str),
    /// A field has the wrong type.
    #[error("{field}: must be {expected}")]
    WrongType {
        /// The field's name.
        field: &'static str,
        /// What it must be, with its article.
        expected: &'static str,
    },
}

impl RequestError {
    /// The field at fault, for the `param` of OpenAI's error.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Empty | Self::Json(_) => None,
            Self::Missing(field) | Self::WrongType { field, .. } => Some(field),
        }
    }
}

/// OpenAI's name for requests that share a prompt, where a body has one.
#[must_use]
pub fn prompt_cache_key(body: &[u8]) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Keyed<'a> {
        #[serde(borrow)]
        prompt_cache_key: Option<&'a RawValue>,
    }
    let keyed: Keyed<'_> = serde_json::from_slice(body).ok()?;
    string(keyed.prompt_cache_key?.get()).filter(|key| !key.is_empty())
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    stream: Option<&'a RawValue>,
}

impl<'a> RequestHead<'a> {
    /// Reads a body, checking that the whole of it is JSON.
    ///
    /// # Errors
    /// [`RequestError`] if the body is not a JSON object with a string `model` and, if it is there, a boolean `stream`.
    pub fn read(body: &'a [u8]) -> Result<Self, RequestError> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(RequestError::Empty);
        }
        let raw: Raw<'a> =
            serde_json::from_slice(body).map_err(|error| RequestError::Json(error.to_string()))?;
        let model = raw.model.ok_or(RequestError::Missing("model"))?;
        let wrong_model = RequestError::WrongType { field: "model", expected: "a string" };
        let name = string(model.get()).filter(|name| !name.is_empty()).ok_or(wrong_model)?;
        if name.len() > MAX_MODEL {
            return Err(RequestError::WrongType {
                field: "model",
                expected: "a string of at most 4096 bytes",
            });
        }
        let stream = match raw.stream.map(RawValue::get) {
            None | Some("null" | "false") => false,
            Some("true") => true,
            Some(_) => return Err(RequestError::WrongType { field: "stream", expected: "true or false" }),
        };
        Ok(Self { model: name, model_span: span_of(body, model.get()), stream })
    }
}

/// A JSON string's text; borrowed where it has no escapes.
fn string(json: &str) -> Option<Cow<'_, str>> {
    match serde_json::from_str::<&str>(json) {
        Ok(plain) => Some(Cow::Borrowed(plain)),
        Err(_) => serde_json::from_str::<String>(json).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let check = |body: &str, expect: Result<(&str, bool), &str>| {
            let got = RequestHead::read(body.as_bytes());
            match (got, expect) {
                (Ok(head), Ok((model, stream))) => {
                    assert_eq!((head.model.as_ref(), head.stream), (model, stream), "{body}")
                }
                (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{body}: {error}"),
                (got, expect) => panic!("{body}: got {got:?}, expected {expect:?}"),
            }
        };
        check(r#"{"model":"m"}"#, Ok(("m", false)));
        check(r#"{"stream":true,"x":[1,{"model":"inner"}],"model":"m"}"#, Ok(("m", true)));
        check(r#"{"model":"a\u0062c","stream":null}"#, Ok(("abc", false)));
        check("", Err("no body"));
        check("  \n", Err("no body"));
        check("[1]", Err("not a valid JSON object"));
        check(r#"{"model":"m""#, Err("line 1 column 12"));
        check(r#"{"model":"m"} x"#, Err("trailing characters"));
        check(r#"{"model":"m","model":"n"}"#, Err("duplicate field `model`"));
        check(r#"{"messages":[]}"#, Err("model: field required"));
        check(r#"{"model":7}"#, Err("model: must be a string"));
        check(r#"{"model":""}"#, Err("model: must be a string"));
        check(&format!(r#"{{"model":"{}"}}"#, "m".repeat(4097)), Err("at most 4096 bytes"));
        check(r#"{"model":"m","stream":"yes"}"#, Err("stream: must be true or false"));
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        let body = format!(r#"{{"model":"m","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(
            RequestHead::read(body.as_bytes()).map(|head| head.model.into_owned()),
            Ok("m".to_owned())
        );
    }
}
