//! From single times to figures.

use std::time::Duration;

use hdrhistogram::CreationError;
use serde::Serialize;

use crate::times::{Quantiles, Times};

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

/// The times of all connections.
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

    pub(super) fn report(&self, elapsed: Duration) -> Report {
        let (requests, seconds) = (self.latency.count(), elapsed.as_secs_f64());
        Report {
            requests,
            events: self.event.count(),
            seconds,
            rate: requests as f64 / seconds.max(f64::EPSILON),
            latency_us: self.latency.quantiles(),
            first_event_us: self.first_event.quantiles(),
            event_us: self.event.quantiles(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_microseconds() {
        let mut total = Tally::new().unwrap();
        (1..=1_000).for_each(|us| total.answered(us * 1_000));
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
