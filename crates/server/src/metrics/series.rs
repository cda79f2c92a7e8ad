//! What is counted of exchanges that have their labels in common.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use ccproxy_record::{Cost, Ending, Record, Tokens};

use super::times::{Moment, Times};

/// How long exchanges took, and how large they were.
#[derive(Default)]
pub(super) struct Exchanges {
    pub(super) duration: Times,
    pub(super) first_byte: Times,
    pub(super) first_token: Times,
    pub(super) request_bytes: AtomicU64,
    pub(super) response_bytes: AtomicU64,
}

/// What exchanges used.
#[derive(Default)]
pub(super) struct Spent {
    /// By [`KINDS`].
    pub(super) tokens: [AtomicU64; KINDS.len()],
    pub(super) cost: Dollars,
    pub(super) unpriced: AtomicU64,
}

/// What the exchanges of a key came to.
#[derive(Default)]
pub(super) struct ByKey {
    /// By [`Ending::ALL`].
    pub(super) endings: [AtomicU64; 3],
    /// By [`KINDS`].
    pub(super) tokens: [AtomicU64; KINDS.len()],
    pub(super) cost: Dollars,
}

/// The kinds of tokens, as they are labelled.
pub(super) const KINDS: [&str; 5] = ["input", "output", "cache_read", "cache_write", "reasoning"];

/// An exact sum of money.
#[derive(Default)]
pub(super) struct Dollars(AtomicI64);

impl Dollars {
    fn add(&self, cost: Cost) {
        self.0.fetch_add(cost.nanos(), Ordering::Relaxed);
    }

    pub(super) fn sum(&self) -> f64 {
        Cost::from_nanos(self.0.load(Ordering::Relaxed)).dollars()
    }
}

impl Exchanges {
    pub(super) fn count(&self, record: &Record, moment: &Moment) {
        self.duration.add(record.duration.0, record, moment);
        if let Some(time) = record.first_byte {
            self.first_byte.add(time.0, record, moment);
        }
        if let Some(time) = record.first_token {
            self.first_token.add(time.0, record, moment);
        }
        add(&self.request_bytes, record.request_bytes);
        add(&self.response_bytes, record.response_bytes);
    }
}

impl Spent {
    pub(super) fn count(&self, record: &Record) {
        add_tokens(&self.tokens, &record.tokens);
        match record.cost {
            Some(cost) => self.cost.add(cost),
            None => add(&self.unpriced, 1),
        }
    }
}

impl ByKey {
    pub(super) fn count(&self, record: &Record) {
        let endings = Ending::ALL.iter().zip(&self.endings);
        endings.filter(|(ending, _)| **ending == record.ending).for_each(|(_, count)| add(count, 1));
        add_tokens(&self.tokens, &record.tokens);
        self.cost.add(record.cost.unwrap_or_default());
    }
}

pub(super) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn add_tokens(counters: &[AtomicU64; KINDS.len()], tokens: &Tokens) {
    let counts = [tokens.input, tokens.output, tokens.cache_read, tokens.cache_write, tokens.reasoning];
    counters.iter().zip(counts).for_each(|(counter, count)| add(counter, count.unwrap_or(0)));
}
