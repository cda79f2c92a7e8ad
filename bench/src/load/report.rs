//! From single times to figures.

use std::time::Duration;

use hdrhistogram::errors::AdditionError;
use hdrhistogram::{CreationError, Histogram};
use serde::Serialize;

/// What `bench-load` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Complete, right answers.
    pub requests: u64,
    /// Events in them.
    pub events: u64,
    /// From the first request to the end of the last answer.
    pub seconds: f64,
    /// Answers per second.
    pub rate: f64,
    /// From sending a request to the end of its answer.
    pub latency_us: Quantiles,
    /// From sending a request to its first event (time to first token).
    pub first_event_us: Quantiles,
    /// From the upstream's writing an event to its arrival here.
    pub event_us: Quantiles,
}

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

/// The times of one connection, or of all.
#[derive(Debug)]
pub(super) struct Tally {
    latency: Times,
    first_event: Times,
    event: Times,
}

impl Tally {
    pub(super) fn new() -> Result<Self, CreationError> {
        Ok(Self { latency: Times::new()?, first_event: Times::new()?, event: Times::new()? })
    }

    pub(super) fn answered(&mut self, ns: u64) {
        self.latency.record(ns);
    }

    pub(super) fn first_event(&mut self, ns: u64) {
        self.first_event.record(ns);
    }

    pub(super) fn event(&mut self, ns: u64) {
        self.event.record(ns);
    }

    pub(super) fn add(&mut self, other: &Self) -> Result<(), AdditionError> {
        self.latency.0.add(&other.latency.0)?;
        self.first_event.0.add(&other.first_event.0)?;
        self.event.0.add(&other.event.0)
    }

    pub(super) fn report(&self, elapsed: Duration) -> Report {
        let (requests, seconds) = (self.latency.0.len(), elapsed.as_secs_f64());
        Report {
            requests,
            events: self.event.0.len(),
            seconds,
            rate: requests as f64 / seconds.max(f64::EPSILON),
            latency_us: self.latency.quantiles(),
            first_event_us: self.first_event.quantiles(),
            event_us: self.event.quantiles(),
        }
    }
}

/// Nanoseconds up to a minute, to three digits; what is slower counts as a minute.
#[derive(Debug)]
struct Times(Histogram<u64>);

impl Times {
    fn new() -> Result<Self, CreationError> {
        Histogram::new_with_max(60_000_000_000, 3).map(Self)
    }

    fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }

    fn quantiles(&self) -> Quantiles {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_microseconds_and_merge() {
        let (mut total, mut other) = (Tally::new().unwrap(), Tally::new().unwrap());
        (1..=500).for_each(|us| total.answered(us * 1_000));
        (501..=1_000).for_each(|us| other.answered(us * 1_000));
        total.add(&other).unwrap();
        let report = total.report(Duration::from_secs(2));
        assert_eq!((report.requests, report.events), (1_000, 0));
        let close = |got: f64, want: f64| (got - want).abs() <= want / 500.0;
        assert!(close(report.rate, 500.0), "{report:?}");
        assert!(close(report.latency_us.p50, 500.0), "{report:?}");
        assert!(close(report.latency_us.p99, 990.0), "{report:?}");
        assert!(close(report.latency_us.max, 1_000.0), "{report:?}");
    }

    #[test]
    fn no_time_is_too_long_to_count() {
        let mut tally = Tally::new().unwrap();
        tally.event(u64::MAX);
        assert_eq!(tally.report(Duration::from_secs(1)).events, 1);
    }
}
