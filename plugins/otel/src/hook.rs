//! What the plugin does with the events it is given.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ccproxy_health::{Check, Outcome, Spec, check_fn};
use ccproxy_plugin_api::{Hook, HookError, KeyError, Wants};
use ccproxy_record::{Event, TraceId};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use tokio::time::Instant;

use crate::config::OtelConfig;
use crate::exporter::{Exporter, Failure};
use crate::metrics::Meters;
use crate::resource::{resource, scope};
use crate::spans;

/// As many spans go into one request.
const SPANS: usize = 512;
/// How often health looks.
const EVERY: Duration = Duration::from_secs(1);

/// Follows exchanges, and tells the collector.
pub(crate) struct Otel {
    exporter: Exporter,
    resource: Resource,
    traces: bool,
    metrics: bool,
    /// Of the 2^56 values that an id's last seven bytes may have, so many are kept.
    kept: u64,
    interval: Duration,
    state: Mutex<State>,
    /// Why metrics do not get through, if they do not.
    trouble: Arc<Mutex<Option<String>>>,
}

struct State {
    meters: Meters,
    /// When metrics are to be sent next.
    next: Instant,
    /// The collector wants to be left alone until then.
    pause: Option<Instant>,
    batch: Option<Batch>,
}

/// How far the events have come that were given last: the same come again after a failure.
struct Batch {
    first: Event,
    /// Spans that the collector has taken or will never take.
    done: usize,
    lost: usize,
    why: String,
}

impl Otel {
    /// # Errors
    /// A message a key.
    pub(crate) fn new(mut config: OtelConfig) -> Result<Self, Vec<KeyError>> {
        let mut mistakes = config.mistakes();
        let exporter = Exporter::new(&mut config).map_err(|more| mistakes.extend(more)).ok();
        let (Some(exporter), true) = (exporter, mistakes.is_empty()) else { return Err(mistakes) };
        let state = State {
            meters: Meters::default(),
            next: Instant::now() + config.interval,
            pause: None,
            batch: None,
        };
        Ok(Self {
            exporter,
            resource: resource(&config.service_name, &config.attributes),
            traces: config.traces,
            metrics: config.metrics,
            kept: kept(config.sample_ratio),
            interval: config.interval,
            state: Mutex::new(state),
            trouble: Arc::default(),
        })
    }

    /// The check `otel`: whether metrics get through. Of spans the check `records` tells.
    pub(crate) fn check(&self) -> Option<(Spec, Arc<dyn Check>)> {
        let trouble = Arc::clone(&self.trouble);
        let look = move || {
            let trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
            std::future::ready(trouble.map_or_else(Outcome::pass, Outcome::warn))
        };
        // The name is a valid one.
        let spec = Spec::new("otel").ok()?.interval(EVERY).fall(1).rise(1);
        self.metrics.then(|| (spec, check_fn(look)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends all spans of a batch that have not been sent.
    fn send_spans(&self, state: &mut State, events: &[Event]) -> Result<(), HookError> {
        if let Some(pause) = state.pause.filter(|pause| Instant::now() < *pause) {
            let left = pause.duration_since(Instant::now()).as_secs();
            return Err(HookError::again(format!("the collector wants to be left alone for {left} s more")));
        }
        let spans: Vec<Span> = events.iter().flat_map(spans_of).collect();
        let Some(batch) = &mut state.batch else { return Ok(()) };
        for chunk in spans.get(batch.done..).unwrap_or_default().chunks(SPANS) {
            match self.exporter.export(&self.trace_request(chunk)) {
                Ok(()) => {}
                Err(Failure::Again(message, pause)) => {
                    state.pause = pause.map(|pause| Instant::now() + pause);
                    return Err(HookError::again(message));
                }
                Err(Failure::Lost(why)) => {
                    batch.lost += chunk.len();
                    batch.why = why;
                }
            }
            batch.done += chunk.len();
        }
        match (batch.lost, &batch.why) {
            (0, _) => Ok(()),
            (lost, why) => Err(HookError::lost(format!("{lost} of {} spans are lost: {why}", spans.len()))),
        }
    }

    fn trace_request(&self, spans: &[Span]) -> ExportTraceServiceRequest {
        let scope_spans =
            ScopeSpans { scope: Some(scope()), spans: spans.to_vec(), schema_url: String::new() };
        let resource_spans = ResourceSpans {
            resource: Some(self.resource.clone()),
            scope_spans: vec![scope_spans],
            schema_url: String::new(),
        };
        ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
    }

    fn send_metrics_when_due(&self, state: &mut State) {
        let now = Instant::now();
        if self.metrics && now >= state.next {
            state.next = now + self.interval;
            self.send_metrics(&state.meters);
        }
    }

    /// They are sums since the start, so that one that does not get through is made up for by the next.
    fn send_metrics(&self, meters: &Meters) {
        let metrics = meters.told();
        if metrics.is_empty() {
            return;
        }
        let scope_metrics = ScopeMetrics { scope: Some(scope()), metrics, schema_url: String::new() };
        let resource_metrics = ResourceMetrics {
            resource: Some(self.resource.clone()),
            scope_metrics: vec![scope_metrics],
            schema_url: String::new(),
        };
        let request = ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] };
        let failure = self.exporter.export(&request).err();
        let failure = failure.map(|(Failure::Again(why, _) | Failure::Lost(why))| why);
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*trouble, &failure) {
            (None, Some(error)) => tracing::warn!(error, "metrics_are_not_taken"),
            (Some(_), None) => tracing::info!("metrics_are_taken_again"),
            _ => {}
        }
        *trouble = failure;
    }
}

impl Hook for Otel {
    fn wants(&self) -> Wants {
        Wants { exchanges: true, traces: self.traces, ..Wants::default() }
    }

    fn start(&self) -> Result<(), HookError> {
        self.exporter.start().map_err(HookError::again)
    }

    fn take(&self, events: &[Event]) -> Result<(), HookError> {
        let mut state = self.state();
        let state = &mut *state;
        let Some(first) = events.first() else { return Ok(()) };
        if !state.batch.as_ref().is_some_and(|batch| is_same(&batch.first, first)) {
            for event in events {
                if let Event::Exchange(record) = event {
                    state.meters.count(record);
                }
            }
            state.batch = Some(Batch { first: first.clone(), done: 0, lost: 0, why: String::new() });
        }
        // While spans do not get through nobody calls `pause`.
        self.send_metrics_when_due(state);
        if self.traces { self.send_spans(state, events) } else { Ok(()) }
    }

    fn pause(&self) -> Result<(), HookError> {
        self.send_metrics_when_due(&mut self.state());
        Ok(())
    }

    fn end(&self) {
        if self.metrics {
            self.send_metrics(&self.state().meters);
        }
    }

    fn samples(&self, trace: TraceId) -> bool {
        last_bytes(trace) < self.kept
    }
}

fn spans_of(event: &Event) -> Vec<Span> {
    match event {
        Event::Exchange(record) => spans::of(record),
        Event::Visit(_) => Vec::new(),
    }
}

/// Whether they are one event, and not only alike.
fn is_same(one: &Event, other: &Event) -> bool {
    match (one, other) {
        (Event::Exchange(one), Event::Exchange(other)) => Arc::ptr_eq(one, other),
        (Event::Visit(one), Event::Visit(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

/// Those that W3C Trace Context wants to be random.
fn last_bytes(trace: TraceId) -> u64 {
    trace.to_bytes().iter().skip(9).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// How many of the values of [`last_bytes`] are in this share.
fn kept(ratio: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the share is from 0 to 1"
    )]
    let kept = (ratio * (1_u64 << 56) as f64) as u64;
    kept
}

#[cfg(test)]
mod tests;
