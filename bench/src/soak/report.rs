//! What came of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::case::Case;

/// What `bench-soak` prints at its end.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// All that were sent.
    pub requests: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// How many kinds of requests took turns.
    pub kinds: usize,
    /// Answers that were not right, hangs among them.
    pub wrong: u64,
    /// Answers that had not ended after a long time.
    pub hangs: u64,
    /// What was wrong, by kind of request, and how often.
    pub faults: BTreeMap<String, u64>,
}

/// More kinds of faults than this tell nothing new.
const TOLD: usize = 200;

impl Report {
    pub(super) fn wrong(&mut self, case: &Case, what: &str) {
        self.wrong += 1;
        let fault = format!("{}: {what}", case.name);
        if self.faults.len() < TOLD || self.faults.contains_key(&fault) {
            *self.faults.entry(fault).or_default() += 1;
        }
    }
}

/// Told as it goes on.
#[derive(Debug, Serialize)]
pub struct Mark {
    /// Of the requests, so many percent are done.
    pub percent: u64,
    /// So many.
    pub requests: u64,
}
