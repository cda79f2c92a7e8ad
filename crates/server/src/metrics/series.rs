//! What is counted of exchanges that have provider, model and operation in common.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use ccproxy_record::{Attempt, Cost, Ending, Record};
use prometheus_client::metrics::exemplar::HistogramWithExemplars;

use super::histogram::{Histogram, ends};

/// The labels of an example.
type Example = Vec<(&'static str, String)>;

/// Exchanges with the same labels.
pub(super) struct Series {
    /// By [`Ending::ALL`].
    pub(super) endings: [AtomicU64; 3],
    /// With the id of a request for each class, where one is read.
    pub(super) duration: HistogramWithExemplars<Example>,
    pub(super) first_byte: Histogram,
    pub(super) first_token: Histogram,
    /// By [`KINDS`].
    pub(super) tokens: [AtomicU64; 5],
    nanos: AtomicI64,
    pub(super) unpriced: AtomicU64,
    pub(super) request_bytes: AtomicU64,
    pub(super) response_bytes: AtomicU64,
}

/// OpenMetrics allows 128 characters for an example's labels, their names among them.
const EXAMPLE: usize = 100;

/// The kinds of tokens, as they are labelled.
pub(super) const KINDS: [&str; 5] = ["input", "output", "cache_read", "cache_write", "reasoning"];

/// Calls with the same labels.
#[derive(Default)]
pub(super) struct Attempts {
    pub(super) duration: Histogram,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            endings: Default::default(),
            duration: HistogramWithExemplars::new(ends()),
            first_byte: Histogram::default(),
            first_token: Histogram::default(),
            tokens: Default::default(),
            nanos: AtomicI64::default(),
            unpriced: AtomicU64::default(),
            request_bytes: AtomicU64::default(),
            response_bytes: AtomicU64::default(),
        }
    }
}

impl Series {
    pub(super) fn count(&self, record: &Record) {
        let add = |counter: &AtomicU64, count: u64| {
            counter.fetch_add(count, Ordering::Relaxed);
        };
        for (ending, counter) in Ending::ALL.iter().zip(&self.endings) {
            add(counter, u64::from(*ending == record.ending));
        }
        let example = (record.id.len() <= EXAMPLE).then(|| vec![("request_id", record.id.clone())]);
        self.duration.observe(record.duration.0.as_secs_f64(), example, None);
        for (time, histogram) in
            [(record.first_byte, &self.first_byte), (record.first_token, &self.first_token)]
        {
            if let Some(time) = time {
                histogram.add(time.0);
            }
        }
        let tokens = &record.tokens;
        let counts = [tokens.input, tokens.output, tokens.cache_read, tokens.cache_write, tokens.reasoning];
        for (counter, count) in self.tokens.iter().zip(counts) {
            add(counter, count.unwrap_or(0));
        }
        match record.cost {
            Some(cost) => {
                self.nanos.fetch_add(cost.nanos(), Ordering::Relaxed);
            }
            None => add(&self.unpriced, u64::from(tokens.total() > 0)),
        }
        add(&self.request_bytes, record.request_bytes);
        add(&self.response_bytes, record.response_bytes);
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}

impl Attempts {
    pub(super) fn count(&self, attempt: &Attempt) {
        self.duration.add(attempt.duration.0);
    }
}
