//! Reading JSON, with the path of what is wrong in it.

use ccproxy_wire::responses;
use serde::Deserialize;
use serde_path_to_error::Segment;

use crate::error::Error;

/// Reads a request's body.
///
/// # Errors
/// [`Error::Request`] with the path of the field that is not what it must be.
pub(crate) fn body<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Error> {
    // The path costs time that only who is wrong has to spend.
    serde_json::from_slice(json).or_else(|_| {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| fault("", &error))?;
        deserializer.end().map_err(|error| Error::request("body", error.to_string()))?;
        Ok(value)
    })
}

/// Reads a value that stands at this path of the request.
///
/// # Errors
/// As [`body`].
pub(crate) fn value<'a, T: Deserialize<'a>>(path: &str, json: &'a str) -> Result<T, Error> {
    serde_json::from_str(json).or_else(|_| {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| fault(path, &error))
    })
}

/// Reads something of Responses that has a `type`, of which not all are known.
///
/// # Errors
/// As [`body`].
pub(crate) fn typed<'a, T: responses::Typed<'a>>(path: &str, json: &'a str) -> Result<T, Error> {
    responses::read(json).or_else(|_| value(path, json))
}

fn fault(path: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let mut field = path.to_owned();
    for segment in error.path() {
        let step = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.clone(),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        if !field.is_empty() {
            field.push('.');
        }
        field.push_str(&step);
    }
    let message = error.inner().to_string();
    // Where in the value it stands means nothing to who has sent the whole.
    let message = match message.split_once(" at line ") {
        Some((message, _)) if error.inner().is_data() => message.to_owned(),
        _ => message,
    };
    Error::request(if field.is_empty() { "body" } else { &field }, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults() {
        let check = |json: &str, field: &str, message: &str| {
            let error = body::<responses::request::Request<'_>>(json.as_bytes()).unwrap_err();
            assert_eq!(error.field(), Some(field), "{json}");
            assert!(error.to_string().contains(message), "{json}: {error}");
        };
        check(r#"{"model":7}"#, "model", "invalid type: integer `7`, expected a string");
        check(
            r#"{"text":{"format":{"type":"json_schema","strict":"yes"}}}"#,
            "text.format.strict",
            "expected a boolean",
        );
        check(r#"{"include":["a",{}]}"#, "include.1", "expected a string");
        check(r#"{"input":7}"#, "input", "expected a string or a list of parts");
        check("[]", "body", "expected an object");
        check("{", "body", "EOF");
        check("{} x", "body", "trailing characters");
        let error =
            typed::<responses::item::Item<'_>>("input.3", r#"{"type":"message","role":[]}"#).unwrap_err();
        assert_eq!(error.field(), Some("input.3.role"));
        let item =
            typed::<responses::item::Item<'_>>("", r#"{"type":"computer_call_output","output":{}}"#).unwrap();
        assert_eq!(item.kind(), "computer_call_output");
    }
}
