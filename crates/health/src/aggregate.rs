//! Which check reaches which endpoint, and what verdict they make together.
//!
//! | endpoint | looks at |
//! |---|---|
//! | live | the heartbeats of the runtimes, the scheduler and the writer |
//! | startup | the start-up gates |
//! | ready | the phase, the checks marked critical, essential parts; anything else that fails is a warning |
//! | health | the phase, `service_container`, every check of the core |
//! | plugin | every check of that plugin |
//!
//! A process that makes no progress fails live, ready and health alike: it answers no request, either.
//!
//! A check that has not run yet is a warning on its page. A critical one keeps readiness down: "ready" would be a
//! guess. A component that only traffic feeds and that has heard none, and one the operator switched off, are shown
//! but take no part in any verdict.

use std::{borrow::Cow, time::Duration};

use tokio::time::Instant;

use crate::{
    check::Status,
    health::{Health, Inner},
    lifecycle::Phase,
    snapshot::{Seen, Snapshot, Standing},
    spec::Scope,
};

/// How many problems a verdict names; the others are counted.
pub const NAMED: usize = 8;

/// Something that is not well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is for the endpoint that asked.
    pub status: Status,
    /// What it is about: a component's label, a heartbeat, a gate.
    pub about: String,
    /// What is wrong with it; may be empty.
    pub text: String,
}

/// What one endpoint makes of everything it looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The worst of it.
    pub status: Status,
    /// One sentence without any names, safe to show to anyone.
    pub headline: &'static str,
    /// What is wrong, worst first, at most [`NAMED`].
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl Verdict {
    fn pass(headline: &'static str) -> Self {
        Self { status: Status::Pass, headline, problems: Vec::new(), more: 0 }
    }

    fn new(status: Status, headline: &'static str, mut found: Vec<Found<'_>>) -> Self {
        let more = found.len().saturating_sub(NAMED);
        if more > 0 {
            // Only the few that are named need to be in order, and only they are put into words.
            found.select_nth_unstable_by(NAMED, Found::order);
            found.truncate(NAMED);
        }
        found.sort_by(Found::order);
        Self { status, headline, problems: found.into_iter().map(Found::describe).collect(), more }
    }

    /// The headline, followed by the problems by name when there are any.
    pub fn text(&self) -> Cow<'static, str> {
        if self.problems.is_empty() {
            return self.headline.into();
        }
        let name = |problem: &Problem| match problem.text.as_str() {
            "" => problem.about.clone(),
            text => format!("{}: {text}", problem.about),
        };
        let named: Vec<String> = self.problems.iter().map(name).collect();
        let more = if self.more > 0 { format!("; and {} more", self.more) } else { String::new() };
        format!("{}: {}{more}", self.headline, named.join("; ")).into()
    }
}

/// A problem not yet put into words.
struct Found<'a> {
    status: Status,
    about: &'a str,
    text: Text<'a>,
}

enum Text<'a> {
    Of(Seen<'a>),
    Plain(String),
}

impl<'a> Found<'a> {
    fn plain(status: Status, about: &'a str, text: String) -> Self {
        Self { status, about, text: Text::Plain(text) }
    }

    fn of(seen: Seen<'a>, status: Status) -> Self {
        Self { status, about: seen.reading.label(), text: Text::Of(seen) }
    }

    fn order(a: &Self, b: &Self) -> std::cmp::Ordering {
        b.status.cmp(&a.status).then_with(|| a.about.cmp(b.about))
    }

    fn describe(self) -> Problem {
        let text = match self.text {
            Text::Of(seen) => seen.output().map(Cow::into_owned).unwrap_or_default(),
            Text::Plain(text) => text,
        };
        Problem { status: self.status, about: self.about.to_owned(), text }
    }
}

fn worst(found: &[Found<'_>]) -> Option<Status> {
    found.iter().map(|found| found.status).max()
}

/// Liveness: this process makes progress. Looks at nothing outside it, nor at any lock a task could hold.
pub fn live(health: &Health) -> Verdict {
    live_at(&health.inner, Instant::now())
}

/// The verdict while every heart beats.
pub(crate) fn alive() -> Verdict {
    Verdict::pass("Application process is running")
}

pub(crate) fn live_at(inner: &Inner, now: Instant) -> Verdict {
    let over = inner.beats.ages(now).filter(|(_, age)| inner.beats.is_stall(*age));
    let stalled: Vec<_> =
        over.map(|(about, age)| Found::plain(Status::Fail, about, no_progress(age))).collect();
    if stalled.is_empty() {
        alive()
    } else {
        Verdict::new(Status::Fail, "Application process is stalled", stalled)
    }
}

/// What is said of a heart that has not beaten for this long.
pub(crate) fn no_progress(age: Duration) -> String {
    format!("no progress for {} s", age.as_secs())
}

/// Start-up: every gate is open, save those excluded by name.
pub fn startup(health: &Health, exclude: &[&str]) -> Verdict {
    let closed = closed_gates(&health.inner, exclude);
    if closed.is_empty() {
        Verdict::pass("Service has started")
    } else {
        Verdict::new(Status::Fail, "Service is starting", closed)
    }
}

/// Readiness: the phase, and what is marked critical.
pub fn ready(health: &Health, exclude: &[&str]) -> Verdict {
    ready_at(&health.inner, &health.inner.snapshot.load(), Instant::now(), exclude)
}

pub(crate) fn ready_at(inner: &Inner, snapshot: &Snapshot, now: Instant, exclude: &[&str]) -> Verdict {
    if let Some(verdict) = life(inner, now) {
        return verdict;
    }
    let mut problems = Vec::new();
    for seen in snapshot.view(now) {
        if let Some(status) = for_readiness(&seen)
            && !seen.reading.component.excluded(exclude)
        {
            problems.push(Found::of(seen, status));
        }
    }
    if !exclude.contains(&CONTAINER) && inner.container.essential_failed() {
        let text = inner.container.report().output;
        problems.push(Found::plain(Status::Fail, CONTAINER, text));
    }
    match worst(&problems) {
        None => Verdict::pass("Service is ready to accept traffic"),
        Some(Status::Fail) => Verdict::new(Status::Fail, "Service is not ready", problems),
        Some(_) => Verdict::new(Status::Warn, "Service is ready to accept traffic, degraded", problems),
    }
}

/// The first moment after `now` at which time alone changes what readiness makes of this snapshot, or its words.
pub(crate) fn ready_until(snapshot: &Snapshot, now: Instant) -> Option<Instant> {
    snapshot.readings.iter().filter_map(|reading| reading.until(now, snapshot.grace)).min()
}

/// The name of the container's own entry.
pub(crate) const CONTAINER: &str = "service_container";

/// What `/health` makes of everything it looks at.
pub(crate) fn whole(health: &Health) -> Verdict {
    let inner = &*health.inner;
    let snapshot = inner.snapshot.load();
    let now = Instant::now();
    let seen = on_page(&snapshot, &Scope::Core, &[], now);
    core(inner, &inner.container.report(), &seen, now)
}

/// The whole core: the phase, the container, every check of the core.
pub(crate) fn core(
    inner: &Inner,
    container: &crate::ContainerReport,
    seen: &[Seen<'_>],
    now: Instant,
) -> Verdict {
    if let Some(verdict) = life(inner, now) {
        return verdict;
    }
    let mut problems = troubled(seen);
    let mut fatal = seen.iter().any(|seen| for_readiness(seen) == Some(Status::Fail));
    if container.status != Status::Pass {
        fatal |= container.critical;
        problems.push(Found::plain(container.status, CONTAINER, container.output.clone()));
    }
    if problems.is_empty() {
        Verdict::pass("Service is healthy")
    } else if fatal {
        Verdict::new(Status::Fail, "Service is not healthy", problems)
    } else {
        Verdict::new(Status::Warn, "Service is degraded", problems)
    }
}

/// One plugin: as bad as the worst of its checks.
pub(crate) fn plugin(seen: &[Seen<'_>]) -> Verdict {
    let problems = troubled(seen);
    match worst(&problems) {
        None => Verdict::pass("Plugin is healthy"),
        Some(Status::Fail) => Verdict::new(Status::Fail, "Plugin is not healthy", problems),
        Some(_) => Verdict::new(Status::Warn, "Plugin is degraded", problems),
    }
}

/// One component, which may have several measurements: as bad as the worst.
pub(crate) fn component(seen: &[Seen<'_>]) -> Verdict {
    let problems = troubled(seen);
    match worst(&problems) {
        None => Verdict::pass("Component is healthy"),
        Some(Status::Fail) => Verdict::new(Status::Fail, "Component is not healthy", problems),
        Some(_) => Verdict::new(Status::Warn, "Component is degraded", problems),
    }
}

/// The container alone.
pub(crate) fn container(report: &crate::ContainerReport) -> Verdict {
    let problems = || vec![Found::plain(report.status, CONTAINER, report.output.clone())];
    match report.status {
        Status::Pass => component(&[]),
        Status::Fail => Verdict::new(Status::Fail, "Component is not healthy", problems()),
        Status::Warn => Verdict::new(Status::Warn, "Component is degraded", problems()),
    }
}

/// What belongs to a page, at this moment.
pub(crate) fn on_page<'a>(
    snapshot: &'a Snapshot,
    scope: &Scope,
    exclude: &[&str],
    now: Instant,
) -> Vec<Seen<'a>> {
    let here = |seen: &Seen<'_>| seen.reading.scope() == scope && !seen.reading.component.excluded(exclude);
    snapshot.view(now).filter(here).collect()
}

/// What decides before any check is looked at: a phase other than ready, or no progress.
fn life(inner: &Inner, now: Instant) -> Option<Verdict> {
    match inner.lifecycle.phase() {
        Phase::Ready => Some(live_at(inner, now)).filter(|live| live.status == Status::Fail),
        Phase::Starting => {
            let closed = closed_gates(inner, &[]);
            Some(Verdict::new(Status::Fail, "Service is starting", closed))
        }
        Phase::Draining => Some(Verdict::new(Status::Fail, "Service is draining", Vec::new())),
        Phase::Stopped => Some(Verdict::new(Status::Fail, "Service has stopped", Vec::new())),
    }
}

fn closed_gates<'a>(inner: &'a Inner, exclude: &[&str]) -> Vec<Found<'a>> {
    let closed = inner.lifecycle.closed().filter(|gate| !exclude.contains(gate));
    closed.map(|gate| Found::plain(Status::Fail, gate, "waiting".to_owned())).collect()
}

/// What a component means for readiness; nothing, if it is well or none of readiness's business.
pub(crate) fn for_readiness(seen: &Seen<'_>) -> Option<Status> {
    match seen.standing {
        Standing::Idle | Standing::Disabled => None,
        Standing::Unknown => seen.reading.critical().then_some(Status::Fail),
        _ => match (seen.status, seen.reading.critical()) {
            (Status::Pass, _) | (Status::Warn, false) => None,
            (Status::Fail, true) => Some(Status::Fail),
            (Status::Warn, true) | (Status::Fail, false) => Some(Status::Warn),
        },
    }
}

/// Whatever counts and is not a pass.
fn troubled<'a>(seen: &[Seen<'a>]) -> Vec<Found<'a>> {
    let bad = seen.iter().filter(|seen| seen.counts() && seen.status != Status::Pass);
    bad.map(|seen| Found::of(*seen, seen.status)).collect()
}

#[cfg(test)]
mod tests;
