//! The long pages: `/health`, a plugin's, a component's.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher},
};

use serde::Serialize;

use super::{
    MAX_BODY, Moment, Profile, Sheet,
    entry::{self, Own},
    json, rfc3339,
};
use crate::{aggregate::CONTAINER, check::Status, links::Links, registry::Identity, snapshot::Seen};

/// What every page begins with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head<'a> {
    status: Status,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    release_id: Option<&'a str>,
    service_id: &'a str,
    description: &'a str,
}

impl<'a> Head<'a> {
    pub(super) fn new(
        status: Status,
        identity: &'a Identity,
        profile: Profile,
        full: bool,
        service_id: &'a str,
        description: &'a str,
    ) -> Self {
        let (version, release_id) = identity.versions(profile, full);
        Self { status, version, release_id, service_id, description }
    }
}

/// Everything that one page shows.
pub(super) struct Page<'a> {
    pub(super) head: Head<'a>,
    pub(super) output: Option<String>,
    pub(super) own: Option<Own<'a>>,
    pub(super) seen: &'a [Seen<'a>],
    pub(super) links: Option<&'a Links>,
    pub(super) profile: Profile,
    /// The container's.
    pub(super) version: &'a str,
}

/// Room for the note of how many checks are left out, the brackets at the end and the root's time.
const RESERVE: usize = 128;

/// The arrays of `checks`, and the sum of what in them does not change by itself.
struct Arrays {
    text: String,
    sum: DefaultHasher,
}

impl Page<'_> {
    /// The head, the root's output if there is one, the container's entry if the page has one, then the groups of
    /// checks, worst first and by name within, as many as fit. What does not fit is counted in `notes`.
    pub(super) fn render(&self, now: Moment) -> Sheet {
        let mut body = json(&self.head);
        body.pop();
        if let Some(output) = &self.output {
            body.push_str(r#","output":"#);
            body.push_str(&json(output));
        }
        let links = self.links.filter(|links| !links.is_empty());
        let tail = links.map_or_else(|| "}".to_owned(), |links| format!(r#","links":{}}}"#, json(links)));
        let mut groups = sorted(self.seen);
        let mut arrays = Arrays { text: String::new(), sum: DefaultHasher::new() };
        if let Some(own) = self.own {
            let container = |group: &(&str, Vec<&Seen<'_>>)| group.0 == CONTAINER;
            let same = groups.iter().position(container).map(|at| groups.remove(at).1);
            arrays.open(CONTAINER, &entry::container(own, now, self.version, self.profile));
            arrays.sum.write(own.status.as_str().as_bytes());
            arrays.sum.write(own.output.as_bytes());
            // A check that took the container's name stands beside it: keys are unique.
            groups.insert(0, ("", same.unwrap_or_default()));
        }
        let room = MAX_BODY.saturating_sub(RESERVE + body.len() + tail.len());
        let shown = arrays.fill(&groups, room, now, self.profile);
        let omitted = self.seen.len().saturating_sub(shown);
        if omitted > 0 {
            body.push_str(&format!(r#","notes":["{omitted} more checks, none worse than those shown"]"#));
        }
        arrays.sum.write(body.as_bytes());
        if self.profile == Profile::Ccproxy {
            body.push_str(&format!(r#","time":"{}""#, rfc3339(now.time)));
        }
        body.push_str(&format!(r#","checks":{{{}}}{tail}"#, arrays.text));
        let etag = (self.profile == Profile::Ietf).then(|| etag(&arrays.sum));
        Sheet { body: body.into(), etag }
    }
}

/// Weak, for the bytes differ in what is not summed up.
pub(super) fn etag(sum: &DefaultHasher) -> std::sync::Arc<str> {
    format!(r#"W/"{:016x}""#, sum.finish()).into()
}

impl Arrays {
    /// Adds groups while there is room; says how many entries it added. A group named "" goes on with the open one.
    fn fill(
        &mut self,
        groups: &[(&str, Vec<&Seen<'_>>)],
        room: usize,
        now: Moment,
        profile: Profile,
    ) -> usize {
        let mut shown = 0;
        for (key, entries) in groups {
            for (position, seen) in entries.iter().enumerate() {
                let (mut entry, age) = entry::check(seen, now, profile);
                if self.text.len() + key.len() + entry.len() + age.len() + 8 > room {
                    return shown;
                }
                self.sum.write(entry.as_bytes());
                entry.push_str(&age);
                if position == 0 && !key.is_empty() {
                    self.open(key, &entry);
                } else {
                    self.text.pop();
                    self.text.push(',');
                    self.text.push_str(&entry);
                    self.text.push(']');
                }
                shown += 1;
            }
        }
        shown
    }

    /// `"key":[entry]`, after a comma unless it is the first. Keys are of characters that need no escape.
    fn open(&mut self, key: &str, entry: &str) {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(&format!(r#""{key}":[{entry}]"#));
    }
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
