//! The objects in the arrays of `checks`.

use serde::Serialize;

use super::{Moment, Profile, json, rfc3339};
use crate::{
    check::{Status, Value},
    snapshot::Seen,
    spec::ComponentType,
};

/// The container, as far as the caller may see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) status: Status,
    pub(super) output: &'a str,
}

#[derive(Serialize)]
struct Limits {
    fall: u32,
    rise: u32,
}

/// The keys of the original or the draft, then our own facts.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    component_id: &'a str,
    component_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_value: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_unit: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    affected_endpoints: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consecutive: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thresholds: Option<Limits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    critical: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<f64>,
}

/// The `componentType` of a profile: the draft knows no "service", which is the original's word.
fn kind(kind: ComponentType, profile: Profile) -> &'static str {
    match (kind, profile) {
        (ComponentType::Service, Profile::Ietf) => ComponentType::Component.as_str(),
        _ => kind.as_str(),
    }
}

/// The container's entry. It is judged at the moment it is asked, so that is its time.
pub(super) fn container(own: Own<'_>, now: Moment, version: &str, profile: Profile) -> String {
    let draft = profile == Profile::Ietf;
    json(&Entry {
        component_id: "service-container",
        component_type: kind(ComponentType::Service, profile),
        status: Some(own.status),
        time: Some(rfc3339(now.time)),
        output: (!draft || own.status != Status::Pass).then_some(own.output),
        version: (!draft).then_some(version),
        ..Entry::default()
    })
}

/// A check's entry in two parts: what stays as it is until something happens, and the age, which never does.
pub(super) fn check(seen: &Seen<'_>, now: Moment, profile: Profile) -> (String, String) {
    let (reading, spec) = (seen.reading, seen.reading.spec());
    let well = seen.status == Status::Pass;
    let output = seen.output().filter(|_| profile == Profile::Ccproxy || !well);
    let observed = reading.observed();
    let tracked = reading.tracked();
    let mut entry = json(&Entry {
        component_id: &spec.component_id,
        component_type: kind(spec.component_type, profile),
        // Of what is idle or switched off nobody knows, and no word of the draft says so; the draft lets it be left out.
        status: seen.counts().then_some(seen.status),
        time: reading.time().map(rfc3339),
        output: output.as_deref(),
        observed_value: observed.map(|observed| &observed.value),
        observed_unit: observed.map(|observed| observed.unit.as_str()),
        affected_endpoints: if seen.counts() && !well { &spec.affects } else { &[] },
        version: None,
        since: tracked.since.map(rfc3339),
        consecutive: reading.time().map(|_| tracked.consecutive()),
        thresholds: Some(Limits { fall: spec.thresholds.fall, rise: spec.thresholds.rise }),
        critical: Some(spec.critical),
        enabled: (!reading.enabled()).then_some(false),
        last_success: reading.last_success().map(rfc3339),
        duration_ms: reading.took().map(|took| took.as_micros() as f64 / 1e3),
    });
    let age = reading.at.map(|at| now.instant.saturating_duration_since(at).as_millis());
    let age = age.map_or_else(|| "}".to_owned(), |age| format!(r#","ageMs":{age}}}"#));
    entry.pop();
    (entry, age)
}
