//! The draft as a checklist, read anew: none of this is shared with what renders.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::syntax::{is_relation, is_template, is_uri};

/// One answer.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) http: u16,
    pub(super) status: &'static str,
    pub(super) body: Value,
}

const ROOT: [&str; 9] =
    ["status", "version", "releaseId", "notes", "output", "checks", "links", "serviceId", "description"];

/// What must be.
pub(super) fn must(page: &Page) {
    let root = page.body.as_object().expect("an object");
    let status = text(root, "status").expect("a status");
    assert_eq!(status, page.status);
    match status {
        "pass" | "warn" => assert_eq!(page.http, 200),
        "fail" => assert_eq!(page.http, 503),
        other => panic!("status {other}"),
    }
    for (name, entries) in root.get("checks").map(object).into_iter().flatten() {
        assert!(name.split(':').count() <= 2, "{name}: a component and a measurement");
        assert!(!is_uri(name) || name.split(':').all(|part| !part.contains('/')), "{name}");
        for entry in entries.as_array().expect("an array") {
            links(object(entry));
        }
    }
    links(root);
}

fn links(holder: &Map<String, Value>) {
    for (_, link) in holder.get("links").map(object).into_iter().flatten() {
        assert!(is_uri(link.as_str().unwrap()), "{link}");
    }
}

/// What should be.
pub(super) fn should(page: &Page) {
    let root = page.body.as_object().unwrap();
    for key in root.keys() {
        assert!(ROOT.contains(&&**key), "{key} is not a key of the root");
    }
    for key in ["version", "releaseId", "serviceId", "description"] {
        assert!(root.get(key).is_none_or(Value::is_string), "{key}");
    }
    let notes = root.get("notes").map(|notes| notes.as_array().unwrap().iter().all(Value::is_string));
    assert_ne!(notes, Some(false));
    says_more(root);
    for (relation, _) in root.get("links").map(object).into_iter().flatten() {
        assert!(is_relation(relation), "{relation}");
    }
    for (name, entries) in root.get("checks").map(object).into_iter().flatten() {
        assert_eq!(entries.as_array().unwrap().len(), 1, "{name}: one node has one entry");
        should_entry(object(&entries[0]));
    }
}

fn should_entry(entry: &Map<String, Value>) {
    assert!(text(entry, "componentId").is_some_and(|id| !id.is_empty()));
    let kind = text(entry, "componentType").unwrap();
    assert!(["component", "datastore", "system"].contains(&kind) || is_uri(kind), "{kind}");
    // The draft lets it be left out, as it is where nobody knows: of the idle and of what is switched off.
    let known = matches!(text(entry, "status"), Some("pass" | "warn" | "fail"));
    let idle = matches!(text(entry, "output"), Some("no recent traffic" | "disabled by the operator"));
    assert!(if idle { !entry.contains_key("status") } else { known }, "{entry:?}");
    says_more(entry);
    assert_eq!(entry.contains_key("observedValue"), entry.contains_key("observedUnit"));
    assert!(entry.get("observedValue").is_none_or(|value| !value.is_null()));
    assert!(entry.get("observedUnit").is_none_or(|unit| !unit.as_str().unwrap().is_empty()));
    if let Some(time) = text(entry, "time") {
        let taken: Timestamp = time.parse().unwrap();
        assert!(taken <= Timestamp::now() && time.ends_with("+00:00"), "{time}");
    }
    for template in entry.get("affectedEndpoints").and_then(Value::as_array).into_iter().flatten() {
        assert!(is_template(template.as_str().unwrap()), "{template}");
    }
}

/// A pass has neither output nor affected endpoints; a warning or failure says why.
fn says_more(holder: &Map<String, Value>) {
    if text(holder, "status") == Some("pass") {
        assert!(!holder.contains_key("output") && !holder.contains_key("affectedEndpoints"), "{holder:?}");
    } else {
        assert!(text(holder, "output").is_some_and(|output| !output.is_empty()), "{holder:?}");
    }
}

fn text<'v>(holder: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    holder.get(key).map(|value| value.as_str().expect("a text"))
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}
