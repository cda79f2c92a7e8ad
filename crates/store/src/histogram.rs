//! How long things took, in classes whose limits grow by a tenth: what is told of them is within a tenth of the truth.

use crate::numbers::{Reader, write};

/// The classes' growth.
const GROWTH: f64 = 1.1;
/// More than two hours is one class.
const CLASSES: usize = 240;

/// Counts of times, by classes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Histogram {
    /// Sorted by class.
    counts: Vec<(u8, u64)>,
    max: u64,
}

impl Histogram {
    /// Counts a time.
    pub(crate) fn add(&mut self, micros: u64) {
        self.add_to(class(micros), 1);
        self.max = self.max.max(micros);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.counts.iter().for_each(|(class, count)| self.add_to(*class, *count));
        self.max = self.max.max(other.max);
    }

    fn add_to(&mut self, class: u8, count: u64) {
        match self.counts.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(at) => {
                if let Some((_, known)) = self.counts.get_mut(at) {
                    *known = known.saturating_add(count);
                }
            }
            Err(at) => self.counts.insert(at, (class, count)),
        }
    }

    /// The longest, in microseconds; none if there was none.
    pub(crate) fn max(&self) -> Option<u64> {
        (!self.counts.is_empty()).then_some(self.max)
    }

    /// The time in microseconds that this share of all does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let total = self.counts.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let wanted = (total as f64 * share).ceil().max(1.0);
        let mut seen = 0_u64;
        self.counts.iter().find_map(|(class, count)| {
            seen = seen.saturating_add(*count);
            #[expect(clippy::cast_precision_loss, reason = "a count, and a time")]
            (seen as f64 >= wanted).then(|| middle(*class).min(self.max as f64))
        })
    }

    /// How many may have taken this long or longer, of what [`to_bytes`](Self::to_bytes) has written: those that certainly
    /// have, and those of the same class.
    pub(crate) fn at_least(bytes: &[u8], micros: u64) -> Option<u64> {
        let mut reader = Reader(bytes);
        if micros > reader.number()? {
            return Some(0);
        }
        let (least, mut sum) = (class(micros), 0_u64);
        while !reader.is_empty() {
            let (class, count) = (reader.byte()?, reader.number()?);
            if class >= least {
                sum = sum.saturating_add(count);
            }
        }
        Some(sum)
    }

    /// As a row keeps it: the longest, then class and count in turn, each in as few bytes as it takes (LEB128).
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 3 * self.counts.len());
        write(&mut bytes, self.max);
        for (class, count) in &self.counts {
            bytes.push(*class);
            write(&mut bytes, *count);
        }
        bytes
    }

    /// Adds what [`to_bytes`](Self::to_bytes) has written; none if it is something else.
    pub(crate) fn merge_bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let mut reader = Reader(bytes);
        self.max = self.max.max(reader.number()?);
        let mut at = 0;
        while !reader.is_empty() {
            let (class, count) = (reader.byte()?, reader.number()?);
            // They come in order, and into what has most of them already.
            at = self.place(class, at);
            match self.counts.get_mut(at) {
                Some((known, sum)) if *known == class => *sum = sum.saturating_add(count),
                _ => self.counts.insert(at, (class, count)),
            }
        }
        Some(())
    }

    /// Where a class is or would be, looked for from a place on.
    fn place(&self, class: u8, mut at: usize) -> usize {
        if at > 0 && self.counts.get(at - 1).is_none_or(|(before, _)| *before >= class) {
            at = 0;
        }
        while self.counts.get(at).is_some_and(|(known, _)| *known < class) {
            at += 1;
        }
        at
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "0 to 239"
)]
fn class(micros: u64) -> u8 {
    let class = (micros.max(1) as f64).ln() / GROWTH.ln();
    class.min((CLASSES - 1) as f64) as u8
}

/// The middle of a class by its logarithm.
fn middle(class: u8) -> f64 {
    GROWTH.powf(f64::from(class) + 0.5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quantiles_are_within_a_tenth(times in prop::collection::vec(1_u64..7_000_000_000, 1..300), share in 0.0..1.0_f64) {
            let mut histogram = Histogram::default();
            times.iter().for_each(|time| histogram.add(*time));
            let mut sorted = times;
            sorted.sort_unstable();
            let rank = ((sorted.len() as f64 * share).ceil() as usize).max(1) - 1;
            let (exact, told) = (sorted[rank] as f64, histogram.quantile(share).unwrap());
            prop_assert!((told - exact).abs() <= exact * 0.1, "{told} for {exact}");
        }

        #[test]
        fn bytes_come_back(times in prop::collection::vec(any::<u64>(), 0..100)) {
            let mut histogram = Histogram::default();
            times.iter().for_each(|time| histogram.add(*time));
            let mut read = Histogram::default();
            prop_assert_eq!(read.merge_bytes(&histogram.to_bytes()), Some(()));
            prop_assert_eq!(&read, &histogram);
            read.merge(&histogram);
            prop_assert_eq!(histogram.merge_bytes(&histogram.to_bytes()), Some(()));
            prop_assert_eq!(read, histogram);
        }

        #[test]
        fn those_that_took_long_are_among_what_is_told(times in prop::collection::vec(1_u64..1 << 33, 1..100), least in 1_u64..1 << 33) {
            let mut histogram = Histogram::default();
            times.iter().for_each(|time| histogram.add(*time));
            let exact = times.iter().filter(|time| **time >= least).count() as u64;
            prop_assert!(Histogram::at_least(&histogram.to_bytes(), least).unwrap() >= exact);
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Histogram::default().merge_bytes(&bytes);
            let _ = Histogram::at_least(&bytes, 1);
        }
    }

    #[test]
    fn parts_add_up() {
        let [mut one, mut other, mut both] = [const { Histogram { counts: Vec::new(), max: 0 } }; 3];
        for time in [5, 70, 900, 900, 12_000] {
            one.add(time);
            both.add(time);
        }
        for time in [900, 1_000_000] {
            other.add(time);
            both.add(time);
        }
        one.merge(&other);
        assert_eq!(one, both);
        assert_eq!((both.max(), Histogram::default().max()), (Some(1_000_000), None));
        assert_eq!(Histogram::default().quantile(0.5), None);
    }
}
