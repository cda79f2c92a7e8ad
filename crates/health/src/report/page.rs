//! The long pages: `/health` and a plugin's.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::{MAX_BODY, json, rfc3339};
use crate::{check::Status, check::Value, snapshot::Seen};

/// What every page begins with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head<'a> {
    pub(super) status: Status,
    pub(super) version: &'a str,
    pub(super) service_id: &'a str,
    pub(super) description: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    component_id: &'a str,
    component_type: &'a str,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_value: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

/// Room for the note of how many checks are left out, the brackets at the end and the root's time.
const RESERVE: usize = 128;

/// The container's entry.
pub(super) fn container(status: Status, output: &str, now: Timestamp, version: &str) -> String {
    json(&Entry {
        component_id: "service-container",
        component_type: "service",
        status,
        time: Some(rfc3339(now)),
        output: Some(output),
        observed_value: None,
        observed_unit: None,
        version: Some(version),
    })
}

/// One page: the head, the root's output if there is one, the container's entry if the page has one, then the
/// groups of checks, worst first and by name within, as many as fit. What does not fit is counted in `notes`.
pub(super) fn render(
    head: &Head<'_>,
    output: Option<String>,
    now: Timestamp,
    container: Option<String>,
    seen: &[Seen<'_>],
) -> Bytes {
    let mut body = json(head);
    body.pop();
    if let Some(output) = output {
        body.push_str(r#","output":"#);
        body.push_str(&json(&output));
    }
    let mut groups = sorted(seen);
    let mut arrays = String::new();
    if let Some(container) = container {
        let own = |group: &(&str, Vec<&Seen<'_>>)| group.0 == crate::aggregate::CONTAINER;
        let same = groups.iter().position(own).map(|at| groups.remove(at).1);
        open_group(&mut arrays, crate::aggregate::CONTAINER, &container);
        // A check that took the container's name stands beside it: keys are unique.
        groups.insert(0, ("", same.unwrap_or_default()));
    }
    let room = MAX_BODY.saturating_sub(RESERVE + body.len());
    let shown = fill(&mut arrays, &groups, room);
    let omitted = seen.len().saturating_sub(shown);
    if omitted > 0 {
        body.push_str(&format!(r#","notes":["{omitted} more checks, none worse than those shown"]"#));
    }
    body.push_str(&format!(r#","time":"{}","checks":{{{arrays}}}}}"#, rfc3339(now)));
    body.into()
}

/// Adds groups while there is room; says how many entries it added. A group named "" goes on with the open one.
fn fill(arrays: &mut String, groups: &[(&str, Vec<&Seen<'_>>)], room: usize) -> usize {
    let mut shown = 0;
    for (key, entries) in groups {
        for (position, seen) in entries.iter().enumerate() {
            let entry = render_entry(seen);
            if arrays.len() + key.len() + entry.len() + 8 > room {
                return shown;
            }
            if position == 0 && !key.is_empty() {
                open_group(arrays, key, &entry);
            } else {
                arrays.pop();
                arrays.push(',');
                arrays.push_str(&entry);
                arrays.push(']');
            }
            shown += 1;
        }
    }
    shown
}

/// `"key":[entry]`, after a comma unless it is the first. Keys are of characters that need no escape.
fn open_group(arrays: &mut String, key: &str, entry: &str) {
    if !arrays.is_empty() {
        arrays.push(',');
    }
    arrays.push_str(&format!(r#""{key}":[{entry}]"#));
}

/// The checks by key, the group with the worst first, then by key; within a group likewise.
fn sorted<'s, 'a>(seen: &'s [Seen<'a>]) -> Vec<(&'s str, Vec<&'s Seen<'a>>)> {
    let mut groups: BTreeMap<&str, Vec<&Seen<'a>>> = BTreeMap::new();
    for one in seen {
        groups.entry(one.reading.spec().key()).or_default().push(one);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    for (_, entries) in &mut groups {
        entries.sort_by_key(|seen| std::cmp::Reverse(severity(seen)));
    }
    // Stable, and the map was in order of key.
    groups.sort_by_key(|(_, entries)| std::cmp::Reverse(entries.first().map(|seen| severity(seen))));
    groups
}

/// What counts comes before what does not.
fn severity(seen: &Seen<'_>) -> (Status, bool) {
    (if seen.counts() { seen.status } else { Status::Pass }, !seen.counts())
}

fn render_entry(seen: &Seen<'_>) -> String {
    let reading = seen.reading;
    let output = seen.output();
    let observed = reading.observed();
    json(&Entry {
        component_id: &reading.spec().component_id,
        component_type: reading.spec().component_type.as_str(),
        status: seen.status,
        time: reading.time().map(rfc3339),
        output: output.as_deref(),
        observed_value: observed.map(|observed| &observed.value),
        observed_unit: observed.map(|observed| observed.unit.as_str()),
        version: None,
    })
}
