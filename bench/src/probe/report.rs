//! From single probes to figures.

use std::collections::BTreeMap;

use hdrhistogram::CreationError;
use serde::Serialize;

use super::{Met, Trouble};
use crate::times::{Quantiles, Times};

/// Changes of status beyond so many are not told one by one.
const MAX_CHANGES: usize = 1_000;

/// What `bench-probe` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How many, whatever became of them.
    pub probes: u64,
    /// From the first probe to the end of the last.
    pub seconds: f64,
    /// Probes per second.
    pub rate: f64,
    /// Probes without an answer, by what went wrong.
    pub troubles: BTreeMap<String, u64>,
    /// How late the prober itself was: from when a probe was due until it was begun.
    pub lag_us: Quantiles,
    /// From when a probe was due to the end of its answer, over all paths.
    pub latency_us: Quantiles,
    /// By path.
    pub paths: BTreeMap<String, PathReport>,
    /// Where there is a rate: where the status of a path changed, in order; the first answer is a change, too.
    pub changes: Vec<Change>,
}

/// The figures of one path.
#[derive(Debug, Serialize)]
pub struct PathReport {
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// From when a probe was due to the end of its answer, or until it had failed.
    pub latency_us: Quantiles,
    /// From when a probe was begun to the end of its answer.
    pub answer_us: Quantiles,
    /// The size of the largest body.
    pub body: usize,
}

/// A status other than the one before.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// When the answer was there, in nanoseconds of `CLOCK_MONOTONIC`.
    pub at_ns: u64,
    /// The path.
    pub path: String,
    /// The status; 0 when there was no answer.
    pub status: u16,
}

#[derive(Debug)]
pub(super) struct Tally {
    paths: Vec<PathTally>,
    lag: Times,
    all: Times,
    troubles: BTreeMap<String, u64>,
    changes: Vec<Change>,
}

#[derive(Debug)]
struct PathTally {
    path: String,
    statuses: BTreeMap<u16, u64>,
    latency: Times,
    answer: Times,
    body: usize,
    last: Option<u16>,
}

impl Tally {
    pub(super) fn new(paths: &[String]) -> Result<Self, CreationError> {
        let paths = paths.iter().map(|path| PathTally::new(path)).collect::<Result<_, _>>()?;
        let (lag, all) = (Times::new()?, Times::new()?);
        Ok(Self { paths, lag, all, troubles: BTreeMap::new(), changes: Vec::new() })
    }

    /// One for the same paths.
    pub(super) fn empty(&self) -> Result<Self, CreationError> {
        let paths: Vec<_> = self.paths.iter().map(|tally| tally.path.clone()).collect();
        Self::new(&paths)
    }

    pub(super) fn add(&mut self, met: &Met) {
        let Some(tally) = self.paths.get_mut(met.path) else { return };
        let latency = met.ended.saturating_sub(met.due);
        self.lag.record(met.sent.saturating_sub(met.due));
        self.all.record(latency);
        tally.latency.record(latency);
        tally.answer.record(met.ended.saturating_sub(met.sent));
        let status = match met.outcome {
            Ok(seen) => {
                *tally.statuses.entry(seen.status).or_default() += 1;
                tally.body = tally.body.max(seen.body);
                seen.status
            }
            Err(trouble) => {
                self.trouble(trouble, 1);
                0
            }
        };
        self.note(met, status);
    }

    fn trouble(&mut self, trouble: Trouble, count: u64) {
        *self.troubles.entry(trouble.to_string()).or_default() += count;
    }

    fn note(&mut self, met: &Met, status: u16) {
        let Some(tally) = self.paths.get_mut(met.path) else { return };
        if tally.last.replace(status) != Some(status) && self.changes.len() < MAX_CHANGES {
            self.changes.push(Change { at_ns: met.ended, path: tally.path.clone(), status });
        }
    }

    /// Takes in the figures of another connection. Two histograms of one shape always merge.
    pub(super) fn merge(&mut self, other: &Self) {
        let mut merged = self.lag.add(&other.lag).and(self.all.add(&other.all));
        for (ours, theirs) in self.paths.iter_mut().zip(&other.paths) {
            merged = merged.and(ours.latency.add(&theirs.latency)).and(ours.answer.add(&theirs.answer));
            for (status, count) in &theirs.statuses {
                *ours.statuses.entry(*status).or_default() += count;
            }
            ours.body = ours.body.max(theirs.body);
        }
        for (trouble, count) in &other.troubles {
            *self.troubles.entry(trouble.clone()).or_default() += count;
        }
        debug_assert!(merged.is_ok(), "{merged:?}");
    }

    pub(super) fn report(self, elapsed_ns: u64) -> Report {
        let (probes, seconds) = (self.all.count(), elapsed_ns as f64 / 1e9);
        Report {
            probes,
            seconds,
            rate: probes as f64 / seconds.max(f64::EPSILON),
            troubles: self.troubles,
            lag_us: self.lag.quantiles(),
            latency_us: self.all.quantiles(),
            paths: self.paths.into_iter().map(PathTally::report).collect(),
            changes: self.changes,
        }
    }
}

impl PathTally {
    fn new(path: &str) -> Result<Self, CreationError> {
        let (latency, answer) = (Times::new()?, Times::new()?);
        Ok(Self { path: path.to_owned(), statuses: BTreeMap::new(), latency, answer, body: 0, last: None })
    }

    fn report(self) -> (String, PathReport) {
        let (latency_us, answer_us) = (self.latency.quantiles(), self.answer.quantiles());
        (self.path, PathReport { statuses: self.statuses, latency_us, answer_us, body: self.body })
    }
}
