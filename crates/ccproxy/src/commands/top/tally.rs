//! What the exchanges of the last minutes come to.

use std::collections::HashMap;
use std::sync::Arc;

use ccproxy_record::{Cost, Ending, Record};

use crate::commands::told::{known, spent};

/// What exchanges come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) failed: u64,
    pub(super) tokens: u64,
    /// Of those whose price is known; `unpriced` counts the others.
    pub(super) cost: Cost,
    pub(super) unpriced: u64,
    /// Milliseconds, in order once they are asked for.
    durations: Vec<f64>,
}

impl Tally {
    pub(super) fn of<'r>(records: impl Iterator<Item = &'r Arc<Record>>) -> Self {
        let mut tally = Self::default();
        records.for_each(|record| tally.add(record));
        tally.durations.sort_by(f64::total_cmp);
        tally
    }

    fn add(&mut self, record: &Record) {
        self.requests += 1;
        self.failed += u64::from(record.ending == Ending::Failed);
        self.tokens += record.tokens.total();
        self.cost += record.cost.unwrap_or_default();
        self.unpriced += u64::from(is_unpriced(record));
        self.durations.push(record.duration.0.as_secs_f64() * 1e3);
    }

    /// What they cost in so many parts of an hour or other time, as far as that is known.
    pub(super) fn spent(&self, times: f64) -> String {
        spent(self.cost.dollars() * times, self.unpriced)
    }

    /// The same as a number.
    pub(super) fn known(&self, times: f64) -> Option<f64> {
        known(self.cost.dollars() * times, self.unpriced)
    }

    /// The time in milliseconds that this share of them, in percent, does not exceed.
    pub(super) fn percentile(&self, percent: usize) -> Option<f64> {
        let last = self.durations.len().checked_sub(1)?;
        self.durations
            .get((self.durations.len() * percent).div_ceil(100).saturating_sub(1).min(last))
            .copied()
    }

    /// One for each name.
    pub(super) fn by<'r>(
        records: impl Iterator<Item = &'r Arc<Record>>,
        name: impl Fn(&Record) -> Option<&str>,
    ) -> Vec<(String, Self)> {
        let mut tallies: HashMap<&str, Self> = HashMap::new();
        for record in records {
            tallies.entry(name(record).unwrap_or("-")).or_default().add(record);
        }
        let sorted = |(name, mut tally): (&str, Self)| {
            tally.durations.sort_by(f64::total_cmp);
            (name.to_owned(), tally)
        };
        tallies.into_iter().map(sorted).collect()
    }
}

/// Whether it used something whose price nobody knows.
pub(super) fn is_unpriced(record: &Record) -> bool {
    record.cost.is_none() && record.tokens.total() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        let check = |durations: &[f64], percent, expect| {
            let tally = Tally { durations: durations.to_vec(), ..Tally::default() };
            assert_eq!(tally.percentile(percent), expect, "{percent} of {durations:?}");
        };
        check(&[], 50, None);
        check(&[7.0], 95, Some(7.0));
        check(&[1.0, 2.0, 3.0, 4.0], 50, Some(2.0));
        check(&[1.0, 2.0, 3.0, 4.0], 95, Some(4.0));
        check(&[1.0, 2.0], 0, Some(1.0));
    }
}
