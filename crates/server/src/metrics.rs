//! What `/metrics` tells of traffic, providers, records and the process, beside health.
//!
//! Every exchange is counted at once, when its record is made, so that what is scraped is what has happened. Labels are
//! bounded: providers come from the configuration, words from fixed lists, and a model's name is one only once a provider
//! has answered for it, and as long as there are no more than [`MODELS`] of them. docs/METRICS.md has them all.

mod collect;
mod histogram;
mod process;
mod series;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use ccproxy_record::Record;

pub(crate) use collect::Metrics;
use series::{Attempts, Series};

/// More models than this are `other`.
pub(crate) const MODELS: usize = 200;
/// The label of a model that is none of the known ones.
const OTHER: &str = "other";
/// The label where there is nothing to tell.
const NONE: &str = "";

/// The series of one provider, by model and then by operation.
type ByModel = HashMap<Box<str>, HashMap<Box<str>, Arc<Series>>>;

/// A provider, and a word for what came of asking it.
type ProviderAnd = (Box<str>, Box<str>);

/// Counts of all exchanges.
#[derive(Default)]
pub(crate) struct Traffic {
    series: RwLock<HashMap<Box<str>, ByModel>>,
    attempts: RwLock<HashMap<ProviderAnd, Arc<Attempts>>>,
    /// By who has to act, too.
    errors: RwLock<HashMap<(ProviderAnd, &'static str), u64>>,
}

impl Traffic {
    /// Counts an exchange.
    pub(crate) fn count(&self, record: &Record) {
        self.series(record).count(record);
        for attempt in &record.attempts {
            let result = match (&attempt.error, attempt.status) {
                (Some(error), _) => error.as_str(),
                (None, _) => "ok",
            };
            self.attempts(&attempt.provider, result).count(attempt);
        }
        if let (Some(error), Some(fault)) = (&record.error, record.fault) {
            let provider = record.provider.as_deref().unwrap_or(NONE);
            let mut errors = self.errors.write().unwrap_or_else(PoisonError::into_inner);
            *errors.entry(((provider.into(), error.as_str().into()), fault.as_str())).or_default() += 1;
        }
    }

    /// The series that an exchange belongs to.
    fn series(&self, record: &Record) -> Arc<Series> {
        let provider = record.provider.as_deref().unwrap_or(NONE);
        let model = record.served_model.as_deref().unwrap_or(NONE);
        let operation = record.operation.as_str();
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = find(&all, provider, model, operation) {
            return Arc::clone(series);
        }
        let answered = record.upstream_status.is_some_and(|status| (200..300).contains(&status));
        let known = all.get(provider).is_some_and(|models| models.contains_key(model));
        let models: usize = all.values().map(HashMap::len).sum();
        drop(all);
        let model = if model.is_empty() || known || answered && models < MODELS { model } else { OTHER };
        let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let models = all.entry(provider.into()).or_default();
        let operations = models.entry(model.into()).or_default();
        Arc::clone(operations.entry(operation.into()).or_default())
    }

    fn attempts(&self, provider: &str, result: &str) -> Arc<Attempts> {
        let key = (Box::from(provider), Box::from(result));
        let known = self.attempts.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let mut attempts = self.attempts.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(attempts.entry(key).or_default())
        })
    }
}

fn find<'a>(
    all: &'a HashMap<Box<str>, ByModel>,
    provider: &str,
    model: &str,
    operation: &str,
) -> Option<&'a Arc<Series>> {
    let models = all.get(provider)?;
    models.get(model)?.get(operation)
}

/// A counter that is only read and added to.
fn read(counter: &std::sync::atomic::AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use ccproxy_record::{Ending, Fault};
    use jiff::Timestamp;

    use super::*;

    fn record(model: &str, status: u16) -> Record {
        let failed = status >= 400;
        Record {
            id: "1".to_owned(),
            began: Timestamp::UNIX_EPOCH,
            session: None,
            key: None,
            operation: "messages".to_owned(),
            dialect: None,
            route: None,
            provider: Some("claude".to_owned()),
            kind: None,
            model: Some(model.to_owned()),
            served_model: Some(model.to_owned()),
            stream: false,
            status: Some(status),
            upstream_status: Some(status),
            ending: if failed { Ending::Failed } else { Ending::Done },
            error: failed.then(|| "not_found".to_owned()),
            fault: failed.then_some(Fault::Client),
            attempts: Vec::new(),
            first_byte: None,
            first_token: None,
            duration: std::time::Duration::from_millis(3).into(),
            tokens: ccproxy_record::Tokens::default(),
            cost: None,
            request_bytes: 1,
            response_bytes: 2,
            trace: None,
        }
    }

    #[test]
    fn names_that_clients_make_up_make_no_series() {
        let traffic = Traffic::default();
        let models = || traffic.series.read().unwrap().values().map(HashMap::len).sum::<usize>();
        (0..10_000).for_each(|n| traffic.count(&record(&format!("made-up-{n}"), 404)));
        assert_eq!(models(), 1, "none was answered for");
        (0..10_000).for_each(|n| traffic.count(&record(&format!("answered-{n}"), 200)));
        assert_eq!(models(), MODELS);
        let done: u64 = {
            let all = traffic.series.read().unwrap();
            let series = all.values().flat_map(HashMap::values).flat_map(HashMap::values);
            series.map(|series| series.endings.iter().map(read).sum::<u64>()).sum()
        };
        assert_eq!(done, 20_000, "each is counted all the same");
    }
}
