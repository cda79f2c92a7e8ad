//! The rates and the spending of all replicas together, counted in Redis: one script, and one round trip, for each decision.
//!
//! Each replica's own buckets mirror what Redis said last. Without an answer in time they alone decide, and Redis is left
//! alone until it answers again; then it learns what was used here meanwhile, and all have the same numbers within a minute.

use std::collections::HashMap;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ccproxy_config::{KeyLimits, Mistake, Period, Settings};
use ccproxy_health::{Check, Outcome, Spec, SpecError, check_fn};
use jiff::{Timestamp, ToSpan};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, Script, ScriptInvocation};
use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Ledger;
use super::bucket::cost;

/// So many charges may wait to be sent; those that find no room are made good with the next decision.
const CHARGES: usize = 4096;
/// How often it is asked whether it is there.
const EVERY: Duration = Duration::from_millis(500);
/// How long whatever no request waits for may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// A debt is remembered no longer: thirty days, in microseconds.
const LONGEST: u64 = 30 * 24 * 3600 * 1_000_000;

/// Where several replicas count together.
pub(crate) struct Shared {
    client: Client,
    script: Script,
    spending: Script,
    /// What tells this process from others that spend.
    name: String,
    prefix: String,
    timeout: Duration,
    manager: OnceLock<ConnectionManager>,
    /// Whether it answered when it was asked last.
    answers: AtomicBool,
    charges: mpsc::Sender<Charge>,
    inbox: Mutex<Option<mpsc::Receiver<Charge>>>,
    /// The ledgers, by their names, with spending that could not be told.
    untold: Mutex<HashMap<Box<str>, Arc<Ledger>>>,
}

/// What is to be told.
enum Charge {
    /// Tokens that were used.
    Tokens { ledger: Arc<Ledger>, tokens: u64, per_minute: u64 },
    /// Money was spent; the ledger knows how much.
    Money(Arc<Ledger>),
}

/// What was decided of a request: what is used, and how long to wait where it is refused; each of requests and tokens.
pub(super) struct Decision {
    pub(super) used: [Duration; 2],
    pub(super) wait: [Duration; 2],
}

impl Shared {
    /// Where it is configured. Nothing is connected yet.
    ///
    /// # Errors
    /// A URL that cannot be had or makes no sense.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Arc<Self>>, Mistake> {
        let Some(source) = &settings.shared.url else { return Ok(None) };
        let wrong = |message: String| settings.mistake("shared.url", message);
        let url = crate::auth::read(source).map_err(wrong)?;
        let url = url.expose_secret();
        if url.starts_with("rediss:") {
            return Err(wrong(
                "TLS to Redis is not built in; use redis:// through a tunnel, or unix://".to_owned(),
            ));
        }
        // Its own error may quote the URL, and with it a password.
        let client = Client::open(url).map_err(|_| {
            wrong("expected redis://USER:PASSWORD@HOST:PORT/DATABASE or unix:///SOCKET".to_owned())
        })?;
        let (charges, inbox) = mpsc::channel(CHARGES);
        Ok(Some(Arc::new(Self {
            client,
            script: Script::new(include_str!("window.lua")),
            spending: Script::new(include_str!("budget.lua")),
            name: format!("by:{:032x}", fastrand::u128(..)),
            prefix: settings.shared.prefix.clone(),
            timeout: settings.shared.timeout,
            manager: OnceLock::new(),
            answers: AtomicBool::new(false),
            charges,
            inbox: Mutex::new(Some(inbox)),
            untold: Mutex::default(),
        })))
    }

    /// Keeps the connection and sends charges, until it is told to stop.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        let config = ConnectionManagerConfig::new()
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(PATIENCE)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config);
        let (Ok(manager), Some(inbox)) = (manager, inbox) else {
            return;
        };
        let manager = self.manager.get_or_init(|| manager).clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.watch(manager) => {}
            () = self.send(inbox) => {}
        }
    }

    async fn watch(&self, mut manager: ConnectionManager) {
        loop {
            let ping = Cmd::ping().query_async::<()>(&mut manager).await;
            self.heard(ping.is_ok());
            if ping.is_ok() {
                self.make_good().await;
            }
            sleep(EVERY).await;
        }
    }

    async fn send(&self, mut inbox: mpsc::Receiver<Charge>) {
        while let Some(charge) = inbox.recv().await {
            match charge {
                Charge::Tokens { ledger, tokens, per_minute } => {
                    let spent = micros(cost(tokens, per_minute)).min(LONGEST);
                    let asked = [0, 0, spent, 0, 0];
                    if self.ask(&ledger, asked.map(|n| n.to_string()), PATIENCE).await.is_none() {
                        ledger.drift();
                    }
                }
                // What has been told with a later one need not be told again.
                Charge::Money(ledger) if ledger.spending.is_untold(Timestamp::now()) => {
                    self.tell_spending(&ledger, Some(PATIENCE)).await;
                }
                Charge::Money(_) => {}
            }
        }
    }

    /// Tells what could not be told before.
    async fn make_good(&self) {
        let untold = std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner));
        for ledger in untold.into_values() {
            self.tell_spending(&ledger, Some(PATIENCE)).await;
        }
    }

    /// Tells what was spent here, and learns what all have spent; without an answer in time it is told later.
    pub(super) async fn tell_spending(&self, ledger: &Arc<Ledger>, limit: Option<Duration>) {
        let told = ledger.spending.to_tell(Timestamp::now());
        let mut call = self.spending.prepare_invoke();
        call.arg(&self.name);
        for (period, window) in Period::ALL.into_iter().zip(&told) {
            let day = window.start.as_second() / (24 * 3600);
            call.key(format!("{}:{{{}}}:spent:{period}:{day}", self.prefix, ledger.name()));
            // Clocks differ.
            let end = window.end.checked_add(24.hours()).unwrap_or(window.end);
            call.arg(window.own).arg(end.as_second());
        }
        match self.invoke::<[i64; 3]>(&call, limit.unwrap_or(self.timeout)).await {
            Some(totals) => ledger.spending.learn(Timestamp::now(), &told, totals),
            None => self.tell_later(ledger),
        }
    }

    fn tell_later(&self, ledger: &Arc<Ledger>) {
        if ledger.spending.is_untold(Timestamp::now()) {
            let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
            untold.entry(ledger.name.clone()).or_insert_with(|| Arc::clone(ledger));
        }
    }

    /// Money was spent.
    pub(super) fn spent(&self, ledger: &Arc<Ledger>) {
        if self.charges.try_send(Charge::Money(Arc::clone(ledger))).is_err() {
            self.tell_later(ledger);
        }
    }

    /// Whether a request may pass; `None` if it does not answer in time.
    pub(super) async fn decide(
        &self,
        ledger: &Ledger,
        limits: &KeyLimits,
        least: [Duration; 2],
    ) -> Option<Decision> {
        let one = |per_minute: Option<u64>| per_minute.map_or(0.0, |most| 60e6 / to_f64(most));
        let least = least.map(|used| micros_of(used).min(LONGEST).to_string());
        let [requests, tokens] = least;
        let asked = [
            one(limits.requests_per_minute).to_string(),
            one(limits.tokens_per_minute).to_string(),
            "0".to_owned(),
            requests,
            tokens,
        ];
        let [requests, tokens, request_wait, token_wait] = self.ask(ledger, asked, self.timeout).await?;
        let time = Duration::from_micros;
        Some(Decision { used: [time(requests), time(tokens)], wait: [time(request_wait), time(token_wait)] })
    }

    /// Sends what was used.
    pub(super) fn charge(&self, ledger: &Arc<Ledger>, tokens: u64, per_minute: u64) {
        let charge = Charge::Tokens { ledger: Arc::clone(ledger), tokens, per_minute };
        if self.charges.try_send(charge).is_err() {
            ledger.drift();
        }
    }

    async fn ask(&self, ledger: &Ledger, args: [String; 5], limit: Duration) -> Option<[u64; 4]> {
        let mut call = self.script.prepare_invoke();
        for window in ["requests", "tokens"] {
            call.key(format!("{}:{{{}}}:{window}", self.prefix, ledger.name()));
        }
        args.iter().for_each(|arg| {
            call.arg(arg);
        });
        self.invoke(&call, limit).await
    }

    async fn invoke<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>, limit: Duration) -> Option<T> {
        let mut manager = self.manager.get().filter(|_| self.answers.load(Ordering::Relaxed))?.clone();
        let asked = async { call.invoke_async::<T>(&mut manager).await };
        match timeout(limit, asked).await.ok() {
            Some(Ok(answer)) => Some(answer),
            failed => {
                let error = failed.and_then(Result::err);
                tracing::debug!(
                    error = error.as_ref().map(tracing::field::display),
                    "shared_limits_no_answer"
                );
                self.heard(false);
                None
            }
        }
    }

    fn heard(&self, answers: bool) {
        if self.answers.swap(answers, Ordering::Relaxed) != answers {
            tracing::info!(answers, "shared_limits");
        }
    }

    /// The check `shared`.
    pub(crate) fn check(self: &Arc<Self>) -> Result<(Spec, Arc<dyn Check>), SpecError> {
        let shared = Arc::clone(self);
        let check = check_fn(move || {
            ready(if shared.answers.load(Ordering::Relaxed) {
                Outcome::pass()
            } else {
                Outcome::warn("it does not answer: the limits of clients are this replica's alone")
            })
        });
        Ok((Spec::new("shared")?.interval(PATIENCE).fall(1).rise(1), check))
    }
}

fn micros(nanos: u64) -> u64 {
    nanos / 1000
}

fn micros_of(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn to_f64(number: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate of more than 2^53 is none")]
    let number = number as f64;
    number
}
