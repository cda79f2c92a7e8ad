//! Changing one value of a JSON text and leaving every other byte as it was.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Where `part`, a slice borrowed from `whole`, stands in it.
pub(crate) fn span_of(whole: &[u8], part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start + part.len()
}

/// Puts `name` as a JSON string in place of `span`.
///
/// # Examples
/// ```
/// let edited = ccproxy_wire::edit::replace_string(br#"{"model" : "a"}"#, 11..14, "b");
/// assert_eq!(&edited[..], br#"{"model" : "b"}"#);
/// ```
#[must_use]
pub fn replace_string(body: &[u8], span: Range<usize>, name: &str) -> Bytes {
    let quoted = serde_json::Value::from(name).to_string();
    let mut out = BytesMut::with_capacity(body.len() + quoted.len());
    out.put_slice(body.get(..span.start).unwrap_or_default());
    out.put_slice(quoted.as_bytes());
    out.put_slice(body.get(span.end..).unwrap_or_default());
    out.freeze()
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
}

/// The places in which an answer or a stream's event names its model.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

/// Where an answer body, or the data of a stream's event, names its model.
///
/// That is `model` (Messages, Chat and Responses answers, Chat chunks), `message.model` (Messages' first event) or
/// `response.model` (Responses events). What is not such a JSON object has none.
#[must_use]
pub fn model_span(json: &[u8]) -> Option<Range<usize>> {
    memchr::memmem::find(json, b"\"model\"")?;
    let answer: Answer<'_> = serde_json::from_slice(json).ok()?;
    let named =
        answer.model.or_else(|| inner_model(answer.message)).or_else(|| inner_model(answer.response))?;
    named.get().starts_with('"').then(|| span_of(json, named.get()))
}

fn inner_model(object: Option<&RawValue>) -> Option<&RawValue> {
    serde_json::from_str::<Named<'_>>(object?.get()).ok()?.model
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let check = |json: &str, expect: Option<&str>| {
            assert_eq!(model_span(json.as_bytes()).and_then(|span| json.get(span)), expect, "{json}");
        };
        check(r#"{"id":"x","model":"m"}"#, Some(r#""m""#));
        check(r#"{"type":"message_start","message":{"id":"x","model": "m"}}"#, Some(r#""m""#));
        check(r#"{"type":"response.created","response":{"model":"m"}}"#, Some(r#""m""#));
        check(r#"{"choices":[{"model":"not this"}]}"#, None);
        check(r#"{"model":null}"#, None);
        check("[DONE]", None);
        check(r#"{"model":"m""#, None);
    }
}
