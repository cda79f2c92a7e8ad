//! When each check runs. One task keeps the time for all; each run is one task of its own.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{beat::BEAT, check::Outcome, health::Inner, passive::Report, registry::Component, spec::Spec};

/// Something to do at a time. Ordered by time, then component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Instant,
    id: usize,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The run with this number must have ended.
    Deadline(u64),
    /// It is time for a run.
    Due,
}

#[derive(Debug)]
struct Run {
    number: u64,
    began: Instant,
    abort: AbortHandle,
    /// Its failure has been reported; whatever it still says comes too late.
    late: bool,
}

pub(crate) struct Scheduler {
    inner: Arc<Inner>,
    /// The components that are run, by their numbers.
    known: HashMap<usize, Arc<Component>>,
    agenda: BinaryHeap<Reverse<Entry>>,
    /// The run of each component, if one is under way: never more than one.
    runs: HashMap<usize, Run>,
    tasks: JoinSet<Outcome>,
    owners: HashMap<Id, usize>,
    numbers: u64,
}

impl Scheduler {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            known: HashMap::new(),
            agenda: BinaryHeap::new(),
            runs: HashMap::new(),
            tasks: JoinSet::new(),
            owners: HashMap::new(),
            numbers: 0,
        }
    }

    pub(crate) async fn run(mut self, stop: CancellationToken) {
        self.plan(Instant::now());
        let mut tick = interval(BEAT);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let next = self.agenda.peek().map(|Reverse(entry)| entry.at);
            let alarm = async {
                match next {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = tick.tick() => self.inner.beats.scheduler.beat(),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended).await,
                () = self.inner.rescheduled.notified() => self.plan(Instant::now()),
                () = alarm => self.act().await,
            }
        }
        self.inner.beats.scheduler.end();
        // Runs are cancelled and waited for; one that ignores it must not hold up the end of the process.
        let _ = timeout(BEAT, self.tasks.shutdown()).await;
    }

    /// Puts the first run of every component that is new on the agenda, and ends the runs of those that are gone.
    fn plan(&mut self, now: Instant) {
        let snapshot = self.inner.snapshot.load_full();
        let there = snapshot.readings.iter().map(|reading| &reading.component);
        let run = there.filter(|component| component.check.is_some() && !component.spec.passive);
        let there: HashMap<usize, Arc<Component>> = run.map(|one| (one.id, Arc::clone(one))).collect();
        for (&id, component) in there.iter().filter(|(id, _)| !self.known.contains_key(*id)) {
            self.agenda.push(Reverse(Entry { at: now + first_delay(&component.spec), id, what: What::Due }));
        }
        for (_, run) in self.runs.iter_mut().filter(|(id, _)| !there.contains_key(*id)) {
            run.late = true;
            run.abort.abort();
        }
        self.known = there;
    }

    /// Does what is due.
    async fn act(&mut self) {
        let now = Instant::now();
        while let Some(Reverse(entry)) = self.agenda.peek().copied() {
            if entry.at > now {
                return;
            }
            self.agenda.pop();
            match entry.what {
                What::Due => self.due(entry.id, entry.at, now),
                What::Deadline(number) => self.deadline(entry.id, number).await,
            }
        }
    }

    fn due(&mut self, id: usize, planned: Instant, now: Instant) {
        // What is gone leaves its entries behind.
        let Some(component) = self.known.get(&id).map(Arc::clone) else { return };
        let Some(check) = component.check.clone() else { return };
        let spec = &component.spec;
        let wait = spec.interval.saturating_sub(jitter(spec));
        // Counted from the plan, so that runs do not drift; from now after a pause longer than an interval.
        let next = if planned + wait > now { planned + wait } else { now + wait };
        self.agenda.push(Reverse(Entry { at: next, id, what: What::Due }));
        if !component.is_enabled() || component.passed_within(spec.interval, now) {
            return;
        }
        let number = match self.runs.get(&id) {
            // It ignores its cancellation: no second one beside it, but another failure once this time is up, too.
            Some(run) => run.number,
            None => {
                self.numbers += 1;
                let abort = self.tasks.spawn(async move { check.run().await });
                self.owners.insert(abort.id(), id);
                self.runs.insert(id, Run { number: self.numbers, began: now, abort, late: false });
                self.numbers
            }
        };
        self.agenda.push(Reverse(Entry { at: now + spec.timeout, id, what: What::Deadline(number) }));
    }

    async fn deadline(&mut self, id: usize, number: u64) {
        let Some(allowed) = self.known.get(&id).map(|component| component.spec.timeout) else { return };
        let Some(run) = self.runs.get_mut(&id).filter(|run| run.number == number) else { return };
        run.late = true;
        run.abort.abort();
        let took = run.began.elapsed();
        self.report(id, Outcome::fail(format!("timed out after {allowed:?}")), took).await;
    }

    async fn ended(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(id) = self.owners.remove(&id) else { return };
        let Some(run) = self.runs.remove(&id).filter(|run| !run.late) else { return };
        let outcome = match ended {
            Ok((_, outcome)) => outcome,
            Err(error) if error.is_panic() => Outcome::fail("the check panicked"),
            Err(_) => Outcome::fail("the check was cancelled"),
        };
        self.report(id, outcome, run.began.elapsed()).await;
    }

    async fn report(&self, id: usize, outcome: Outcome, took: Duration) {
        // An error means that the writer has ended, and with it everyone's interest.
        let _ = self.inner.lanes.active.send(Report { took: Some(took), ..Report::now(id, outcome) }).await;
    }
}

fn first_delay(spec: &Spec) -> Duration {
    let spread = if spec.spread_start { spec.interval.mul_f64(fastrand::f64()) } else { jitter(spec) };
    spec.initial_delay.saturating_add(spread)
}

/// A random part of the share of the interval that may be given up.
fn jitter(spec: &Spec) -> Duration {
    spec.interval.mul_f64(spec.jitter * fastrand::f64())
}

#[cfg(test)]
mod tests;
