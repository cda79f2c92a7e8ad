//! Writing it all down for a scrape.

use std::fmt::Error;
use std::sync::atomic::AtomicU64;
use std::sync::{PoisonError, Weak};

use ccproxy_record::Ending;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::histogram::Histogram;
use super::process::Process;
use super::read;
use super::series::{KINDS, Series};
use crate::app::{App, Current, Instance, Standing};

/// The application's metrics, for a registry.
pub(crate) struct Metrics(pub(crate) Weak<Current>);

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

type Labels<'a> = Vec<(&'static str, &'a str)>;

/// One of the counters of a series.
type Counter = fn(&Series) -> &AtomicU64;

/// One family while it is written.
struct Family<'e, 'f>(&'e mut DescriptorEncoder<'f>, &'static str, &'static str, Option<Unit>);

impl Family<'_, '_> {
    /// Writes a line for each of these labels.
    fn lines<'a, T>(
        self,
        kind: MetricType,
        lines: impl IntoIterator<Item = (Labels<'a>, T)>,
        write: impl Fn(&mut MetricEncoder<'_>, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Self(encoder, name, help, unit) = self;
        let mut family = encoder.encode_descriptor(name, help, unit.as_ref(), kind)?;
        for (labels, value) in lines {
            if labels.is_empty() {
                write(&mut family, value)?;
            } else {
                write(&mut family.encode_family(&labels)?, value)?;
            }
        }
        Ok(())
    }

    fn counters<'a>(self, lines: impl IntoIterator<Item = (Labels<'a>, u64)>) -> Result<(), Error> {
        self.lines(MetricType::Counter, lines, |encoder, count| {
            encoder.encode_counter::<NoLabelSet, _, u64>(&count, None)
        })
    }

    fn sums<'a>(self, lines: impl IntoIterator<Item = (Labels<'a>, f64)>) -> Result<(), Error> {
        self.lines(MetricType::Counter, lines, |encoder, sum| {
            encoder.encode_counter::<NoLabelSet, _, u64>(&sum, None)
        })
    }

    fn gauges<'a>(self, lines: impl IntoIterator<Item = (Labels<'a>, f64)>) -> Result<(), Error> {
        self.lines(MetricType::Gauge, lines, |encoder, value| encoder.encode_gauge(&value))
    }

    fn histograms<'a>(
        self,
        lines: impl IntoIterator<Item = (Labels<'a>, &'a Histogram)>,
    ) -> Result<(), Error> {
        self.lines(MetricType::Histogram, lines, |encoder, histogram| {
            let (classes, sum) = histogram.read();
            let count = classes.iter().map(|(_, count)| count).sum();
            encoder.encode_histogram::<NoLabelSet>(sum, count, &classes, None)
        })
    }
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let Some(app) = self.0.upgrade().map(|current| current.app()) else { return Ok(()) };
        let encoder = &mut encoder;
        exchanges(&app, encoder)?;
        attempts(&app, encoder)?;
        providers(&app, encoder)?;
        recorder(&app, encoder)?;
        process(&app, encoder)
    }
}

/// The same labels and another one.
fn with<'a>(labels: &Labels<'a>, name: &'static str, value: &'a str) -> Labels<'a> {
    labels.iter().copied().chain([(name, value)]).collect()
}

fn float(number: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    let float = number as f64;
    float
}

fn exchanges(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let all = app.traffic.series.read().unwrap_or_else(PoisonError::into_inner);
    let all: Vec<(Labels<'_>, &Series)> = all
        .iter()
        .flat_map(|(provider, models)| {
            models.iter().map(move |(model, operations)| (provider, model, operations))
        })
        .flat_map(|(provider, model, operations)| {
            operations.iter().map(move |(operation, series)| {
                (vec![("operation", &**operation), ("provider", &**provider), ("model", &**model)], &**series)
            })
        })
        .collect();
    let endings = all.iter().flat_map(|(labels, series)| {
        let each = Ending::ALL.iter().zip(&series.endings);
        each.map(move |(ending, count)| (with(labels, "outcome", ending.as_str()), read(count)))
    });
    Family(encoder, "ccproxy_requests", "Exchanges that have ended.", None).counters(endings)?;
    durations(&all, encoder)?;
    Family(
        encoder,
        "ccproxy_time_to_first_byte",
        "From the request to the first byte of its answer.",
        Some(Unit::Seconds),
    )
    .histograms(all.iter().map(|(labels, series)| (labels.clone(), &series.first_byte)))?;
    Family(
        encoder,
        "ccproxy_time_to_first_token",
        "From the request to the first content of its stream.",
        Some(Unit::Seconds),
    )
    .histograms(all.iter().map(|(labels, series)| (labels.clone(), &series.first_token)))?;
    sums(&all, encoder)?;
    errors(app, encoder)
}

/// These have examples, so they are written by their own kind.
fn durations(all: &[(Labels<'_>, &Series)], encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let (name, help) = ("ccproxy_request_duration", "From the request to the end of its answer.");
    let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    for (labels, series) in all {
        series.duration.encode(family.encode_family(labels)?)?;
    }
    Ok(())
}

/// What exchanges used.
fn sums(all: &[(Labels<'_>, &Series)], encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let tokens = all.iter().flat_map(|(labels, series)| {
        KINDS.iter().zip(&series.tokens).map(move |(kind, count)| (with(labels, "type", kind), read(count)))
    });
    Family(
        encoder,
        "ccproxy_tokens",
        "Tokens that providers counted; input has the cached ones in it.",
        None,
    )
    .counters(tokens)?;
    Family(encoder, "ccproxy_cost_usd", "What exchanges with a known price cost, in US dollars.", None)
        .sums(all.iter().map(|(labels, series)| (labels.clone(), series.cost().dollars())))?;
    let figures: [(_, _, Counter); 3] = [
        ("ccproxy_unpriced_requests", "Exchanges that used tokens whose price is not known.", |series| {
            &series.unpriced
        }),
        ("ccproxy_request_body_bytes", "Bytes of requests.", |series| &series.request_bytes),
        ("ccproxy_response_body_bytes", "Bytes of answers.", |series| &series.response_bytes),
    ];
    for (name, help, of) in figures {
        Family(encoder, name, help, None)
            .counters(all.iter().map(|(labels, series)| (labels.clone(), read(of(series)))))?;
    }
    Ok(())
}

fn errors(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let errors = app.traffic.errors.read().unwrap_or_else(PoisonError::into_inner);
    let errors = errors.iter().map(|(((provider, error), fault), count)| {
        (vec![("provider", &**provider), ("error", &**error), ("fault", *fault)], *count)
    });
    Family(
        encoder,
        "ccproxy_request_errors",
        "Exchanges that failed, by what went wrong and who has to act.",
        None,
    )
    .counters(errors)?;
    Family(encoder, "ccproxy_requests_in_flight", "Exchanges that have begun and not ended.", None)
        .gauges([(Vec::new(), float(app.stats.running()))])
}

fn attempts(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let all = app.traffic.attempts.read().unwrap_or_else(PoisonError::into_inner);
    let lines = all.iter().map(|((provider, result), attempts)| {
        (vec![("provider", &**provider), ("result", &**result)], &attempts.duration)
    });
    Family(
        encoder,
        "ccproxy_upstream_attempt_duration",
        "From the call of a provider to the head of its answer, or its failure.",
        Some(Unit::Seconds),
    )
    .histograms(lines)
}

fn providers(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let standing: Vec<(&Instance, Standing)> =
        app.instances.values().map(|instance| (&**instance, instance.traffic.standing())).collect();
    let breakers = standing.iter().flat_map(|(instance, standing)| {
        ["closed", "open", "half_open"].into_iter().map(|state| {
            let labels = vec![("provider", instance.name.as_str()), ("state", state)];
            (labels, f64::from(u8::from(standing.breaker == state)))
        })
    });
    Family(encoder, "ccproxy_provider_breaker", "1 for the state that the breaker is in.", None)
        .gauges(breakers)?;
    Family(encoder, "ccproxy_provider_requests_in_flight", "Exchanges that a provider has.", None).gauges(
        standing.iter().map(|(instance, standing)| (named(instance), float(standing.running as u64))),
    )?;
    let shut = standing.iter().map(|(instance, _)| {
        let wait = instance.traffic.shut().map(crate::app::Shut::wait).unwrap_or_default();
        (named(instance), wait.as_secs_f64())
    });
    Family(
        encoder,
        "ccproxy_provider_shut",
        "How long routes still go around a provider.",
        Some(Unit::Seconds),
    )
    .gauges(shut)?;
    let room = standing.iter().filter_map(|(instance, standing)| {
        let (_, percent, _) = standing.room?;
        Some((named(instance), f64::from(percent) / 100.0))
    });
    Family(
        encoder,
        "ccproxy_provider_rate_limit_remaining",
        "What is left of a provider's scarcest rate limit.",
        Some(Unit::Other("ratio".to_owned())),
    )
    .gauges(room)
}

fn named(instance: &Instance) -> Labels<'_> {
    vec![("provider", instance.name.as_str())]
}

fn recorder(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let lanes: Vec<_> = app.recorder.lanes().collect();
    Family(encoder, "ccproxy_recorder_queued", "Records that wait for who follows.", None).gauges(
        lanes.iter().map(|lane| (vec![("follower", lane.name.as_str())], float(lane.queued as u64))),
    )?;
    Family(encoder, "ccproxy_recorder_dropped", "Records that who follows has not got.", None)
        .counters(lanes.iter().map(|lane| (vec![("follower", lane.name.as_str())], lane.dropped)))?;
    Family(encoder, "ccproxy_recorder_failing", "Whether who follows takes none for now.", None).gauges(
        lanes.iter().map(|lane| (vec![("follower", lane.name.as_str())], f64::from(u8::from(lane.failing)))),
    )
}

fn process(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let version = env!("CARGO_PKG_VERSION");
    Family(encoder, "ccproxy_build", "What is running.", Some(Unit::Other("info".to_owned())))
        .gauges([(vec![("version", version)], 1.0)])?;
    let seconds = Some(Unit::Seconds);
    #[expect(clippy::cast_precision_loss, reason = "a time")]
    let started = app.started.as_second() as f64;
    Family(encoder, "process_start_time", "When the process started, since 1970.", seconds.clone())
        .gauges([(Vec::new(), started)])?;
    let Some(process) = Process::read() else { return Ok(()) };
    Family(encoder, "process_cpu", "User and system time.", seconds)
        .sums([(Vec::new(), process.cpu_seconds)])?;
    let bytes = || Some(Unit::Bytes);
    let gauges = [
        ("process_resident_memory", "Memory in use.", bytes(), Some(process.resident_bytes)),
        ("process_virtual_memory", "Memory that is mapped.", bytes(), Some(process.virtual_bytes)),
        ("process_threads", "Threads.", None, Some(process.threads)),
        ("process_open_fds", "File descriptors that are open.", None, process.open_fds),
        ("process_max_fds", "File descriptors that may be open.", None, process.max_fds),
    ];
    for (name, help, unit, value) in gauges {
        if let Some(value) = value {
            Family(encoder, name, help, unit).gauges([(Vec::new(), float(value))])?;
        }
    }
    Ok(())
}
