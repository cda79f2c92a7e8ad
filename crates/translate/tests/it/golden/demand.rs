//! How demands on JSON are put.

use serde_json::Value;

pub(crate) type Outcome = Result<(), String>;

pub(crate) fn demand(kept: bool, wrong: impl Into<String>) -> Outcome {
    if kept { Ok(()) } else { Err(wrong.into()) }
}

pub(crate) fn text<'a>(value: &'a Value, what: &str) -> Result<&'a str, String> {
    value.as_str().filter(|text| !text.is_empty()).ok_or_else(|| format!("{what} is no text: {value}"))
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
