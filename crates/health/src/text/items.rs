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
    /// As listed: a component's label, a heart, a gate; a blank becomes `-`.
    name: String,
    /// The name of a plugin's component without the plugin.
    short: Option<String>,
    text: String,
    fixed: bool,
    excluded: bool,
}

impl Item {
    fn new(name: &str, status: Status, text: impl Into<String>) -> Self {
        Self { status, name: dashed(name), short: None, text: text.into(), fixed: false, excluded: false }
    }

    fn phase(inner: &Inner) -> Self {
        let phase = inner.lifecycle.phase();
        let status = if phase == Phase::Ready { Status::Pass } else { Status::Fail };
        Self { fixed: true, ..Self::new(PHASE, status, phase.as_str()) }
    }

    fn component(seen: Seen<'_>, status: Status) -> Self {
        let reading = seen.reading;
        let text = if status == Status::Pass { None } else { seen.output() };
        let mut item = Self::new(reading.label(), status, text.unwrap_or_default());
        if *reading.scope() != Scope::Core {
            item.short = Some(reading.spec().name().to_owned());
        }
        item
    }

    /// Its name, and its name without the plugin's if it has one.
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

    /// Its line in a list.
    pub(super) fn line(&self) -> String {
        let name = &self.name;
        match (self.status, &*self.text) {
            _ if self.excluded => format!("[+]{name} excluded: ok\n"),
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
    let limit = inner.settings.stall_limit;
    let heart = |(name, age)| match age > limit {
        true => Item::new(name, Status::Fail, aggregate::no_progress(age)),
        false => Item::new(name, Status::Pass, ""),
    };
    inner.beats.ages(Instant::now()).map(heart).collect()
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
    [Item::phase(inner), container].into_iter().chain(components).collect()
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
    [Item::phase(inner), container].into_iter().chain(components).collect()
}
