//! The same verdicts with Kubernetes' own manners, as plain text.
//!
//! `ok` while all is well; `?verbose`, or a failure, lists the checks; `?exclude=` leaves some out; each can be asked
//! for alone. A caller without details is told the verdict and no names.
//!
//! ```text
//! [-]database failed: refused
//! [+]claude/upstream warn: rate limited
//! [+]phase ok
//! [+]disk excluded: ok
//! warn: some health checks cannot be excluded: no matches for "dsk"
//! readyz check failed
//! ```

mod items;

use std::{cmp::Reverse, collections::HashSet};

use bytes::Bytes;

use crate::{
    aggregate,
    check::Status,
    health::Health,
    report::{self, MAX_BODY, View},
    scrub,
    spec::MAX_NAME,
};
use items::Item;

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `/livez`: the heartbeats.
    Live,
    /// `/readyz`: the phase, the container, every component.
    Ready,
    /// `/startupz`: the start-up gates.
    Startup,
    /// `/healthz`: the phase, the container, the components of the core.
    Health,
}

impl Endpoint {
    /// `livez`, `readyz`, `startupz` or `healthz`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "livez",
            Self::Ready => "readyz",
            Self::Startup => "startupz",
            Self::Health => "healthz",
        }
    }
}

/// What a caller asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<'q> {
    /// The list, even if all is well.
    pub verbose: bool,
    /// The names of checks that are not to be looked at. A blank in a name may be written as `-`. The phase stays.
    pub exclude: &'q [&'q str],
}

/// What a page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextAnswer {
    /// Whether the caller may go on: pass or warn.
    pub ok: bool,
    /// The text, at most [`MAX_BODY`] bytes.
    pub body: Bytes,
    /// When to come back, in seconds; only on a failed answer.
    pub retry_after: Option<u32>,
    /// The verdict.
    pub status: Status,
}

impl TextAnswer {
    fn new(health: &Health, status: Status, body: impl Into<Bytes>) -> Self {
        let ok = status != Status::Fail;
        let retry_after = (!ok).then(|| report::retry_after(&health.inner));
        Self { ok, body: body.into(), retry_after, status }
    }
}

/// How many unknown names are repeated to whoever sent them.
const MAX_UNKNOWN: usize = 8;

/// Room for the names nobody knows, the count of what is left out, and the verdict.
const RESERVE: usize = 1024;

const OK: &[u8] = b"ok";

/// The page of an endpoint. A name in `exclude` that nothing has changes nothing; a list says so.
pub fn answer(health: &Health, endpoint: Endpoint, query: Query<'_>, view: View) -> TextAnswer {
    if !query.verbose && query.exclude.is_empty() {
        let status = status(health, endpoint);
        if status != Status::Fail {
            return TextAnswer::new(health, status, OK);
        }
    }
    let mut items = items::of(health, endpoint);
    items::exclude(&mut items, query.exclude);
    let status = items.iter().map(Item::counted).max().unwrap_or(Status::Pass);
    let word = if status == Status::Fail { "failed" } else { "passed" };
    let last = format!("{} check {word}\n", endpoint.as_str());
    let list = query.verbose || status == Status::Fail;
    match (list, view) {
        (false, _) => TextAnswer::new(health, status, OK),
        (true, View::Full) => TextAnswer::new(health, status, list_of(items, query.exclude) + &last),
        (true, _) => TextAnswer::new(health, status, last),
    }
}

/// One check of an endpoint alone; none if it has none of this name. It is as bad as it is, whatever the endpoint makes of
/// it: who asks for one thing wants to know of that.
pub fn one(health: &Health, endpoint: Endpoint, name: &str, view: View) -> Option<TextAnswer> {
    let (items, name) = (items::of(health, endpoint), items::dashed(name));
    let called = items.iter().filter(|item| item.names().any(|one| one == name));
    let item = called.max_by_key(|item| item.alone())?;
    let status = item.alone();
    Some(match (status, view) {
        (Status::Fail, View::Full) => TextAnswer::new(health, status, item.line_alone()),
        (Status::Fail, _) => TextAnswer::new(health, status, &b"failed\n"[..]),
        _ => TextAnswer::new(health, status, OK),
    })
}

/// The verdict without the list, at the price of a probe.
fn status(health: &Health, endpoint: Endpoint) -> Status {
    match endpoint {
        Endpoint::Live => report::live(health, View::StatusOnly).status,
        Endpoint::Ready => report::ready(health, View::StatusOnly, &[]).status,
        Endpoint::Startup => report::startup(health, View::StatusOnly, &[]).status,
        Endpoint::Health => aggregate::whole(health).status,
    }
}

/// The worst first, as many as fit.
fn list_of(mut items: Vec<Item>, exclude: &[&str]) -> String {
    let mut text = String::new();
    let unknown = unknown(&items, exclude);
    items.sort_by_key(|item| Reverse(item.counted()));
    for (shown, item) in items.iter().enumerate() {
        let line = item.line();
        if text.len() + line.len() + RESERVE > MAX_BODY {
            text.push_str(&format!("and {} more, none worse\n", items.len() - shown));
            break;
        }
        text.push_str(&line);
    }
    text + &unknown
}

/// The line about names that nothing has, if there are any.
fn unknown(items: &[Item], exclude: &[&str]) -> String {
    let known: HashSet<&str> = items.iter().filter(|item| item.excluded()).flat_map(Item::names).collect();
    let nobody = |name: &&&str| !known.contains(&*items::dashed(name));
    let quoted = |name: &&str| format!("\"{}\"", scrub::line(name, MAX_NAME).replace('"', "?"));
    let names: Vec<String> = exclude.iter().filter(nobody).take(MAX_UNKNOWN).map(quoted).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("warn: some health checks cannot be excluded: no matches for {}\n", names.join(", "))
}

#[cfg(test)]
mod tests;
