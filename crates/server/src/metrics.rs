//! What `/metrics` tells of traffic, providers, records and the process, beside health.
//!
//! Every exchange is counted at once, when its record is made, so that what is scraped is what has happened. No client can
//! add a label: providers, routes and keys come from the configuration, words and statuses from fixed lists, and models are
//! those of [`Models`]. Should a reload after the other bring more than a [`Table`] has room for, the rest is `other`.

mod collect;
mod manual;
mod meter;
mod meters;
mod models;
mod process;
mod series;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod times;

use std::sync::atomic::AtomicU64;

use ccproxy_config::Metrics as Settings;
use ccproxy_record::Record;

pub(crate) use collect::Metrics;
pub use manual::metrics_md;
use models::Models;
use series::{ByKey, Exchanges, Spent, add};
use status::label;
use table::Table;
use times::{Moment, Times};

/// The label of what has none.
const NONE: &str = "";

/// Counts of all exchanges.
pub(crate) struct Traffic {
    models: Models,
    /// By operation, provider and model.
    exchanges: Table<Exchanges, 3>,
    /// By operation, provider, model, route, status, ending and fault.
    requests: Table<AtomicU64, 7>,
    /// By provider, error and fault.
    errors: Table<AtomicU64, 3>,
    /// By provider and model.
    spent: Table<Spent, 2>,
    /// By provider, status and error.
    attempts: Table<AtomicU64, 3>,
    /// By provider.
    answers: Table<Times, 1>,
    /// By the name of the client's key, where that is wanted.
    keys: Option<Table<ByKey, 1>>,
}

impl Traffic {
    /// None where nothing is to be counted.
    pub(crate) fn new(settings: &Settings) -> Option<Self> {
        settings.enabled.then(|| Self {
            models: Models::default(),
            exchanges: Table::new(2_000),
            requests: Table::new(10_000),
            errors: Table::new(2_000),
            spent: Table::new(2_000),
            attempts: Table::new(2_000),
            answers: Table::new(1_000),
            keys: settings.keys.then(|| Table::new(1_000)),
        })
    }

    /// These models are labels from now on.
    pub(crate) fn know<'a>(&self, models: impl IntoIterator<Item = &'a str>) {
        self.models.know(models);
    }

    /// Counts an exchange.
    pub(crate) fn count(&self, record: &Record) {
        let operation = record.operation.as_str();
        let provider = record.provider.as_deref().unwrap_or(NONE);
        let model = self.models.label(record);
        let moment = Moment::end_of(record);
        self.exchanges.with([operation, provider, model], |exchanges| exchanges.count(record, &moment));
        let route = record.route.as_deref().unwrap_or(NONE);
        let fault = record.fault.map_or(NONE, |fault| fault.as_str());
        let labels = [operation, provider, model, route, label(record.status), record.ending.as_str(), fault];
        self.requests.with(labels, |requests| add(requests, 1));
        if let Some(error) = &record.error {
            self.errors.with([provider, error, fault], |errors| add(errors, 1));
        }
        if record.tokens.total() > 0 || record.cost.is_some() {
            self.spent.with([provider, model], |spent| spent.count(record));
        }
        for attempt in &record.attempts {
            let error = attempt.error.as_deref().unwrap_or(NONE);
            let labels = [attempt.provider.as_str(), label(attempt.status), error];
            self.attempts.with(labels, |attempts| add(attempts, 1));
            self.answers.with([&attempt.provider], |times| times.add(attempt.duration.0, record, &moment));
        }
        if let Some(keys) = &self.keys {
            keys.with([record.key.as_deref().unwrap_or(NONE)], |key| key.count(record));
        }
    }
}
