//! The short pages: liveness, readiness, start-up. A verdict is rendered once, for every view, and shared until
//! something happens that could change it. What has happened is told by comparing a few numbers, so a probe costs the
//! same however many components there are, and takes no memory.

use std::{
    hash::{DefaultHasher, Hasher},
    sync::Arc,
};

use arc_swap::{ArcSwapOption, Guard};
use serde::Serialize;
use tokio::time::Instant;

use super::{Answer, MAX_OUTPUT, Profile, Sheet, View, json, page::etag};
use crate::{
    aggregate::{self, Verdict},
    check::Status,
    health::{Health, Inner},
    registry::Identity,
    scrub,
    snapshot::Snapshot,
};

/// A phase and a heartbeat may change at any moment: a short answer is kept for no longer than it takes.
const LIFETIME: u32 = 1;

/// One verdict, rendered for every view.
#[derive(Debug)]
struct Rendered {
    status: Status,
    full: Sheet,
    anonymous: Sheet,
    bare: Sheet,
}

impl Rendered {
    fn new(identity: &Identity, profile: Profile, verdict: &Verdict) -> Self {
        let status = verdict.status;
        let sheet = |full: bool, output: &str| {
            let (version, release_id) = identity.versions(profile, full);
            let output = (profile == Profile::Ccproxy || status != Status::Pass).then_some(output);
            let body = json(&Short { status, version, release_id, output });
            let mut sum = DefaultHasher::new();
            sum.write(body.as_bytes());
            Sheet { body: body.into(), etag: (profile == Profile::Ietf).then(|| etag(&sum)) }
        };
        let full = sheet(true, &scrub::line(&verdict.text(), MAX_OUTPUT));
        let anonymous = match (status, profile) {
            (Status::Pass, Profile::Ccproxy) => full.clone(),
            _ => sheet(false, verdict.headline),
        };
        Self { status, full, anonymous, bare: Sheet::status_only(status) }
    }

    fn of(inner: &Inner, verdict: &Verdict) -> Self {
        Self::new(&inner.identity, inner.settings.profile, verdict)
    }

    fn answer(&self, inner: &Inner, view: View) -> Answer {
        let sheet = match view {
            View::Full => &self.full,
            View::Anonymous => &self.anonymous,
            View::StatusOnly => &self.bare,
        };
        Answer::new(inner, self.status, sheet.clone(), LIFETIME)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Short<'a> {
    status: Status,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    release_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
}

/// What was rendered, and the number of the state of things that it was rendered from.
#[derive(Debug)]
struct Numbered {
    number: u64,
    rendered: Rendered,
}

/// What was rendered of readiness, and everything that would make it another.
#[derive(Debug)]
struct Ready {
    snapshot: Arc<Snapshot>,
    versions: [u64; 4],
    /// From this moment on, age alone makes it another.
    until: Option<Instant>,
    rendered: Rendered,
}

impl Ready {
    fn holds(&self, snapshot: &Arc<Snapshot>, versions: [u64; 4], now: Instant) -> bool {
        Arc::ptr_eq(&self.snapshot, snapshot)
            && self.versions == versions
            && self.until.is_none_or(|until| now < until)
    }
}

/// The short pages as last rendered.
#[derive(Debug)]
pub(crate) struct Probes {
    live: Rendered,
    stalled: ArcSwapOption<Numbered>,
    startup: ArcSwapOption<Numbered>,
    ready: ArcSwapOption<Ready>,
}

impl Probes {
    pub(crate) fn new(identity: &Identity, profile: Profile) -> Self {
        Self {
            live: Rendered::new(identity, profile, &aggregate::alive()),
            stalled: ArcSwapOption::empty(),
            startup: ArcSwapOption::empty(),
            ready: ArcSwapOption::empty(),
        }
    }
}

pub(super) fn live(inner: &Inner, view: View) -> Answer {
    let now = Instant::now();
    match inner.beats.stalled(now) {
        None => inner.probes.live.answer(inner, view),
        Some(number) => {
            let kept = numbered(&inner.probes.stalled, number, || {
                Rendered::of(inner, &aggregate::live_at(inner, now))
            });
            kept.rendered.answer(inner, view)
        }
    }
}

pub(super) fn startup(health: &Health, view: View, exclude: &[&str]) -> Answer {
    let inner = &*health.inner;
    let render = || Rendered::of(inner, &aggregate::startup(health, exclude));
    if !exclude.is_empty() {
        return render().answer(inner, view);
    }
    numbered(&inner.probes.startup, inner.lifecycle.version(), render).rendered.answer(inner, view)
}

pub(super) fn ready(health: &Health, view: View, exclude: &[&str]) -> Answer {
    let inner = &*health.inner;
    let now = Instant::now();
    if !exclude.is_empty() {
        let verdict = aggregate::ready_at(inner, &inner.snapshot.load(), now, exclude);
        return Rendered::of(inner, &verdict).answer(inner, view);
    }
    // Read before what they number: if that changes meanwhile, the next probe sees another number and renders anew.
    let versions = [
        inner.lifecycle.version(),
        inner.container.version(),
        inner.switched.load(std::sync::atomic::Ordering::SeqCst),
        inner.beats.stalled(now).unwrap_or(0),
    ];
    let snapshot = inner.snapshot.load();
    if let Some(kept) = &*inner.probes.ready.load()
        && kept.holds(&snapshot, versions, now)
    {
        return kept.rendered.answer(inner, view);
    }
    let rendered = Rendered::of(inner, &aggregate::ready_at(inner, &snapshot, now, exclude));
    let until = aggregate::ready_until(&snapshot, now);
    let ready = Arc::new(Ready { snapshot: Guard::into_inner(snapshot), versions, until, rendered });
    // Two probes may both get here: each answers what it has seen, and either may be kept, for it says of what it is.
    inner.probes.ready.store(Some(Arc::clone(&ready)));
    ready.rendered.answer(inner, view)
}

/// What is kept under this number, rendered anew if that is another's.
fn numbered(kept: &ArcSwapOption<Numbered>, number: u64, render: impl FnOnce() -> Rendered) -> Arc<Numbered> {
    if let Some(found) = kept.load_full()
        && found.number == number
    {
        return found;
    }
    let fresh = Arc::new(Numbered { number, rendered: render() });
    kept.store(Some(Arc::clone(&fresh)));
    fresh
}
