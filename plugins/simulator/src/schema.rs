//! Values that fit a JSON schema, made by rule: what a model would have to invent.

use serde_json::{Map, Value};

/// How many values one sample may hold: schemas can refer to themselves.
const MOST_VALUES: usize = 500;
/// How deep a sample may be.
const DEEPEST: usize = 24;
/// The longest string that `minLength` may ask for.
const LONGEST: u64 = 1000;

/// A value that fits the schema: required properties only, an enum's first value, fixed values by type.
pub(crate) fn sample(schema: &Value) -> Value {
    Sampler { root: schema, left: MOST_VALUES }.value(schema, 0)
}

struct Sampler<'a> {
    root: &'a Value,
    left: usize,
}

impl<'a> Sampler<'a> {
    fn value(&mut self, schema: &'a Value, depth: usize) -> Value {
        if self.left == 0 || depth > DEEPEST {
            return Value::Null;
        }
        self.left -= 1;
        if let Some(fixed) = fixed(schema) {
            return fixed.clone();
        }
        if let Some(other) = self.instead(schema) {
            return self.value(other, depth + 1);
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.all_of(schema, parts, depth);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "integer" | "number" => number(schema),
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => Value::String(string(schema)),
        }
    }

    /// The schema that stands in for this one: what it refers to, or its first alternative that is not null.
    fn instead(&self, schema: &'a Value) -> Option<&'a Value> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.root.pointer(reference.strip_prefix('#')?);
        }
        let alternatives = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(*key)?.as_array())?;
        alternatives.iter().find(|alternative| kind(alternative) != "null").or(alternatives.first())
    }

    fn all_of(&mut self, schema: &'a Value, parts: &'a [Value], depth: usize) -> Value {
        let mut merged = match self.object(schema, depth) {
            Value::Object(own) => own,
            _ => Map::new(),
        };
        for part in parts {
            match self.value(part, depth + 1) {
                Value::Object(fields) => merged.extend(fields),
                other => return other,
            }
        }
        Value::Object(merged)
    }

    fn object(&mut self, schema: &'a Value, depth: usize) -> Value {
        let properties = schema.get("properties");
        let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut object = Map::new();
        for name in required.iter().filter_map(Value::as_str) {
            let property = properties.and_then(|all| all.get(name)).unwrap_or(&Value::Null);
            object.insert(name.to_owned(), self.value(property, depth + 1));
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &'a Value, depth: usize) -> Value {
        if let Some(parts) = schema.get("prefixItems").and_then(Value::as_array) {
            return parts.iter().map(|part| self.value(part, depth + 1)).collect();
        }
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1);
        let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
        let items = schema.get("items").unwrap_or(&Value::Null);
        let mut array = Vec::new();
        for _ in 0..least.max(1).min(most) {
            if self.left == 0 {
                break;
            }
            array.push(self.value(items, depth + 1));
        }
        Value::Array(array)
    }
}

fn fixed(schema: &Value) -> Option<&Value> {
    schema.get("const").or_else(|| schema.get("enum")?.as_array()?.first())
}

/// The type that a schema names or shows; of several the first that is not null.
fn kind(schema: &Value) -> &str {
    let named = match schema.get("type") {
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").or(Some("null"))
        }
        other => other.and_then(Value::as_str),
    };
    named.unwrap_or_else(|| {
        if schema.get("properties").is_some() {
            "object"
        } else if schema.get("items").is_some() {
            "array"
        } else {
            "string"
        }
    })
}

fn number(schema: &Value) -> Value {
    let at = |key: &str| schema.get(key).cloned();
    let beyond = |key: &str| schema.get(key)?.as_i64().map(|limit| Value::from(limit.saturating_add(1)));
    let multiple = at("multipleOf").unwrap_or_else(|| 1.into());
    let below = |most: &Value| most.as_f64().is_some_and(|most| most < 1.0);
    at("minimum")
        .or_else(|| beyond("exclusiveMinimum"))
        .or_else(|| at("maximum").filter(below))
        .unwrap_or(multiple)
}

fn string(schema: &Value) -> String {
    let text = match schema.get("format").and_then(Value::as_str).unwrap_or_default() {
        "date-time" => "2026-01-01T00:00:00Z",
        "date" => "2026-01-01",
        "time" => "00:00:00Z",
        "duration" => "PT1S",
        "email" => "simulated@example.com",
        "hostname" => "example.com",
        "uri" | "url" => "https://example.com/simulated",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "ipv4" => "127.0.0.1",
        "ipv6" => "::1",
        _ => "simulated",
    };
    let limit = |key: &str| schema.get(key).and_then(Value::as_u64);
    let least = limit("minLength").unwrap_or(0).min(LONGEST);
    let length = limit("maxLength").unwrap_or(LONGEST).min(least.max(text.len() as u64));
    text.chars().cycle().take(usize::try_from(length).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples() {
        let check = |schema: &str, expect: &str| {
            let schema: Value = serde_json::from_str(schema).unwrap();
            assert_eq!(sample(&schema).to_string(), expect, "{schema}");
        };
        check("{}", r#""simulated""#);
        check(r#"{"type":"object"}"#, "{}");
        check(
            r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"boolean"}},"required":["b","a"]}"#,
            r#"{"b":1,"a":"simulated"}"#,
        );
        check(r#"{"enum":["x","y"]}"#, r#""x""#);
        check(r#"{"const":7}"#, "7");
        check(r#"{"type":["null","number"],"minimum":2.5}"#, "2.5");
        check(r#"{"type":"integer","exclusiveMinimum":4}"#, "5");
        check(r#"{"type":"integer","maximum":-3}"#, "-3");
        check(r#"{"anyOf":[{"type":"null"},{"type":"boolean"}]}"#, "true");
        check(r#"{"type":"array","items":{"type":"null"},"minItems":2}"#, "[null,null]");
        check(r#"{"type":"array","items":{"type":"string"},"maxItems":0}"#, "[]");
        check(r#"{"type":"array","prefixItems":[{"type":"integer"},{"type":"boolean"}]}"#, "[1,true]");
        check(r#"{"type":"string","minLength":11}"#, r#""simulatedsi""#);
        check(r#"{"type":"string","maxLength":3}"#, r#""sim""#);
        check(r#"{"type":"string","format":"date"}"#, r#""2026-01-01""#);
        check(
            r##"{"$defs":{"d":{"type":"boolean"}},"properties":{"x":{"$ref":"#/$defs/d"}},"required":["x"]}"##,
            r#"{"x":true}"#,
        );
        check(
            r#"{"allOf":[{"properties":{"x":{"type":"integer"}},"required":["x"]},{"properties":{"y":{"enum":[2]}},"required":["y"]}]}"#,
            r#"{"x":1,"y":2}"#,
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema =
            r##"{"type":"object","properties":{"l":{"$ref":"#"},"r":{"$ref":"#"}},"required":["l","r"]}"##;
        let text = sample(&serde_json::from_str(schema).unwrap()).to_string();
        assert!(text.len() < 20_000 && text.contains("null"), "{}", text.len());
    }
}
