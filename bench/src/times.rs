//! Times, and the points of their distribution that are told.

use hdrhistogram::errors::AdditionError;
use hdrhistogram::{CreationError, Histogram};
use serde::Serialize;

/// Some points of a distribution, in microseconds; all zero when nothing was recorded.
#[derive(Debug, Serialize)]
pub struct Quantiles {
    /// Half were faster.
    pub p50: f64,
    /// 99 of 100 were faster.
    pub p99: f64,
    /// 999 of 1,000 were faster.
    pub p999: f64,
    /// The slowest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
}

/// Nanoseconds up to a minute, to three digits; what is slower counts as a minute.
#[derive(Debug)]
pub(crate) struct Times(Histogram<u64>);

impl Times {
    pub(crate) fn new() -> Result<Self, CreationError> {
        Histogram::new_with_max(60_000_000_000, 3).map(Self)
    }

    pub(crate) fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }

    pub(crate) fn add(&mut self, other: &Self) -> Result<(), AdditionError> {
        self.0.add(&other.0)
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(crate) fn quantiles(&self) -> Quantiles {
        let us = |ns: f64| (ns / 100.0).round() / 10.0;
        let at = |quantile: f64| us(self.0.value_at_quantile(quantile) as f64);
        Quantiles {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: us(self.0.max() as f64),
            mean: us(self.0.mean()),
        }
    }
}
