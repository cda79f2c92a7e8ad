//! The bodies of the health endpoints, `application/health+json`, byte for byte.
//!
//! Nothing here does I/O or waits. Bodies of liveness, readiness and start-up are rendered when something changes and
//! shared until then.

mod entry;
mod history;
mod page;
mod probe;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    ContainerReport,
    aggregate::{self, CONTAINER, Verdict},
    check::Status,
    health::{Health, Inner},
    lifecycle::Phase,
    scrub,
    snapshot::{Seen, Snapshot, Standing},
    spec::{MAX_NAME, Scope},
};
use entry::Own;
use page::{Head, Page};

pub use history::{history, transition};
pub(crate) use probe::Probes;

/// How much a caller gets to see. The verdict is the same in every view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Everything.
    Full,
    /// The keys of the original and no more; nothing inside is named.
    Anonymous,
    /// `{"status":"…"}`.
    StatusOnly,
}

/// Which keys the pages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// The bytes of the original. Of draft-inadarei-api-health-check-06 the MUSTs hold.
    #[default]
    Ccproxy,
    /// All of the draft: no `output` on a pass, no keys of our own at the root, types and links as it has them, a
    /// freshness lifetime. `version` is the public one (`1` of `1.2.3`), `releaseId` the whole.
    Ietf,
}

/// How long an answer may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cache {
    /// `no-cache, no-store, must-revalidate`: the next asker has to ask anew.
    NoStore,
    /// `private, max-age=…`; only on answers that are not a fail.
    MaxAge {
        /// No longer than the shortest interval of the checks behind it; at least 1.
        seconds: u32,
        /// The whole value of `ETag`, quotes included. Weak: what only counts the time since is left out of it.
        etag: Option<Arc<str>>,
    },
}

/// The longest body of any page, in bytes.
pub const MAX_BODY: usize = 10 * 1024;

/// The longest root `output`, in bytes: the verdict stays within the first 4 KiB.
const MAX_OUTPUT: usize = 1024;

/// What an endpoint answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether the caller may go on: pass or warn.
    pub ok: bool,
    /// The verdict.
    pub status: Status,
    /// The JSON, at most [`MAX_BODY`] bytes.
    pub body: Bytes,
    /// When to come back, in seconds; only on a failed answer.
    pub retry_after: Option<u32>,
    /// How long it may be kept.
    pub cache: Cache,
}

impl Answer {
    /// 200 for pass and warn, 503 for fail; consumers understand no other.
    pub fn http_status(&self) -> u16 {
        if self.ok { 200 } else { 503 }
    }

    fn new(inner: &Inner, status: Status, sheet: Sheet, seconds: u32) -> Self {
        let ok = status != Status::Fail;
        let cache = match inner.settings.profile {
            Profile::Ietf if ok => Cache::MaxAge { seconds, etag: sheet.etag },
            _ => Cache::NoStore,
        };
        let retry_after = (!ok).then(|| retry_after(inner));
        Self { ok, status, body: sheet.body, retry_after, cache }
    }
}

/// What a failed answer says of when to come back, in seconds.
pub(crate) fn retry_after(inner: &Inner) -> u32 {
    let soon = inner.lifecycle.phase() == Phase::Starting;
    if soon { 1 } else { inner.settings.retry_after }
}

/// A body and what names it.
#[derive(Debug, Clone)]
struct Sheet {
    body: Bytes,
    etag: Option<Arc<str>>,
}

impl Sheet {
    fn status_only(status: Status) -> Self {
        let (body, etag): (&[u8], _) = match status {
            Status::Pass => (br#"{"status":"pass"}"#, r#"W/"pass""#),
            Status::Warn => (br#"{"status":"warn"}"#, r#"W/"warn""#),
            Status::Fail => (br#"{"status":"fail"}"#, r#"W/"fail""#),
        };
        Self { body: Bytes::from_static(body), etag: Some(etag.into()) }
    }
}

/// The moment of an answer, on both clocks.
#[derive(Debug, Clone, Copy)]
struct Moment {
    instant: Instant,
    time: Timestamp,
}

impl Moment {
    fn now() -> Self {
        Self { instant: Instant::now(), time: Timestamp::now() }
    }
}

/// `/health/live`: is this process making progress?
pub fn live(health: &Health, view: View) -> Answer {
    probe::live(&health.inner, view)
}

/// `/health/ready`: may it be sent traffic? Checks excluded by name or `plugin/name` are not looked at.
pub fn ready(health: &Health, view: View, exclude: &[&str]) -> Answer {
    probe::ready(health, view, exclude)
}

/// `/health/startup`: has it started? Gates excluded by name are not looked at.
pub fn startup(health: &Health, view: View, exclude: &[&str]) -> Answer {
    probe::startup(health, view, exclude)
}

/// `/health`: everything of the core. Excluded checks are neither looked at nor shown, but for `service_container`,
/// which is always shown.
pub fn detail(health: &Health, view: View, exclude: &[&str]) -> Answer {
    detail_at(health, view, exclude, Moment::now())
}

/// `/plugins/{name}/health`; none if there is no such plugin.
pub fn plugin(health: &Health, view: View, name: &str, exclude: &[&str]) -> Option<Answer> {
    plugin_at(health, view, name, exclude, Moment::now())
}

/// One component alone, `service_container` of the core included: a page with its one name in `checks`; by its label
/// (`disk(data)`) one of several that share a name. None if there is none of this name on this page. Without details it
/// is the status and nothing else.
pub fn component(health: &Health, view: View, scope: &Scope, name: &str) -> Option<Answer> {
    component_at(health, view, scope, name, Moment::now())
}

fn detail_at(health: &Health, view: View, exclude: &[&str], now: Moment) -> Answer {
    let inner = &*health.inner;
    let report = inner.container.report();
    let snapshot = inner.snapshot.load();
    let seen = aggregate::on_page(&snapshot, &Scope::Core, exclude, now.instant);
    let verdict = if exclude.contains(&CONTAINER) {
        aggregate::core(inner, &ContainerReport::well(), &seen, now.instant)
    } else {
        aggregate::core(inner, &report, &seen, now.instant)
    };
    let output = if view == View::Full { &*report.output } else { anonymous(report.status) };
    let own = Own { status: report.status, output };
    Sketch {
        inner,
        snapshot: &snapshot,
        view,
        verdict: &verdict,
        scope: &Scope::Core,
        own: Some(own),
        seen: &seen,
        root: true,
    }
    .answer(now)
}

fn plugin_at(health: &Health, view: View, name: &str, exclude: &[&str], now: Moment) -> Option<Answer> {
    let inner = &*health.inner;
    let snapshot = inner.snapshot.load();
    let scope = Scope::Plugin(Arc::clone(&snapshot.page(name)?.name));
    let seen = aggregate::on_page(&snapshot, &scope, exclude, now.instant);
    let verdict = aggregate::plugin(&seen);
    let sketch = Sketch {
        inner,
        snapshot: &snapshot,
        view,
        verdict: &verdict,
        scope: &scope,
        own: None,
        seen: &seen,
        root: false,
    };
    Some(sketch.answer(now))
}

fn component_at(health: &Health, view: View, scope: &Scope, name: &str, now: Moment) -> Option<Answer> {
    let inner = &*health.inner;
    let snapshot = inner.snapshot.load();
    let mut seen = aggregate::on_page(&snapshot, scope, &[], now.instant);
    seen.retain(|seen| seen.reading.component.is_called(name));
    let report = (*scope == Scope::Core && name == CONTAINER).then(|| inner.container.report());
    let verdict = match &report {
        Some(report) => aggregate::container(report),
        None if seen.is_empty() => return None,
        None => aggregate::component(&seen),
    };
    if report.is_some() {
        // A check that took the container's name is on the page of the whole.
        seen.clear();
    }
    let own = report.as_ref().map(|report| Own { status: report.status, output: &report.output });
    // Who may not know what is inside is not told more of one thing than its status.
    let view = if view == View::Full { view } else { View::StatusOnly };
    let sketch =
        Sketch { inner, snapshot: &snapshot, view, verdict: &verdict, scope, own, seen: &seen, root: false };
    Some(sketch.answer(now))
}

/// A page to be drawn.
struct Sketch<'a> {
    inner: &'a Inner,
    snapshot: &'a Snapshot,
    view: View,
    verdict: &'a Verdict,
    scope: &'a Scope,
    own: Option<Own<'a>>,
    seen: &'a [Seen<'a>],
    root: bool,
}

impl Sketch<'_> {
    fn answer(&self, now: Moment) -> Answer {
        let sheet = match self.view {
            View::StatusOnly => Sheet::status_only(self.verdict.status),
            View::Full | View::Anonymous => self.draw(now),
        };
        Answer::new(self.inner, self.verdict.status, sheet, lifetime(self.seen))
    }

    fn draw(&self, now: Moment) -> Sheet {
        let (inner, profile, full) = (self.inner, self.inner.settings.profile, self.view == View::Full);
        let identity = &inner.identity;
        let page = match self.scope {
            Scope::Core => None,
            Scope::Plugin(name) => self.snapshot.page(name),
        };
        let (service_id, description) = match page {
            // What kind of plugin it is belongs to the details.
            Some(page) if full => (scrub::cut(&page.name, MAX_NAME), &*page.description),
            Some(page) => (scrub::cut(&page.name, MAX_NAME), "Plugin"),
            None => (&*identity.service_id, &*identity.description),
        };
        let head = Head::new(self.verdict.status, identity, profile, full, service_id, description);
        let output = match (full, profile) {
            (true, _) => output_of(self.verdict),
            // The draft wants a warning to say more than that it is one; the headline names nothing.
            (false, Profile::Ietf) if self.verdict.status != Status::Pass => {
                Some(self.verdict.headline.to_owned())
            }
            (false, _) => None,
        };
        let seen = if full { self.seen } else { &[] };
        let links = (self.root && full && profile == Profile::Ietf).then_some(&inner.settings.links);
        Page { head, output, own: self.own, seen, links, profile, version: &identity.version }.render(now)
    }
}

/// What the container says to those who may not know what is inside.
fn anonymous(status: Status) -> &'static str {
    match status {
        Status::Pass => crate::OPERATIONAL,
        Status::Warn => "Service container degraded",
        Status::Fail => "Service container not operational",
    }
}

/// The root `output`: absent on a pass, as in the original.
fn output_of(verdict: &Verdict) -> Option<String> {
    (verdict.status != Status::Pass).then(|| scrub::line(&verdict.text(), MAX_OUTPUT))
}

/// For how many seconds an answer stays true enough: the shortest interval of the checks behind it.
fn lifetime(seen: &[Seen<'_>]) -> u32 {
    let watched = seen.iter().filter(|seen| seen.standing != Standing::Disabled);
    let shortest = watched.map(|seen| seen.reading.spec().interval).min().unwrap_or(Duration::ZERO);
    u32::try_from(shortest.as_secs()).unwrap_or(u32::MAX).max(1)
}

/// Compact JSON. Writing strings and numbers to memory cannot fail; if it ever did, the body would say fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| r#"{"status":"fail"}"#.to_owned())
}

/// RFC 3339 in UTC, always with microseconds, always `+00:00`.
fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

#[cfg(test)]
mod tests;
