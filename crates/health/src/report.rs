//! The bodies of the health endpoints, `application/health+json`, byte for byte.
//!
//! Nothing here does I/O or waits. Bodies of a passing liveness or readiness are rendered once and shared.

mod page;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    aggregate::{self, Verdict},
    check::Status,
    health::Health,
    lifecycle::Phase,
    registry::Identity,
    scrub,
    spec::{MAX_NAME, Scope},
};

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
}

impl Answer {
    /// 200 for pass and warn, 503 for fail; consumers understand no other.
    pub fn http_status(&self) -> u16 {
        if self.ok { 200 } else { 503 }
    }

    fn new(health: &Health, status: Status, body: Bytes) -> Self {
        let ok = status != Status::Fail;
        let soon = health.phase() == Phase::Starting;
        let after = if soon { 1 } else { health.inner.settings.retry_after };
        Self { ok, status, body, retry_after: (!ok).then_some(after) }
    }
}

/// Bodies that never change.
#[derive(Debug)]
pub(crate) struct Prepared {
    live: Bytes,
    ready: Bytes,
    startup: Bytes,
}

impl Prepared {
    pub(crate) fn new(identity: &Identity) -> Self {
        let pass = |output: &str| simple(Status::Pass, &identity.version, output);
        Self {
            live: pass("Application process is running"),
            ready: pass("Service is ready to accept traffic"),
            startup: pass("Service has started"),
        }
    }
}

/// `/health/live`: is this process making progress?
pub fn live(health: &Health, view: View) -> Answer {
    answer(health, view, &aggregate::live(health), &health.inner.prepared.live)
}

/// `/health/ready`: may it be sent traffic? Checks excluded by name or `plugin/name` are not looked at.
pub fn ready(health: &Health, view: View, exclude: &[&str]) -> Answer {
    answer(health, view, &aggregate::ready(health, exclude), &health.inner.prepared.ready)
}

/// `/health/startup`: has it started? Gates excluded by name are not looked at.
pub fn startup(health: &Health, view: View, exclude: &[&str]) -> Answer {
    answer(health, view, &aggregate::startup(health, exclude), &health.inner.prepared.startup)
}

/// `/health`: everything of the core. Excluded checks are neither looked at nor shown, but for `service_container`,
/// which is always shown.
pub fn detail(health: &Health, view: View, exclude: &[&str]) -> Answer {
    detail_at(health, view, exclude, Timestamp::now())
}

/// `/plugins/{name}/health`; none if there is no such plugin.
pub fn plugin(health: &Health, view: View, name: &str, exclude: &[&str]) -> Option<Answer> {
    plugin_at(health, view, name, exclude, Timestamp::now())
}

fn detail_at(health: &Health, view: View, exclude: &[&str], now: Timestamp) -> Answer {
    let inner = &*health.inner;
    let container = inner.container.report();
    let snapshot = inner.snapshot.load();
    let seen = aggregate::on_page(&snapshot, &Scope::Core, exclude);
    let verdict = if exclude.contains(&aggregate::CONTAINER) {
        aggregate::core(inner, &crate::ContainerReport::well(), &seen)
    } else {
        aggregate::core(inner, &container, &seen)
    };
    let identity = &inner.identity;
    let head = page::Head {
        status: verdict.status,
        version: &identity.version,
        service_id: &identity.service_id,
        description: &identity.description,
    };
    let own = |output| page::container(container.status, output, now, &identity.version);
    let body = match view {
        View::StatusOnly => status_only(verdict.status),
        View::Anonymous => page::render(&head, None, now, Some(own(anonymous(container.status))), &[]),
        View::Full => page::render(&head, output_of(&verdict), now, Some(own(&container.output)), &seen),
    };
    Answer::new(health, verdict.status, body)
}

fn plugin_at(health: &Health, view: View, name: &str, exclude: &[&str], now: Timestamp) -> Option<Answer> {
    let inner = &*health.inner;
    let plugin = inner.pages.iter().find(|page| &*page.name == name)?;
    let snapshot = inner.snapshot.load();
    let seen = aggregate::on_page(&snapshot, &Scope::Plugin(plugin.name.clone()), exclude);
    let verdict = aggregate::plugin(&seen);
    let head = page::Head {
        status: verdict.status,
        version: &inner.identity.version,
        service_id: scrub::cut(&plugin.name, MAX_NAME),
        description: &plugin.description,
    };
    let body = match view {
        View::StatusOnly => status_only(verdict.status),
        View::Anonymous => page::render(&head, None, now, None, &[]),
        View::Full => page::render(&head, output_of(&verdict), now, None, &seen),
    };
    Some(Answer::new(health, verdict.status, body))
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

fn answer(health: &Health, view: View, verdict: &Verdict, passing: &Bytes) -> Answer {
    let version = &health.inner.identity.version;
    let body = match view {
        View::StatusOnly => status_only(verdict.status),
        _ if verdict.status == Status::Pass => passing.clone(),
        View::Full => simple(verdict.status, version, &scrub::line(&verdict.text(), MAX_OUTPUT)),
        View::Anonymous => simple(verdict.status, version, verdict.headline),
    };
    Answer::new(health, verdict.status, body)
}

fn status_only(status: Status) -> Bytes {
    Bytes::from_static(match status {
        Status::Pass => br#"{"status":"pass"}"#,
        Status::Warn => br#"{"status":"warn"}"#,
        Status::Fail => br#"{"status":"fail"}"#,
    })
}

fn simple(status: Status, version: &str, output: &str) -> Bytes {
    #[derive(Serialize)]
    struct Simple<'a> {
        status: Status,
        version: &'a str,
        output: &'a str,
    }
    json(&Simple { status, version, output }).into()
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
