//! What each dialect demands of a whole answer, told without a word of the translator's.

pub(super) mod chat;
pub(super) mod messages;
pub(super) mod responses;
mod tests;

use ccproxy_wire::Dialect;
use serde_json::Value;

use crate::golden::demand::{Outcome, demand};

pub(super) fn check(dialect: Dialect, body: &Value) -> Outcome {
    match dialect {
        Dialect::Messages => messages::check(body),
        Dialect::Chat => chat::check(body),
        Dialect::Responses => responses::check(body),
    }
}

/// One of these words.
pub(super) fn one_of(value: &Value, words: &[&str], what: &str) -> Outcome {
    let known = value.as_str().is_some_and(|word| words.contains(&word));
    demand(known, format!("{what} is none of {words:?}: {value}"))
}

pub(super) fn count(value: &Value, what: &str) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| format!("{what} is no count: {value}"))
}

/// An object, as far as it comes to that, in JSON of its own.
pub(super) fn object(json: &Value, what: &str) -> Outcome {
    let object = json.as_str().and_then(|json| serde_json::from_str::<Value>(json).ok());
    demand(object.is_some_and(|object| object.is_object()), format!("{what} are no object: {json}"))
}

/// All of these are there, even if they are null.
pub(super) fn there(value: &Value, fields: &[&str], what: &str) -> Outcome {
    let lacks = fields.iter().find(|field| value.get(field).is_none());
    lacks.map_or(Ok(()), |field| Err(format!("{what} lacks {field}: {value}")))
}
