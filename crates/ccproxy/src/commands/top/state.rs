//! What is known, and what of it is shown.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ccproxy_record::{Ending, Record};

use super::feed::{Look, News};
use super::tally::Tally;
use crate::commands::health::verdict::Verdict;
use crate::commands::told::figures::{Overview, Provider};

/// Figures of now are of so long …
pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// … and those of keys and models, and of cost, of so long.
pub(super) const WINDOW: Duration = Duration::from_secs(300);
/// Records that are kept at most.
const RECORDS: usize = 20_000;
/// Points of the charts.
const SAMPLES: usize = 300;

/// Everything.
#[derive(Clone)]
pub(super) struct State {
    /// Where the proxy is.
    pub(super) place: String,
    /// Since the beginning.
    pub(super) now: Duration,
    /// Why the proxy does not tell.
    pub(super) trouble: Option<String>,
    pub(super) health: Option<Verdict>,
    pub(super) overview: Option<Overview>,
    pub(super) providers: Vec<Provider>,
    /// Those that have ended, the newest last, each with when it came.
    records: VecDeque<(Duration, Arc<Record>)>,
    pub(super) samples: VecDeque<Sample>,
    /// How many of the records were of failures, since the beginning.
    failures: u64,
    /// When the exchanges were counted last, and how many had ended and failed.
    counted: Option<(Duration, [u64; 2])>,
    pub(super) missed: u64,
    pub(super) view: View,
    /// What is shown while it stands still.
    pub(super) frozen: Option<Box<Self>>,
}

/// How things went between two looks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sample {
    pub(super) at: Duration,
    /// Requests a second.
    pub(super) requests: f64,
    /// Failures a second.
    pub(super) failed: f64,
    /// Milliseconds, of the last minute.
    pub(super) p95: Option<f64>,
}

/// What of it is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    pub(super) pane: Pane,
    pub(super) by: By,
    pub(super) sort: Sort,
    pub(super) filter: String,
    /// The filter is being typed.
    pub(super) typing: bool,
    pub(super) help: bool,
    /// The row of the pane.
    pub(super) row: usize,
}

/// The tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Pane {
    #[default]
    Providers,
    Clients,
    Requests,
}

/// What the second table is by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum By {
    #[default]
    Key,
    Model,
}

/// What the second table is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Requests,
    Failures,
    Tokens,
    Cost,
    Time,
}

impl State {
    pub(super) fn new(place: String) -> Self {
        Self {
            place,
            now: Duration::ZERO,
            trouble: None,
            health: None,
            overview: None,
            providers: Vec::new(),
            records: VecDeque::new(),
            samples: VecDeque::new(),
            failures: 0,
            counted: None,
            missed: 0,
            view: View::default(),
            frozen: None,
        }
    }

    /// What is shown of it.
    pub(super) fn shown(&self) -> &Self {
        self.frozen.as_deref().unwrap_or(self)
    }

    /// It is so late now.
    pub(super) fn at(&mut self, now: Duration) {
        self.now = now;
        let old = now.saturating_sub(WINDOW);
        let too_many = |records: &VecDeque<_>| records.len() > RECORDS;
        // The list of requests keeps some, however old.
        while too_many(&self.records)
            || self.records.len() > SAMPLES && self.records.front().is_some_and(|(at, _)| *at < old)
        {
            self.records.pop_front();
        }
    }

    pub(super) fn hear(&mut self, news: News, now: Duration) {
        self.at(now);
        match news {
            News::Record(record) => {
                self.failures += u64::from(is_bad(&record));
                self.records.push_back((now, record));
            }
            News::Missed(missed) => self.missed += missed,
            News::Trouble(trouble) => self.trouble = Some(trouble),
            News::Look(look) => self.look(*look),
        }
    }

    fn look(&mut self, look: Look) {
        let Look { at, health, overview, providers } = look;
        self.trouble = None;
        let requests = &overview.requests;
        // The overview counts an error that a provider answered among what is done; records do not.
        let counts = [requests.done + requests.failed + requests.client_gone, self.failures];
        if let Some((before, [ended, failed])) = self.counted.replace((at, counts)) {
            let seconds = at.saturating_sub(before).as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "a rate")]
            // After a restart of the proxy there are fewer than before.
            let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds.max(1e-3);
            let sample = Sample {
                at,
                requests: rate(counts[0], ended),
                failed: rate(counts[1], failed),
                p95: self.tally(MINUTE).percentile(95),
            };
            if self.samples.len() >= SAMPLES {
                self.samples.pop_front();
            }
            self.samples.push_back(sample);
        }
        (self.health, self.overview, self.providers) = (Some(health), Some(overview), providers);
    }

    /// The records that came within so long, the newest first.
    fn within(&self, window: Duration) -> impl Iterator<Item = &Arc<Record>> {
        let since = self.now.saturating_sub(window);
        self.records.iter().rev().take_while(move |(at, _)| *at >= since).map(|(_, record)| record)
    }

    /// What the exchanges of so long come to.
    pub(super) fn tally(&self, window: Duration) -> Tally {
        Tally::of(self.within(window))
    }

    /// How much of a window has been seen, in seconds.
    pub(super) fn seen(&self, window: Duration) -> f64 {
        self.now.min(window).as_secs_f64().max(1.0)
    }

    /// Requests a second, of late.
    pub(super) fn rate(&self) -> f64 {
        self.samples.back().map_or(0.0, |sample| sample.requests)
    }

    /// The second table's rows, in its order.
    pub(super) fn clients(&self) -> Vec<(String, Tally)> {
        let mut rows = Tally::by(self.within(WINDOW), |record| match self.view.by {
            By::Key => record.key.as_deref(),
            By::Model => record.model.as_deref(),
        });
        let weight = |tally: &Tally| -> f64 {
            #[expect(clippy::cast_precision_loss, reason = "an order")]
            match self.view.sort {
                Sort::Requests => tally.requests as f64,
                Sort::Failures => tally.failed as f64,
                Sort::Tokens => tally.tokens as f64,
                Sort::Cost => tally.cost.dollars(),
                Sort::Time => tally.percentile(95).unwrap_or_default(),
            }
        };
        rows.sort_by(|(name, one), (other_name, other)| {
            weight(other).total_cmp(&weight(one)).then_with(|| name.cmp(other_name))
        });
        rows
    }

    /// The list of requests, the newest first.
    pub(super) fn requests(&self) -> impl Iterator<Item = &Record> {
        let records = self.records.iter().rev().map(|(_, record)| &**record);
        records.filter(|record| self.is_asked_for(record))
    }

    fn is_asked_for(&self, record: &Record) -> bool {
        let filter = self.view.filter.as_str();
        let texts = [
            Some(record.id.as_str()),
            record.model.as_deref(),
            record.served_model.as_deref(),
            record.provider.as_deref(),
            record.key.as_deref(),
            record.error.as_deref(),
            Some(record.operation.as_str()),
            Some(record.ending.as_str()),
        ];
        let status = record.status.map(|status| status.to_string());
        filter.is_empty()
            || texts.into_iter().flatten().any(|text| text.contains(filter))
            || status.is_some_and(|status| status.starts_with(filter))
    }

    /// Puts it on hold, or goes on.
    pub(super) fn pause(&mut self) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Box::new(self.clone())),
        };
    }

    /// How many rows the pane has.
    pub(super) fn rows(&self) -> usize {
        let shown = self.shown();
        match self.view.pane {
            Pane::Providers => shown.providers.len(),
            Pane::Clients => shown.clients().len(),
            Pane::Requests => shown.requests().count(),
        }
    }
}

/// Whether an exchange ended badly.
pub(super) fn is_bad(record: &Record) -> bool {
    record.ending == Ending::Failed
}

#[cfg(test)]
pub(super) mod tests;
