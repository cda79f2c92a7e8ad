//! Sums as rows keep them: many in one value, each with the dimensions it is of.
//!
//! A sum is the dimensions' id, then in bytes that tell their length how many exchanges there were, the classes of their
//! times, and all other figures. So whoever looks for one skips the others, and whoever adds them up makes nothing of them
//! in between.

use ccproxy_record::Cost;

use crate::StoreError;
use crate::figures::Figures;
use crate::histogram::Histogram;
use crate::numbers::{Reader, write, write_part, write_signed};

/// Appends a sum.
pub(crate) fn write_sum(bytes: &mut Vec<u8>, dimensions: i64, figures: &Figures) {
    let mut sum = Vec::with_capacity(128);
    write(&mut sum, figures.requests);
    write_part(&mut sum, &figures.durations.0.to_bytes());
    write_part(&mut sum, &figures.first_tokens.0.to_bytes());
    figures.counts().into_iter().for_each(|count| write(&mut sum, count));
    write_signed(&mut sum, figures.spent.cost.nanos());
    bytes.extend(dimensions.to_le_bytes());
    write_part(bytes, &sum);
}

/// A sum in a row.
pub(crate) struct Sum<'a> {
    pub(crate) dimensions: i64,
    pub(crate) requests: u64,
    durations: &'a [u8],
    rest: Reader<'a>,
}

/// Shows each of the sums that are packed together.
pub(crate) fn each_sum(
    bytes: &[u8],
    mut each: impl FnMut(&Sum<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut reader = Reader(bytes);
    while !reader.is_empty() {
        each(&Sum::read(&mut reader).ok_or_else(cut)?)?;
    }
    Ok(())
}

/// Why bytes cannot be read.
pub(crate) fn cut() -> StoreError {
    StoreError::Content("figures that are cut short".to_owned())
}

impl<'a> Sum<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let dimensions = reader.long()?;
        let mut rest = Reader(reader.part()?);
        Some(Self { dimensions, requests: rest.number()?, durations: rest.part()?, rest })
    }

    /// Adds it to others.
    pub(crate) fn add_to(&self, figures: &mut Figures) -> Result<(), StoreError> {
        self.added(figures).ok_or_else(cut)
    }

    fn added(&self, figures: &mut Figures) -> Option<()> {
        let mut rest = self.rest;
        figures.requests = figures.requests.saturating_add(self.requests);
        figures.durations.0.merge_bytes(self.durations)?;
        figures.first_tokens.0.merge_bytes(rest.part()?)?;
        for sum in figures.counts_mut() {
            *sum = sum.saturating_add(rest.number()?);
        }
        figures.spent.cost += Cost::from_nanos(rest.signed()?);
        Some(())
    }

    /// How many may have taken this long or longer, in microseconds.
    pub(crate) fn at_least(&self, micros: u64) -> Result<u64, StoreError> {
        Histogram::at_least(self.durations, micros).ok_or_else(cut)
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_record::{Ending, Fault, Tokens};

    use super::*;
    use crate::figures::Measures;

    fn figures(random: &mut fastrand::Rng) -> Figures {
        let mut figures = Figures::default();
        for _ in 0..random.usize(..20) {
            let measures = Measures {
                duration: random.u64(..1 << 33),
                first_token: random.bool().then(|| random.u64(..1 << 20)),
                attempts: random.u64(..3),
                tokens: Tokens { input: Some(random.u64(..)), ..Tokens::default() },
                cost: random.bool().then(|| Cost::from_nanos(random.i64(-5..1 << 40))),
                request_bytes: random.u64(..),
                response_bytes: random.u64(..100),
            };
            let fault = random.bool().then_some(Fault::Us);
            figures.add_one(if fault.is_some() { Ending::Failed } else { Ending::Done }, fault, &measures);
        }
        figures
    }

    #[test]
    fn sums_come_back_and_nothing_else_is_read() {
        let mut random = fastrand::Rng::with_seed(1);
        let sums: Vec<(i64, Figures)> = (0..50).map(|_| (random.i64(..), figures(&mut random))).collect();
        let mut bytes = Vec::new();
        sums.iter().for_each(|(id, figures)| write_sum(&mut bytes, *id, figures));
        let mut found = Vec::new();
        let read = |bytes: &[u8], found: &mut Vec<(i64, Figures)>| {
            each_sum(bytes, |sum| {
                let mut figures = Figures::default();
                sum.add_to(&mut figures)?;
                found.push((sum.dimensions, figures));
                Ok(())
            })
        };
        read(&bytes, &mut found).unwrap();
        assert_eq!(found, sums);
        assert!(read(&bytes[..bytes.len() - 1], &mut found).is_err());
        for _ in 0..2_000 {
            let wrong: Vec<u8> = bytes.iter().take(90).map(|byte| byte ^ random.u8(..8)).collect();
            let _ = read(&wrong, &mut found);
        }
    }
}
