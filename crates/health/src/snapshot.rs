//! What was known at one moment, and how it looks at another.

use std::{borrow::Cow, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    check::{Observed, Outcome, Status},
    registration::Registration,
    registry::{Component, Page},
    scrub,
    spec::{Scope, Spec},
    state::{Flip, State, Tracked, step},
};

/// Everything known of every component, immutable. Time goes on, so the look of it is asked for with
/// [`Snapshot::view`]: a pass that has grown old is no pass.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The plugins' pages.
    pub(crate) pages: Arc<[Page]>,
    /// By the components' numbers, which is the order of registration.
    pub(crate) readings: Vec<Arc<Reading>>,
    pub(crate) grace: Duration,
}

/// What is known of one component.
#[derive(Clone)]
pub struct Reading {
    pub(crate) component: Arc<Component>,
    pub(crate) tracked: Tracked,
    pub(crate) at: Option<Instant>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) last_success: Option<Timestamp>,
    pub(crate) output: Option<Arc<str>>,
    pub(crate) last_trouble: Option<Arc<str>>,
    pub(crate) observed: Option<Observed>,
    pub(crate) took: Option<Duration>,
    pub(crate) runs: Runs,
    /// What is known is that of the component before this one: the first outcome decides alone.
    pub(crate) inherited: bool,
}

/// How many outcomes there have been of each kind, those of real traffic included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Runs {
    /// It worked.
    pub pass: u64,
    /// It worked, with something to say.
    pub warn: u64,
    /// It did not work.
    pub fail: u64,
}

/// How firmly a reading stands at the moment it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was taken in time.
    Known,
    /// Not checked yet.
    Unknown,
    /// Only traffic feeds it, and there has been none of late.
    Idle,
    /// The operator switched it off.
    Disabled,
    /// Older than interval + timeout + grace, by its age: at best a warn.
    Late(Duration),
    /// Older than twice that, by its age: a fail.
    Lost(Duration),
}

/// One component as seen at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What was read.
    pub reading: &'a Reading,
    /// The verdict now, staleness included.
    pub status: Status,
    /// Why the verdict may differ from what was read.
    pub standing: Standing,
}

impl Snapshot {
    /// Every component as it looks at this moment, in the order of registration.
    pub fn view(&self, now: Instant) -> impl Iterator<Item = Seen<'_>> {
        self.readings.iter().map(move |reading| reading.seen(now, self.grace))
    }

    /// The place of a component's reading, if the component is there.
    pub(crate) fn place(&self, id: usize) -> Option<usize> {
        self.readings.binary_search_by_key(&id, |reading| reading.component.id).ok()
    }

    /// The page of a plugin.
    pub(crate) fn page(&self, name: &str) -> Option<&Page> {
        self.pages.iter().find(|page| &*page.name == name)
    }

    /// Takes pages away, with their components, and puts others there.
    pub(crate) fn change(&mut self, gone: &[String], added: &Registration) {
        let mut pages: Vec<Page> =
            self.pages.iter().filter(|page| !gone.iter().any(|name| **name == *page.name)).cloned().collect();
        for page in &added.pages {
            match pages.iter_mut().find(|there| there.name == page.name) {
                Some(there) => *there = page.clone(),
                None => pages.push(page.clone()),
            }
        }
        let is_gone = |reading: &Reading| match reading.scope() {
            Scope::Core => false,
            Scope::Plugin(name) => {
                gone.iter().any(|gone| **gone == **name) || added.pages.iter().any(|page| page.name == *name)
            }
        };
        let (before, stay): (Vec<_>, Vec<_>) = self.readings.drain(..).partition(|reading| is_gone(reading));
        self.readings = stay;
        for component in &added.components {
            let before = before.iter().find(|reading| reading.component.label == component.label);
            let reading = Reading::in_place_of(Arc::clone(component), before.map(|reading| &**reading));
            self.readings.push(Arc::new(reading));
        }
        self.readings.sort_by_key(|reading| reading.component.id);
        self.pages = pages.into();
    }

    /// The reading of a component by its page and name; the first, if several share it.
    pub fn find(&self, scope: &Scope, name: &str) -> Option<&Reading> {
        let is = |reading: &&Arc<Reading>| reading.spec().name() == name && reading.scope() == scope;
        self.readings.iter().find(is).map(|reading| &**reading)
    }
}

impl Reading {
    pub(crate) fn unknown(component: Arc<Component>) -> Self {
        Self {
            component,
            tracked: Tracked::default(),
            at: None,
            time: None,
            last_success: None,
            output: None,
            last_trouble: None,
            observed: None,
            took: None,
            runs: Runs::default(),
            inherited: false,
        }
    }

    /// The first reading of a component that takes the place of another. What readiness waits for was well a moment
    /// ago: that counts until the new one's first outcome, or until it has grown too old. Anything else begins anew.
    fn in_place_of(component: Arc<Component>, before: Option<&Self>) -> Self {
        let fresh = Self::unknown(component);
        let well = |before: &&Self| matches!(before.state(), State::Pass | State::Warn);
        match before.filter(well).filter(|_| fresh.critical()) {
            Some(before) => Self {
                tracked: before.tracked,
                at: before.at,
                time: before.time,
                output: before.output.clone(),
                last_trouble: before.last_trouble.clone(),
                inherited: true,
                ..fresh
            },
            None => fresh,
        }
    }

    /// The reading after one more outcome.
    pub(crate) fn after(&self, outcome: Outcome, at: Instant, time: Timestamp) -> (Self, Option<Flip>) {
        let limits = self.spec().thresholds;
        let before = if self.inherited { Tracked::default() } else { self.tracked };
        let (tracked, flip) = step(before, outcome.status, limits, time);
        let mut next = self.clone();
        next.inherited = false;
        next.tracked = tracked;
        next.at = Some(at);
        next.time = Some(time);
        next.output = outcome.output.map(|text| scrub::clean(&text).into());
        next.observed = outcome.observed.and_then(scrub::observed);
        match outcome.status {
            Status::Pass => next.runs.pass += 1,
            Status::Warn => next.runs.warn += 1,
            Status::Fail => next.runs.fail += 1,
        }
        if outcome.status == Status::Pass {
            next.last_success = Some(time);
        } else {
            next.last_trouble.clone_from(&next.output);
        }
        (next, flip)
    }

    /// How it looks at a moment.
    pub(crate) fn seen(&self, now: Instant, grace: Duration) -> Seen<'_> {
        let (status, standing) = self.judge(now, grace);
        Seen { reading: self, status, standing }
    }

    fn judge(&self, now: Instant, grace: Duration) -> (Status, Standing) {
        let spec = self.spec();
        let unknown = if spec.passive { Standing::Idle } else { Standing::Unknown };
        if !self.component.is_enabled() {
            return (Status::Warn, Standing::Disabled);
        }
        let (Some(status), Some(at)) = (self.tracked.state.status(), self.at) else {
            return (Status::Warn, unknown);
        };
        let limit = self.limit(grace);
        let age = now.saturating_duration_since(at);
        if age <= limit {
            (status, Standing::Known)
        } else if spec.passive {
            // No traffic is no sign of trouble, and a target shunned for an old failure would never be tried again.
            (Status::Warn, Standing::Idle)
        } else if age <= limit.saturating_mul(2) {
            (status.max(Status::Warn), Standing::Late(age))
        } else {
            (Status::Fail, Standing::Lost(age))
        }
    }

    /// How old a result may be and still count in full.
    fn limit(&self, grace: Duration) -> Duration {
        let spec = self.spec();
        spec.interval.saturating_add(spec.timeout).saturating_add(grace)
    }

    /// The first moment after `now` at which time alone changes how it looks or, if it is late, what is said of it.
    pub(crate) fn until(&self, now: Instant, grace: Duration) -> Option<Instant> {
        let at = self.at?;
        let age = now.saturating_duration_since(at);
        let limit = self.limit(grace);
        let turn = if age <= limit {
            // To the nanosecond: at the limit itself it still counts.
            limit.saturating_add(Duration::from_nanos(1))
        } else if self.spec().passive {
            return None;
        } else {
            // The text counts whole seconds, and whether it is late or lost shows with the next of them or before.
            let second = Duration::from_secs(age.as_secs() + 1);
            let lost = limit.saturating_mul(2).saturating_add(Duration::from_nanos(1));
            if age < lost { second.min(lost) } else { second }
        };
        at.checked_add(turn)
    }

    /// The page it belongs to.
    pub fn scope(&self) -> &Scope {
        &self.component.scope
    }

    /// Its names, rhythm and thresholds.
    pub fn spec(&self) -> &Spec {
        &self.component.spec
    }

    /// `name`, or `plugin/name`; of several that share a name, with what tells it apart (`disk(data)`).
    pub fn label(&self) -> &str {
        &self.component.label
    }

    /// The state as the state machine left it, age and operator apart.
    pub fn state(&self) -> State {
        self.tracked.state
    }

    /// The state with its since and its counts.
    pub fn tracked(&self) -> &Tracked {
        &self.tracked
    }

    /// Whether readiness depends on it.
    pub fn critical(&self) -> bool {
        self.spec().critical
    }

    /// Whether the operator wants it watched.
    pub fn enabled(&self) -> bool {
        self.component.is_enabled()
    }

    /// When the last outcome was taken.
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// When the last pass was taken.
    pub fn last_success(&self) -> Option<Timestamp> {
        self.last_success
    }

    /// What the last outcome said, scrubbed.
    pub fn output(&self) -> Option<&str> {
        self.output.as_deref()
    }

    /// What the last outcome measured.
    pub fn observed(&self) -> Option<&Observed> {
        self.observed.as_ref()
    }

    /// How long the last run took; none if there was no run yet.
    pub fn took(&self) -> Option<Duration> {
        self.took
    }

    /// How many outcomes there have been.
    pub fn runs(&self) -> Runs {
        self.runs
    }

    /// How often it changed its state.
    pub fn transitions(&self) -> u64 {
        self.component.transitions.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Seen<'_> {
    /// Whether it takes part in the verdict of its page: an idle or disabled component does not.
    pub fn counts(&self) -> bool {
        !matches!(self.standing, Standing::Idle | Standing::Disabled)
    }

    /// The text to show: why it is not a pass, or what a pass had to say.
    pub fn output(&self) -> Option<Cow<'_, str>> {
        let reading = self.reading;
        let late = |age: Duration| Some(format!("no result for {} s", age.as_secs()).into());
        match self.standing {
            Standing::Unknown => Some("not checked yet".into()),
            Standing::Idle => Some("no recent traffic".into()),
            Standing::Disabled => Some("disabled by the operator".into()),
            Standing::Late(age) | Standing::Lost(age) => late(age),
            Standing::Known if self.status == Status::Pass => {
                // A failure that has not yet tipped the state is not what a pass has to say.
                let passed = reading.tracked.passes > 0;
                reading.output.as_deref().filter(|_| passed).map(Cow::from)
            }
            Standing::Known => {
                let said = reading.last_trouble.as_deref().filter(|text| !text.is_empty());
                Some(said.unwrap_or("the check gave no reason").into())
            }
        }
    }
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("label", &self.component.label)
            .field("tracked", &self.tracked)
            .field("time", &self.time)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
