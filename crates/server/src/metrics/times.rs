//! How long things took, and which requests those were.

use std::array::from_fn;
use std::fmt::Error;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ccproxy_record::Record;
use prometheus_client::encoding::{EncodeMetric as _, MetricEncoder};
use prometheus_client::metrics::exemplar::HistogramWithExemplars;

/// The upper ends of the classes, in seconds: a cached answer and a long stream both find theirs. One more is open.
pub(super) const ENDS: [f64; 15] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0];

/// What names an example.
type Example = Vec<(&'static str, String)>;

/// OpenMetrics allows an example's labels so many characters, their names among them.
const ROOM: usize = 128;

/// A histogram, with a request as an example for each class. A class gets a new one once a second at most, as making one
/// costs more than counting does.
pub(super) struct Times {
    histogram: HistogramWithExemplars<Example>,
    /// The second of each class's example.
    told: [AtomicI64; ENDS.len() + 1],
}

/// When an exchange ended.
pub(super) struct Moment {
    second: i64,
    at: SystemTime,
}

impl Moment {
    pub(super) fn end_of(record: &Record) -> Self {
        let began = Duration::from_micros(u64::try_from(record.began.as_microsecond()).unwrap_or(0));
        let at = UNIX_EPOCH + began + record.duration.0;
        let second = record.began.as_second().saturating_add_unsigned(record.duration.0.as_secs());
        Self { second, at }
    }
}

impl Default for Times {
    fn default() -> Self {
        Self {
            histogram: HistogramWithExemplars::new(ENDS.into_iter()),
            told: from_fn(|_| AtomicI64::new(i64::MIN)),
        }
    }
}

impl Times {
    /// Adds a time that an exchange took, which has ended in this moment.
    pub(super) fn add(&self, time: Duration, of: &Record, moment: &Moment) {
        let seconds = time.as_secs_f64();
        let class = ENDS.partition_point(|end| *end < seconds);
        let news = |told: &AtomicI64| told.swap(moment.second, Ordering::Relaxed) != moment.second;
        let example = self.told.get(class).filter(|told| news(told)).map(|_| example(of));
        let at = example.as_ref().map(|_| moment.at);
        self.histogram.observe(seconds, example, at);
    }

    pub(super) fn encode(&self, encoder: MetricEncoder<'_>) -> Result<(), Error> {
        self.histogram.encode(encoder)
    }
}

/// The ids of the request and of its trace, if there is one, as far as there is room.
fn example(record: &Record) -> Example {
    let trace = record.trace.map(|trace| ("trace_id", trace.trace.to_string()));
    let room = |(name, value): &(&str, String)| name.len() + value.len();
    let left = ROOM - trace.iter().map(room).sum::<usize>();
    let request = Some(("request_id", record.id.clone())).filter(|request| room(request) <= left);
    request.into_iter().chain(trace).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::record;
    use super::*;

    #[test]
    fn an_example_has_no_more_than_there_is_room_for() {
        let check = |id: &str, traced: bool, expect: &[&str]| {
            let trace = traced.then(|| crate::trace::of(&http::HeaderMap::new(), |_| true));
            let example = example(&Record { id: id.to_owned(), trace, ..record("m", 200) });
            let names: Vec<&str> = example.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, expect, "{id}");
        };
        check("a", false, &["request_id"]);
        check("a", true, &["request_id", "trace_id"]);
        check(&"a".repeat(118), false, &["request_id"]);
        check(&"a".repeat(119), false, &[]);
        check(&"a".repeat(78), true, &["request_id", "trace_id"]);
        check(&"a".repeat(79), true, &["trace_id"]);
    }
}
