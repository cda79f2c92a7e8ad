//! Passive health: what real traffic says, on its way to the writer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::mpsc, time::Instant};

use crate::{check::Outcome, registration::Change, registry::Component};

/// How many outcomes may wait for the writer in each lane.
pub(crate) const LANE: usize = 1024;

/// One outcome on its way to the writer.
#[derive(Debug)]
pub(crate) struct Report {
    /// The component's number.
    pub(crate) id: usize,
    pub(crate) outcome: Outcome,
    pub(crate) at: Instant,
    pub(crate) time: Timestamp,
    /// How long the run took, if it was one.
    pub(crate) took: Option<Duration>,
}

impl Report {
    pub(crate) fn now(id: usize, outcome: Outcome) -> Self {
        Self { id, outcome, at: Instant::now(), time: Timestamp::now(), took: None }
    }
}

/// The ways to the writer. Checks have their own, so that a flood of traffic cannot crowd them out.
#[derive(Clone)]
pub(crate) struct Lanes {
    pub(crate) active: mpsc::Sender<Report>,
    pub(crate) passive: mpsc::Sender<Report>,
    pub(crate) changes: mpsc::Sender<Change>,
    pub(crate) dropped: Arc<AtomicU64>,
    /// The next component's number.
    pub(crate) ids: Arc<AtomicUsize>,
}

/// The writer's ends of the lanes.
pub(crate) struct Receivers {
    pub(crate) from_checks: mpsc::Receiver<Report>,
    pub(crate) from_traffic: mpsc::Receiver<Report>,
    pub(crate) to_change: mpsc::Receiver<Change>,
}

/// The handle by which real traffic tells how one component is. Cheap to clone.
#[derive(Clone)]
pub struct Reporter {
    component: Arc<Component>,
    lanes: Lanes,
}

impl Reporter {
    pub(crate) fn new(component: Arc<Component>, lanes: Lanes) -> Self {
        Self { component, lanes }
    }

    /// Reports an outcome. Never blocks: when the writer is behind, the outcome is dropped and
    /// [counted](crate::Health::dropped_reports). A pass makes the active check unnecessary for one interval.
    pub fn report(&self, outcome: Outcome) {
        let report = Report::now(self.component.id, outcome);
        let passed = report.outcome.status == crate::Status::Pass;
        let at = report.at;
        if self.lanes.passive.try_send(report).is_err() {
            self.lanes.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // Only what the writer will see counts: a dropped pass must not silence the active check.
        self.component.note_traffic(passed, at);
    }

    /// `name`, or `plugin/name`, as [`Reading::label`](crate::Reading::label).
    pub fn label(&self) -> &str {
        &self.component.label
    }
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reporter").field(&self.component.label).finish()
    }
}

#[cfg(test)]
mod tests;
