//! Figures in a few bytes.

use ccproxy_record::Cost;

use crate::StoreError;
use crate::figures::{Figures, add};
use crate::histogram::{Written, read, write};

/// What some exchanges come to, as it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sum<'a> {
    /// The id of their dimensions.
    pub(crate) dimensions: i64,
    counts: [u64; COUNTS],
    cost: i64,
    pub(crate) durations: Written<'a>,
    first_tokens: Written<'a>,
}

const COUNTS: usize = 15;

/// Writes figures, and whose they are.
pub(crate) fn written(dimensions: i64, figures: &Figures) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend(dimensions.to_le_bytes());
    let mut figures = figures.clone();
    counts(&mut figures).into_iter().for_each(|count| write(&mut out, *count));
    out.extend(figures.cost.nanos().to_le_bytes());
    figures.durations.0.write(&mut out);
    figures.first_tokens.0.write(&mut out);
    out
}

/// Those that are plain counts, in the order in which they are written.
fn counts(figures: &mut Figures) -> [&mut u64; COUNTS] {
    let Figures { faults, tokens, .. } = figures;
    [
        &mut figures.requests,
        &mut figures.failed,
        &mut figures.client_gone,
        &mut faults.client,
        &mut faults.us,
        &mut faults.upstream,
        &mut figures.attempts,
        &mut tokens.input,
        &mut tokens.output,
        &mut tokens.cache_read,
        &mut tokens.cache_write,
        &mut tokens.reasoning,
        &mut figures.unpriced,
        &mut figures.request_bytes,
        &mut figures.response_bytes,
    ]
}

impl<'a> Sum<'a> {
    /// All sums that were written one after the other.
    pub(crate) fn all(mut bytes: &'a [u8]) -> impl Iterator<Item = Result<Self, StoreError>> {
        std::iter::from_fn(move || {
            (!bytes.is_empty()).then(|| {
                Self::take(&mut bytes).ok_or_else(|| {
                    bytes = &[];
                    StoreError::Content("a sum that is cut short".to_owned())
                })
            })
        })
    }

    fn take(bytes: &mut &'a [u8]) -> Option<Self> {
        let dimensions = take_int(bytes)?;
        let mut counts = [0; COUNTS];
        for count in &mut counts {
            *count = read(bytes)?;
        }
        Some(Self {
            dimensions,
            counts,
            cost: take_int(bytes)?,
            durations: Written::take(bytes)?,
            first_tokens: Written::take(bytes)?,
        })
    }

    pub(crate) fn requests(&self) -> u64 {
        let [requests, ..] = self.counts;
        requests
    }

    /// Adds it to others.
    pub(crate) fn add_to(&self, figures: &mut Figures) {
        let mut more = self.counts.into_iter();
        add(counts(figures).map(|sum| (sum, more.next().unwrap_or(0))));
        figures.cost += Cost::from_nanos(self.cost);
        figures.durations.0.merge_written(self.durations);
        figures.first_tokens.0.merge_written(self.first_tokens);
    }
}

fn take_int(bytes: &mut &[u8]) -> Option<i64> {
    let (int, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(i64::from_le_bytes(*int))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn figures(seed: u64) -> Figures {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut figures = Figures::default();
        counts(&mut figures).into_iter().for_each(|count| *count = random.u64(..1 << random.u32(..63)));
        figures.cost = Cost::from_nanos(random.i64(..) / 4);
        (0..random.u32(..50)).for_each(|_| figures.durations.0.add(random.u64(..1 << random.u32(1..40))));
        (0..random.u32(..50)).for_each(|_| figures.first_tokens.0.add(random.u64(..1 << random.u32(1..40))));
        figures
    }

    proptest! {
        #[test]
        fn sums_come_back(seeds in prop::collection::vec(any::<u64>(), 0..5)) {
            let all: Vec<u8> = seeds.iter().flat_map(|seed| written(*seed as i64, &figures(*seed))).collect();
            let mut read = Vec::new();
            for sum in Sum::all(&all) {
                let sum = sum.unwrap();
                let mut figures = Figures::default();
                sum.add_to(&mut figures);
                prop_assert_eq!(sum.requests(), figures.requests);
                read.push((sum.dimensions as u64, figures));
            }
            let expect: Vec<_> = seeds.iter().map(|seed| (*seed, figures(*seed))).collect();
            prop_assert_eq!(read, expect);
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for sum in Sum::all(&bytes).flatten() {
                sum.add_to(&mut Figures::default());
            }
        }
    }
}
