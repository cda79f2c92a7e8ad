//! What an endpoint looks at, one by one.

use std::collections::HashSet;

use tokio::time::Instant;

use super::Endpoint;
use crate::{
    aggregate::{self, CONTAINER},
    check::Status,
    health::{Health, Inner},
    lifecycle::Phase,
    snapshot::Seen,
    spec::Scope,
};

/// The name of the item that no one can leave out: where the process is in its life.
const PHASE: &str = "phase";

/// One thing that an endpoint looks at, and what it means for that endpoint.
#[derive(Debug)]
pub(super) struct Item {
    status: Status,
    /// What it is when it is asked for alone, where no other stands beside it.
    alone: Status,
    /// As listed: a component's label, a heart, a gate; a blank becomes `-`.
    name: String,
    /// The component's bare name, where it is listed with more.
    short: Option<String>,
    text: String,
    fixed: bool,
    excluded: bool,
}

impl Item {
    fn new(name: &str, status: Status, text: impl Into<String>) -> Self {
        let (name, text) = (dashed(name), text.into());
        Self { status, alone: status, name, short: None, text, fixed: false, excluded: false }
    }

    fn phase(inner: &Inner) -> Self {
        let phase = inner.lifecycle.phase();
        let status = if phase == Phase::Ready { Status::Pass } else { Status::Fail };
        Self { fixed: true, ..Self::new(PHASE, status, phase.as_str()) }
    }

    fn component(seen: Seen<'_>, status: Status) -> Self {
        let reading = seen.reading;
        // A critical check that has not run yet fails readiness, and is no pass by itself.
        let alone = if seen.counts() { seen.status.max(status) } else { Status::Pass };
        let text = if alone == Status::Pass { None } else { seen.output() };
        let short = (reading.label() != reading.spec().name()).then(|| reading.spec().name().to_owned());
        Self { alone, short, ..Self::new(reading.label(), status, text.unwrap_or_default()) }
    }

    /// Its name as listed, and its bare name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.name).chain(self.short.as_deref())
    }

    pub(super) fn excluded(&self) -> bool {
        self.excluded
    }

    /// What it adds to the verdict.
    pub(super) fn counted(&self) -> Status {
        if self.excluded { Status::Pass } else { self.status }
    }

    /// What it is when it is asked for alone.
    pub(super) fn alone(&self) -> Status {
        self.alone
    }

    /// Its line in a list.
    pub(super) fn line(&self) -> String {
        if self.excluded { format!("[+]{} excluded: ok\n", self.name) } else { self.line_of(self.status) }
    }

    /// Its line where it stands alone.
    pub(super) fn line_alone(&self) -> String {
        self.line_of(self.alone)
    }

    fn line_of(&self, status: Status) -> String {
        let name = &self.name;
        match (status, &*self.text) {
            (Status::Pass, _) => format!("[+]{name} ok\n"),
            (Status::Warn, text) => format!("[+]{name} warn: {text}\n"),
            (Status::Fail, text) => format!("[-]{name} failed: {text}\n"),
        }
    }
}

/// A name as it stands in a list and in a path.
pub(super) fn dashed(name: &str) -> String {
    name.replace(' ', "-")
}

/// Leaves out what has one of these names, but for the phase.
pub(super) fn exclude(items: &mut [Item], names: &[&str]) {
    let names: HashSet<String> = names.iter().map(|name| dashed(name)).collect();
    for item in items.iter_mut().filter(|item| !item.fixed) {
        let named = item.names().any(|name| names.contains(name));
        item.excluded = named;
    }
}

/// Everything an endpoint looks at. The worst of it is the verdict of its JSON page.
pub(super) fn of(health: &Health, endpoint: Endpoint) -> Vec<Item> {
    let inner = &*health.inner;
    match endpoint {
        Endpoint::Live => hearts(inner),
        Endpoint::Startup => {
            let gate = |(name, open)| {
                if open {
                    Item::new(name, Status::Pass, "")
                } else {
                    Item::new(name, Status::Fail, "waiting")
                }
            };
            inner.lifecycle.gates().map(gate).collect()
        }
        Endpoint::Ready => ready(inner),
        Endpoint::Health => whole(inner),
    }
}

fn hearts(inner: &Inner) -> Vec<Item> {
    let heart = |(name, age)| match inner.beats.is_stall(age) {
        true => Item::new(name, Status::Fail, aggregate::no_progress(age)),
        false => Item::new(name, Status::Pass, ""),
    };
    inner.beats.ages(Instant::now()).map(heart).collect()
}

/// Where the process is in its life, and what of it makes no progress, which nobody can leave out.
fn life(inner: &Inner) -> impl Iterator<Item = Item> {
    let stalled = hearts(inner).into_iter().filter(|heart| heart.status == Status::Fail);
    std::iter::once(Item::phase(inner)).chain(stalled.map(|heart| Item { fixed: true, ..heart }))
}

fn ready(inner: &Inner) -> Vec<Item> {
    let container = if inner.container.essential_failed() {
        Item::new(CONTAINER, Status::Fail, inner.container.report().output)
    } else {
        Item::new(CONTAINER, Status::Pass, "")
    };
    let snapshot = inner.snapshot.load();
    let component =
        |seen: Seen<'_>| Item::component(seen, aggregate::for_readiness(&seen).unwrap_or(Status::Pass));
    let components = snapshot.view(Instant::now()).map(component);
    life(inner).chain([container]).chain(components).collect()
}

fn whole(inner: &Inner) -> Vec<Item> {
    // Here a failure warns, unless it is critical.
    let soft = |status: Status, critical: bool| if critical { status } else { status.min(Status::Warn) };
    let report = inner.container.report();
    let container = Item::new(CONTAINER, soft(report.status, report.critical), report.output);
    let snapshot = inner.snapshot.load();
    let component = |seen: Seen<'_>| {
        let status = match aggregate::for_readiness(&seen) {
            Some(Status::Fail) => Status::Fail,
            _ if seen.counts() => soft(seen.status, false),
            _ => Status::Pass,
        };
        Item::component(seen, status)
    };
    let seen = aggregate::on_page(&snapshot, &Scope::Core, &[], Instant::now());
    let components = seen.into_iter().map(component);
    life(inner).chain([container]).chain(components).collect()
}
