//! What each client may ask for: requests and tokens a minute, requests and streams at a time, money a day, week and month.
//!
//! A client's [`Ledger`] is found by the name of its key, so it outlives the keys when they are read anew. Clients whose
//! limits are not set have none, and cost nothing here.

mod bucket;
mod budget;
pub(crate) mod shared;
mod told;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ccproxy_config::{Dollars, KeyLimits, Period};
use ccproxy_record::Cost;
use ccproxy_wire::Usage;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::auth::Client;
use bucket::Bucket;
pub(crate) use budget::Budget;
use budget::Spending;
use shared::{Decision, Shared};
pub(crate) use told::ceil;

/// More ledgers than this are looked through for those that nobody needs.
const MANY: usize = 1024;
/// When a place comes free nobody knows.
const SOON: Duration = Duration::from_secs(1);

/// The ledgers of all clients that have limits.
pub(crate) struct Ledgers {
    origin: Instant,
    by_name: RwLock<HashMap<Box<str>, Arc<Ledger>>>,
    shared: Option<Arc<Shared>>,
}

/// What a client has used.
#[derive(Default)]
struct Ledger {
    name: Box<str>,
    /// What was used is not all known to the other replicas.
    adrift: AtomicBool,
    requests: Bucket,
    tokens: Bucket,
    running: AtomicU32,
    streams: AtomicU32,
    spending: Spending,
}

/// A client's ledger, and how much it may use.
#[derive(Clone)]
pub(crate) struct Account {
    ledger: Arc<Ledger>,
    limits: KeyLimits,
    origin: Instant,
    shared: Option<Arc<Shared>>,
}

/// What a client has used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Limit {
    #[error("{0} requests per minute")]
    Requests(u64),
    #[error("{0} tokens per minute")]
    Tokens(u64),
    #[error("{0} requests at a time")]
    Concurrency(u32),
    #[error("{0} streams at a time")]
    Streams(u32),
    #[error("{0} USD per {1}")]
    Budget(Dollars, Period),
}

/// A request that is not let through, and when another would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) limit: Limit,
    pub(crate) wait: Duration,
}

impl Limit {
    /// What the clients of one vendor call it, where waiting is sure to help.
    fn claim(&self) -> Option<&'static str> {
        match self {
            Self::Requests(_) => Some("requests"),
            Self::Tokens(_) => Some("tokens"),
            Self::Budget(..) => Some("budget"),
            Self::Concurrency(_) | Self::Streams(_) => None,
        }
    }
}

impl Refusal {
    /// Whether waiting so long is sure to help.
    pub(crate) fn is_rate(&self) -> bool {
        self.limit.claim().is_some()
    }
}

impl Ledgers {
    pub(crate) fn new(shared: Option<Arc<Shared>>) -> Self {
        Self { origin: Instant::now(), by_name: RwLock::default(), shared }
    }

    /// Where other replicas count, too.
    pub(crate) fn shared(&self) -> Option<&Arc<Shared>> {
        self.shared.as_ref()
    }

    /// The account of a client that has limits.
    pub(crate) fn account(&self, client: Client<'_>) -> Option<Account> {
        let limits = client.limits();
        (!limits.is_none()).then(|| Account {
            ledger: self.ledger(client.key_name().unwrap_or_default()),
            limits,
            origin: self.origin,
            shared: self.shared.clone(),
        })
    }

    /// When the windows of budgets began that are those of now.
    pub(crate) fn windows() -> [(Period, Timestamp); 3] {
        let now = Timestamp::now();
        Period::ALL.map(|period| (period, budget::around(period, now).0))
    }

    /// Takes over what clients, by the names of their keys, have spent since the beginning of a window, as the store knows it:
    /// once, after a start, and before the first request.
    pub(crate) fn restore(
        &self,
        period: Period,
        since: Timestamp,
        spent: impl IntoIterator<Item = (Option<String>, Cost)>,
    ) {
        let now = Timestamp::now();
        for (name, cost) in spent {
            self.ledger(name.as_deref().unwrap_or_default()).spending.restore(now, period, since, cost);
        }
    }

    /// How a client stands with its budgets, and how many of its requests are under way; none is that of all who have no
    /// named key.
    pub(crate) fn standing(&self, name: Option<&str>, limits: &KeyLimits) -> (Vec<Budget>, u32) {
        let ledger = self.ledger(name.unwrap_or_default());
        (ledger.spending.budgets(Timestamp::now(), limits), ledger.running.load(Ordering::Relaxed))
    }

    /// The ledger of a name; the empty one is that of all who have none.
    fn ledger(&self, name: &str) -> Arc<Ledger> {
        let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        known.unwrap_or_else(|| {
            let mut ledgers = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
            if ledgers.len() >= MANY {
                // Names come from the configuration alone; those of keys that are gone stay no longer than they matter.
                let now = self.origin.elapsed();
                ledgers.retain(|_, ledger| Arc::strong_count(ledger) > 1 || !ledger.is_blank(now));
            }
            let new = || Arc::new(Ledger { name: name.into(), ..Ledger::default() });
            Arc::clone(ledgers.entry(name.into()).or_insert_with(new))
        })
    }
}

impl Ledger {
    /// What tells it apart in what is shared.
    fn name(&self) -> String {
        if self.name.is_empty() { "anonymous".to_owned() } else { format!("key:{}", self.name) }
    }

    fn drift(&self) {
        self.adrift.store(true, Ordering::Relaxed);
    }

    fn is_blank(&self, now: Duration) -> bool {
        self.requests.is_full(now) && self.tokens.is_full(now) && self.spending.is_blank(Timestamp::now())
    }
}

impl Account {
    /// Lets a request through, and counts it; or says what is used up, which costs the client nothing.
    pub(crate) async fn admit(&self, stream: bool) -> Result<Seats, Refusal> {
        let seats = self.seats(stream)?;
        self.afford().await?;
        match self.decide().await {
            Some(decision) => self.follow(&decision)?,
            None => self.take()?,
        }
        Ok(seats)
    }

    /// Whether there is money left, also by what the other replicas have spent.
    async fn afford(&self) -> Result<(), Refusal> {
        let Self { ledger, limits, shared, .. } = self;
        if limits.budgets().next().is_none() {
            return Ok(());
        }
        ledger.spending.check(Timestamp::now(), limits)?;
        if let Some(shared) = shared {
            // Whoever gets no answer has its own numbers.
            shared.tell_spending(ledger, None).await;
            ledger.spending.check(Timestamp::now(), limits)?;
        }
        Ok(())
    }

    fn seats(&self, stream: bool) -> Result<Seats, Refusal> {
        let Self { ledger, limits, .. } = self;
        let taken = |limit| Refusal { limit, wait: SOON };
        let most = limits.concurrency.unwrap_or(u32::MAX);
        let running =
            Seat::take(ledger, |ledger| &ledger.running, most).ok_or(taken(Limit::Concurrency(most)));
        let streaming = limits.streams.filter(|_| stream).map(|most| {
            Seat::take(ledger, |ledger| &ledger.streams, most).ok_or(taken(Limit::Streams(most)))
        });
        Ok(Seats { _running: running?, _streaming: streaming.transpose()? })
    }

    /// Takes a request out of this replica's own bucket.
    fn take(&self) -> Result<(), Refusal> {
        let Self { ledger, limits, .. } = self;
        let now = self.now();
        let rates = [
            limits.requests_per_minute.and_then(|most| ledger.requests.room(now, most).err()),
            limits.tokens_per_minute.and_then(|most| ledger.tokens.room(now, most).err()),
        ];
        self.refuse(rates.map(Option::unwrap_or_default))?;
        if let Some(most) = limits.requests_per_minute {
            let late = |wait| Refusal { limit: Limit::Requests(most), wait };
            ledger.requests.take(now, most).map_err(late)?;
        }
        Ok(())
    }

    /// Asks where all replicas count. Whoever gets no answer has its own numbers, of which the others are told later.
    async fn decide(&self) -> Option<Decision> {
        let Self { ledger, limits, .. } = self;
        let shared = self.shared.as_ref()?;
        limits.requests_per_minute.or(limits.tokens_per_minute)?;
        let adrift = ledger.adrift.load(Ordering::Relaxed);
        let used = [&ledger.requests, &ledger.tokens].map(|bucket| bucket.used(self.now()));
        let least = if adrift { used } else { [Duration::ZERO; 2] };
        let decision = shared.decide(ledger, limits, least).await;
        match &decision {
            None => ledger.drift(),
            // Whoever asks meanwhile tells it, too: until it has been heard, it must not be forgotten here.
            Some(_) if adrift => ledger.adrift.store(false, Ordering::Relaxed),
            Some(_) => {}
        }
        decision
    }

    fn follow(&self, decision: &Decision) -> Result<(), Refusal> {
        let now = self.now();
        let [requests, tokens] = decision.used;
        self.ledger.requests.set_used(now, requests);
        self.ledger.tokens.set_used(now, tokens);
        self.refuse(decision.wait)
    }

    /// Refuses where there is anything to wait for: requests, or tokens.
    fn refuse(&self, [requests, tokens]: [Duration; 2]) -> Result<(), Refusal> {
        let KeyLimits { requests_per_minute, tokens_per_minute, .. } = self.limits;
        let refusals = [
            requests_per_minute.map(|most| Refusal { limit: Limit::Requests(most), wait: requests }),
            tokens_per_minute.map(|most| Refusal { limit: Limit::Tokens(most), wait: tokens }),
        ];
        let longest = refusals.into_iter().flatten().max_by_key(|refusal| refusal.wait);
        longest.filter(|refusal| !refusal.wait.is_zero()).map_or(Ok(()), Err)
    }

    /// Takes what an answer has used and cost, which may be more than was left. A cost that is not known counts as none.
    pub(crate) fn charge(&self, usage: &Usage, cost: Option<Cost>) {
        if let Some(cost) = cost.filter(|_| self.limits.budgets().next().is_some()) {
            self.ledger.spending.add(Timestamp::now(), cost);
            if let Some(shared) = &self.shared {
                shared.spent(&self.ledger);
            }
        }
        if let Some(most) = self.limits.tokens_per_minute {
            let tokens = usage.input.unwrap_or(0).saturating_add(usage.output.unwrap_or(0));
            self.ledger.tokens.charge(self.now(), tokens, most);
            if let Some(shared) = self.shared.as_ref().filter(|_| tokens > 0) {
                shared.charge(&self.ledger, tokens, most);
            }
        }
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

/// The places that a request has taken among those of its client, until it is dropped.
pub(crate) struct Seats {
    _running: Seat,
    _streaming: Option<Seat>,
}

struct Seat {
    ledger: Arc<Ledger>,
    count: fn(&Ledger) -> &AtomicU32,
}

impl Seat {
    fn take(ledger: &Arc<Ledger>, count: fn(&Ledger) -> &AtomicU32, most: u32) -> Option<Self> {
        let more = |taken: u32| (taken < most).then_some(taken + 1);
        count(ledger).fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self { ledger: Arc::clone(ledger), count })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        (self.count)(&self.ledger).fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
