//! The schema documents every key.

use serde_json::Value;

use super::Subject;

pub(super) fn check(subject: &Subject) {
    let schema = Value::from(subject.entry.schema());
    let kind = subject.kind();
    assert_eq!(schema.get("type").and_then(Value::as_str), Some("object"), "{kind}: the schema is no object");
    assert_eq!(
        schema.get("additionalProperties"),
        Some(&Value::Bool(false)),
        "{kind}: the schema lets unknown keys pass"
    );
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties = properties.filter(|properties| !properties.is_empty());
    for (key, property) in properties.unwrap_or_else(|| panic!("{kind}: the schema has no keys")) {
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        assert!(!description.trim().is_empty(), "{kind}: the key {key} is not documented");
    }
    assert!(!subject.entry.description.is_empty(), "{kind} does not say what it is");
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(!kind.is_empty() && kind.chars().all(is_name), "{kind:?} is no name");
    assert!(!subject.entry.version.is_empty(), "{kind} has no version");
}
