//! Sums over exchanges.

use ccproxy_record::{Cost, Ending, Fault, Millis, Record, Tokens};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::histogram::Histogram;

/// What a number of exchanges comes to.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Figures {
    /// How many there were.
    pub requests: u64,
    /// Those that ended in an error, whoever's.
    pub failed: u64,
    /// Those whose client went away.
    pub client_gone: u64,
    /// The failed ones by who has to act.
    pub faults: Faults,
    /// Calls of providers.
    pub attempts: u64,
    /// Tokens by kind.
    pub tokens: TokenSums,
    /// What they cost, as far as that is known.
    #[serde(flatten)]
    pub spent: Spent,
    /// How long they took.
    #[serde(rename = "duration_ms")]
    pub durations: Percentiles,
    /// How long the first content took, of those that streamed.
    #[serde(rename = "first_token_ms")]
    pub first_tokens: Percentiles,
    /// Bytes of requests.
    pub request_bytes: u64,
    /// Bytes of answers.
    pub response_bytes: u64,
}

/// What a number of exchanges costs, as far as that is known.
///
/// JSON has it as `cost_usd` and `unpriced`. Where no price is known the cost is null, for it is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// What those with a known price cost.
    pub cost: Cost,
    /// Those that used tokens whose price is not known, and that are not in the cost.
    pub unpriced: u64,
}

impl Spent {
    /// The cost, if there is any price to go by.
    #[must_use]
    pub fn known(self) -> Option<Cost> {
        (self.cost != Cost::default() || self.unpriced == 0).then_some(self.cost)
    }
}

impl Serialize for Spent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut spent = serializer.serialize_struct("Spent", 2)?;
        spent.serialize_field("cost_usd", &self.known())?;
        spent.serialize_field("unpriced", &self.unpriced)?;
        spent.end()
    }
}

/// Failed exchanges by who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Faults {
    /// Who asked.
    pub client: u64,
    /// This program, or who runs it.
    pub us: u64,
    /// The provider.
    pub upstream: u64,
}

/// Tokens by kind; none are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenSums {
    /// Of prompts, cached ones included.
    pub input: u64,
    /// Generated, reasoning included.
    pub output: u64,
    /// Read from caches.
    pub cache_read: u64,
    /// Written to caches.
    pub cache_write: u64,
    /// Spent on reasoning.
    pub reasoning: u64,
}

/// How long things took. In JSON: `p50`, `p95`, `p99` and `max` in milliseconds, each `null` where nothing was measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Percentiles(pub(crate) Histogram);

impl Percentiles {
    /// The time in milliseconds that this share of all does not exceed, within a tenth.
    #[must_use]
    pub fn millis(&self, share: f64) -> Option<f64> {
        self.0.quantile(share).map(|micros| (micros / 10.0).round() / 100.0)
    }

    /// The longest, in milliseconds.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a time")]
        self.0.max().map(|micros| micros as f64 / 1e3)
    }
}

impl Serialize for Percentiles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Told {
            p50: Option<f64>,
            p95: Option<f64>,
            p99: Option<f64>,
            max: Option<f64>,
        }
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| self.millis(share));
        Told { p50, p95, p99, max: self.max() }.serialize(serializer)
    }
}

/// What is added up of one exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measures {
    /// In microseconds, as the next.
    pub(crate) duration: u64,
    pub(crate) first_token: Option<u64>,
    pub(crate) attempts: u64,
    pub(crate) tokens: Tokens,
    pub(crate) cost: Option<Cost>,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
}

impl Measures {
    pub(crate) fn of(record: &Record) -> Self {
        Self {
            duration: record.duration.micros(),
            first_token: record.first_token.map(Millis::micros),
            attempts: record.attempts.len() as u64,
            tokens: record.tokens,
            cost: record.cost,
            request_bytes: record.request_bytes,
            response_bytes: record.response_bytes,
        }
    }
}

impl Figures {
    /// Adds an exchange.
    pub fn add(&mut self, record: &Record) {
        self.add_one(record.ending, record.fault, &Measures::of(record));
    }

    pub(crate) fn add_one(&mut self, ending: Ending, fault: Option<Fault>, measures: &Measures) {
        self.requests += 1;
        match ending {
            Ending::Done => {}
            Ending::Failed => self.failed += 1,
            Ending::ClientGone => self.client_gone += 1,
        }
        match fault {
            Some(Fault::Client) => self.faults.client += 1,
            Some(Fault::Us) => self.faults.us += 1,
            Some(Fault::Upstream) => self.faults.upstream += 1,
            None => {}
        }
        let Tokens { input, output, cache_read, cache_write, reasoning } = measures.tokens;
        let count = |count: Option<u64>| count.unwrap_or(0);
        add([
            (&mut self.attempts, measures.attempts),
            (&mut self.tokens.input, count(input)),
            (&mut self.tokens.output, count(output)),
            (&mut self.tokens.cache_read, count(cache_read)),
            (&mut self.tokens.cache_write, count(cache_write)),
            (&mut self.tokens.reasoning, count(reasoning)),
            (&mut self.request_bytes, measures.request_bytes),
            (&mut self.response_bytes, measures.response_bytes),
        ]);
        match measures.cost {
            Some(cost) => self.spent.cost += cost,
            None if measures.tokens.total() > 0 => self.spent.unpriced += 1,
            None => {}
        }
        self.durations.0.add(measures.duration);
        if let Some(first) = measures.first_token {
            self.first_tokens.0.add(first);
        }
    }

    /// Adds what others come to.
    pub fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        for (sum, more) in self.counts_mut().into_iter().zip(other.counts()) {
            *sum = sum.saturating_add(more);
        }
        self.spent.cost += other.spent.cost;
        self.durations.0.merge(&other.durations.0);
        self.first_tokens.0.merge(&other.first_tokens.0);
    }

    /// The counts but that of requests, in the order in which [rows keep them](crate::packed).
    pub(crate) const fn counts(&self) -> [u64; 14] {
        let Self { faults, tokens, .. } = self;
        [
            self.failed,
            self.client_gone,
            faults.client,
            faults.us,
            faults.upstream,
            self.attempts,
            tokens.input,
            tokens.output,
            tokens.cache_read,
            tokens.cache_write,
            tokens.reasoning,
            self.spent.unpriced,
            self.request_bytes,
            self.response_bytes,
        ]
    }

    /// The same, to change them.
    pub(crate) const fn counts_mut(&mut self) -> [&mut u64; 14] {
        let Self { faults, tokens, .. } = self;
        [
            &mut self.failed,
            &mut self.client_gone,
            &mut faults.client,
            &mut faults.us,
            &mut faults.upstream,
            &mut self.attempts,
            &mut tokens.input,
            &mut tokens.output,
            &mut tokens.cache_read,
            &mut tokens.cache_write,
            &mut tokens.reasoning,
            &mut self.spent.unpriced,
            &mut self.request_bytes,
            &mut self.response_bytes,
        ]
    }
}

/// Adds to sums. A provider that counts nonsense must not bring down whoever adds it up.
fn add<const N: usize>(sums: [(&mut u64, u64); N]) {
    for (sum, more) in sums {
        *sum = sum.saturating_add(more);
    }
}
