//! What is counted of records, since the start of the process.

mod instrument;

use std::collections::BTreeSet;

use ccproxy_record::{Cost, Millis, Record};
use opentelemetry_proto::tonic::metrics::v1::Metric;

use crate::names;
use crate::resource::now;
use crate::spans::{Call, Door};
use instrument::{Histogram, Instrument, Labels, Sum};

/// So many names of models are told apart: a name is the client's to choose.
const MODELS: usize = 200;
/// What stands for the others.
const OTHER: &str = "other";

/// All that is counted.
pub(crate) struct Meters {
    began: u64,
    models: BTreeSet<Box<str>>,
    tokens: Instrument<Histogram>,
    operations: Instrument<Histogram>,
    first_tokens: Instrument<Histogram>,
    requests: Instrument<Histogram>,
    costs: Instrument<Sum>,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            began: now(),
            models: BTreeSet::new(),
            tokens: Instrument::new(&names::TOKEN_USAGE),
            operations: Instrument::new(&names::OPERATION_DURATION),
            first_tokens: Instrument::new(&names::FIRST_TOKEN),
            requests: Instrument::new(&names::REQUEST_DURATION),
            costs: Instrument::new(&names::COST),
        }
    }
}

impl Meters {
    /// An exchange has ended.
    pub(crate) fn count(&mut self, record: &Record) {
        self.count_request(record);
        let Some(operation) = names::operation(&record.operation) else { return };
        let answered = record.error.is_none() && matches!(record.upstream_status, Some(200..300));
        for (at, attempt) in record.attempts.iter().enumerate() {
            let call = Call { record, at, attempt };
            let mut labels = self.labels(operation, call.kind(), attempt.model.as_deref(), answered);
            labels.put(names::ERROR_TYPE, call.error());
            // The answer that the client got lasts as long as its body.
            let end = Millis(record.duration.0.saturating_sub(attempt.after.0));
            let took = if call.answers() { end } else { attempt.duration };
            self.operations.at(labels).observe(seconds(took));
        }
        if record.attempts.is_empty() {
            return;
        }
        let labels = self.labels(operation, record.kind.as_deref(), record.served_model.as_deref(), answered);
        for (kind, tokens) in [("input", record.tokens.input), ("output", record.tokens.output)] {
            let Some(tokens) = tokens else { continue };
            let mut labels = labels.clone();
            labels.put(names::TOKEN_TYPE, Some(kind));
            #[expect(clippy::cast_precision_loss, reason = "exact for nine thousand billion tokens")]
            self.tokens.at(labels).observe(tokens as f64);
        }
        if let Some(first) = record.first_token {
            self.first_tokens.at(labels.clone()).observe(seconds(first));
        }
        if let Some(cost) = record.cost.filter(|cost| *cost > Cost::default()) {
            self.costs.at(labels).add(cost);
        }
    }

    fn count_request(&mut self, record: &Record) {
        let door = Door::of(record);
        let mut labels = Labels::default();
        labels.put(names::HTTP_REQUEST_METHOD, Some(door.method.unwrap_or("_OTHER")));
        labels.put(names::HTTP_ROUTE, door.route.as_deref());
        labels.number(names::HTTP_STATUS, record.status);
        labels.put(names::ERROR_TYPE, record.error.as_deref());
        self.requests.at(labels).observe(seconds(record.duration));
    }

    fn labels(&mut self, operation: &str, kind: Option<&str>, model: Option<&str>, answered: bool) -> Labels {
        let mut labels = Labels::default();
        labels.put(names::OPERATION_NAME, Some(operation));
        labels.put(names::PROVIDER_NAME, kind);
        labels.put(names::REQUEST_MODEL, model.map(|model| self.model(model, answered)));
        labels
    }

    /// The label of a model: its name if it is known, or becomes known by an answer while there is room.
    fn model<'m>(&mut self, model: &'m str, answered: bool) -> &'m str {
        if !self.models.contains(model) {
            if !answered || self.models.len() >= MODELS {
                return OTHER;
            }
            self.models.insert(model.into());
        }
        model
    }

    /// All of it, as OTLP has it; those of which nothing was counted are left out.
    pub(crate) fn told(&self) -> Vec<Metric> {
        let now = now();
        let histograms = [&self.tokens, &self.operations, &self.first_tokens, &self.requests];
        let histograms = histograms.into_iter().filter_map(|histogram| histogram.told(self.began, now));
        histograms.chain(self.costs.told(self.began, now)).collect()
    }
}

fn seconds(span: Millis) -> f64 {
    span.0.as_secs_f64()
}

#[cfg(test)]
mod tests;
