//! Whether a schema is one that OpenAI keeps to the letter: there every property is required, and no other allowed.
//! Anthropic asks less, and a schema that asks too little is refused.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

/// As deep as OpenAI goes.
const MAX_DEPTH: u8 = 10;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Schema<'a> {
    #[serde(borrow)]
    properties: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
    #[serde(borrow)]
    required: Option<BTreeSet<Cow<'a, str>>>,
    #[serde(borrow, rename = "additionalProperties")]
    additional: Option<&'a RawValue>,
    #[serde(borrow)]
    items: Option<&'a RawValue>,
    #[serde(borrow, rename = "anyOf")]
    any_of: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "$defs")]
    defs: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
    #[serde(borrow)]
    definitions: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
}

pub(super) fn is_strict(schema: &RawValue) -> bool {
    within(schema, MAX_DEPTH)
}

fn within(schema: &RawValue, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let Ok(schema) = serde_json::from_str::<Schema<'_>>(schema.get()) else { return false };
    if let Some(properties) = &schema.properties {
        let required = schema.required.unwrap_or_default();
        let closed = schema.additional.is_some_and(|additional| additional.get() == "false");
        if !closed || !properties.keys().all(|name| required.contains(name)) {
            return false;
        }
    }
    let named = [schema.properties, schema.defs, schema.definitions].into_iter().flatten();
    let mut parts =
        named.flat_map(BTreeMap::into_values).chain(schema.items).chain(schema.any_of.into_iter().flatten());
    parts.all(|part| within(part, depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas() {
        let check = |json: &str, expect: bool| {
            let schema = RawValue::from_string(json.to_owned()).unwrap();
            assert_eq!(is_strict(&schema), expect, "{json}");
        };
        check(r#"{"type":"string"}"#, true);
        check(
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#,
            true,
        );
        check(r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#, false);
        check(r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#, false);
        check(r#"{"type":"array","items":{"type":"object","properties":{"a":{}}}}"#, false);
        check(r#"{"anyOf":[{"type":"null"},{"type":"object","properties":{}}]}"#, false);
        check(&format!("{}{}{}", r#"{"items":"#.repeat(20), "{}", "}".repeat(20)), false);
        check("7", false);
    }
}
