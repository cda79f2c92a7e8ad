//! Credentials towards a provider: read from where the operator keeps them, shown to nobody.

mod expiry;
mod source;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use ccproxy_config::SecretSource;
use ccproxy_health::{Check, Outcome, Spec, SpecError};
use ccproxy_plugin_api::{CallError, CallErrorKind, StartError};
use futures_util::future::{BoxFuture, FutureExt, Shared};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

use expiry::Expiry;

/// How a credential stands in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The bare secret, as `x-api-key` has it.
    Plain,
    /// `Bearer` and the secret, as `authorization` has it.
    Bearer,
}

/// A source that failed is tried again after this long, not on every call.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Who has something else to go on with waits this long for a source; it is read on meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often health looks.
const CHECK_INTERVAL: Duration = Duration::from_secs(15);
/// More than [`PATIENCE`], so that the check itself can say what it waits for.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// The credential of one provider instance: the first of its sources that gives one.
pub struct Credentials {
    shared: Arc<Reading>,
    /// The reading under way: at most one, whoever waits for it, and none that outlives the credentials.
    flight: Mutex<Flight>,
    /// Whether the provider refused the credential when it was last shown.
    refused: AtomicBool,
}

/// What the task that reads has in common with those who wait for it.
struct Reading {
    sources: Vec<SecretSource>,
    scheme: Scheme,
    current: ArcSwapOption<Loaded>,
}

#[derive(Default)]
struct Flight {
    tasks: JoinSet<()>,
    running: Option<(AbortHandle, Wait)>,
}

/// Waits for a reading that began some time ago.
#[derive(Clone)]
struct Wait {
    begun: Instant,
    done: Shared<BoxFuture<'static, ()>>,
}

/// What the last reading left.
#[derive(Clone)]
struct Loaded {
    /// The last credential that could be read.
    good: Option<Good>,
    /// Why the last reading gave none; no secret is in it.
    problem: Option<String>,
    stale_at: Option<Instant>,
}

#[derive(Clone)]
struct Good {
    header: HeaderValue,
    expiry: Option<Expiry>,
}

impl Credentials {
    /// Credentials to be read from `sources`; nothing is read yet.
    #[must_use]
    pub fn new(sources: Vec<SecretSource>, scheme: Scheme) -> Self {
        Self {
            shared: Arc::new(Reading { sources, scheme, current: ArcSwapOption::empty() }),
            flight: Mutex::default(),
            refused: AtomicBool::new(false),
        }
    }

    /// Whether the instance goes without a credential, as a model server in one's own network does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.sources.is_empty()
    }

    /// The value for the credential's header; `None` if the instance has no credential.
    ///
    /// # Errors
    /// [`CallErrorKind::Credential`] if no source gives one.
    pub async fn header(&self) -> Result<Option<HeaderValue>, CallError> {
        if self.is_empty() {
            return Ok(None);
        }
        let header = self.load().await.map_err(|_| {
            let message = "this proxy has no usable credential for the provider; its operator finds the reason in the log";
            CallError::new(CallErrorKind::Credential, message)
        })?;
        Ok(Some(header))
    }

    /// Reads the credential for the first time. A source that is slow does not hold up the start: it is read on, and
    /// the check tells.
    ///
    /// # Errors
    /// What was tried, and why it failed; no secret is in it.
    pub async fn start(&self) -> Result<(), StartError> {
        if self.is_empty() {
            return Ok(());
        }
        match timeout(PATIENCE, self.load()).await {
            Ok(loaded) => loaded.map(|_| ()).map_err(StartError),
            Err(_) => Ok(()),
        }
    }

    /// Hears how a call went that showed the credential.
    pub fn heard<T>(&self, answer: &Result<T, CallError>) {
        let refused = match answer {
            Ok(_) => false,
            Err(error) if error.kind() == CallErrorKind::Refused => true,
            Err(_) => return,
        };
        if self.refused.load(Ordering::Relaxed) != refused {
            self.refused.store(refused, Ordering::Relaxed);
        }
    }

    async fn load(&self) -> Result<HeaderValue, String> {
        if let Some(header) = self.shared.fresh() {
            return header;
        }
        let Wait { begun, done } = self.read_again();
        if self.shared.has_good() {
            // The old one has served so far, and it is the provider who knows whether it still does. Counted from the
            // reading's begin: a source that hangs delays the calls of a few seconds, not every call.
            drop(timeout_at(begun + PATIENCE, done).await);
        } else {
            done.await;
        }
        self.shared.last()
    }

    /// The reading under way, begun if there is none. It goes on if nobody waits for it.
    fn read_again(&self) -> Wait {
        let mut flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        let Flight { tasks, running } = &mut *flight;
        if let Some((task, wait)) = running
            && !task.is_finished()
        {
            return wait.clone();
        }
        while tasks.try_join_next().is_some() {}
        let begun = Instant::now();
        if self.shared.fresh().is_some() {
            return Wait { begun, done: std::future::ready(()).boxed().shared() };
        }
        let (ended, end) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let task = tasks.spawn(async move {
            shared.read().await;
            // Nobody waits any more: that is as well.
            let _ = ended.send(());
        });
        let wait = Wait { begun, done: end.map(|_| ()).boxed().shared() };
        *running = Some((task, wait.clone()));
        wait
    }

    /// What health is told, at this second of Unix time.
    fn outcome(&self, now: i64) -> Outcome {
        let current = self.shared.current.load();
        let Some(loaded) = current.as_ref() else {
            return Outcome::warn("the credential is still being read");
        };
        let problem = loaded.problem.as_deref();
        let Some(good) = &loaded.good else {
            return Outcome::fail(problem.unwrap_or("no source gives a credential"));
        };
        let left = good.expiry.map(|expiry| (expiry.left(now), expiry.is_short(now)));
        let outcome = match (left, problem) {
            (Some((..=0, _)), _) => Outcome::fail("the credential has expired"),
            _ if self.refused.load(Ordering::Relaxed) => {
                Outcome::warn("the provider refused the credential when it was last shown")
            }
            (_, Some(problem)) => {
                Outcome::warn(format!("cannot be read again, the last good one stays in use: {problem}"))
            }
            (Some((left, true)), _) => Outcome::warn(format!("the credential expires in {left} s")),
            _ => Outcome::pass(),
        };
        match left {
            Some((left, _)) => outcome.observed(left, "s"),
            None => outcome,
        }
    }
}

impl Reading {
    fn fresh(&self) -> Option<Result<HeaderValue, String>> {
        let current = self.current.load();
        let loaded = current.as_ref()?;
        loaded.stale_at.is_none_or(|at| Instant::now() < at).then(|| loaded.header())
    }

    fn last(&self) -> Result<HeaderValue, String> {
        let current = self.current.load();
        current.as_ref().map_or_else(|| Err("the reading was given up".to_owned()), |loaded| loaded.header())
    }

    fn has_good(&self) -> bool {
        self.current.load().as_ref().is_some_and(|loaded| loaded.good.is_some())
    }

    async fn read(&self) {
        let mut failures = Vec::new();
        for source in &self.sources {
            match source::read(source).await.and_then(|secret| self.good(&secret)) {
                Ok(good) => {
                    let stale_at = source::ttl(source).map(|ttl| Instant::now() + good.keep(ttl));
                    return self.store(Loaded { good: Some(good), problem: None, stale_at });
                }
                Err(reason) => failures.push(format!("{}: {reason}", source.describe())),
            }
        }
        let good = self.current.load().as_ref().and_then(|loaded| loaded.good.clone());
        let stale_at = Some(Instant::now() + RETRY_AFTER);
        self.store(Loaded { good, problem: Some(failures.join("; ")), stale_at });
    }

    fn store(&self, loaded: Loaded) {
        self.current.store(Some(Arc::new(loaded)));
    }

    fn good(&self, secret: &SecretString) -> Result<Good, String> {
        let secret = secret.expose_secret().trim();
        if secret.is_empty() {
            return Err("is empty".to_owned());
        }
        let value = match self.scheme {
            Scheme::Plain => HeaderValue::from_str(secret),
            Scheme::Bearer => HeaderValue::from_str(&format!("Bearer {secret}")),
        };
        let mut header = value.map_err(|_| "has characters that no HTTP header can carry".to_owned())?;
        header.set_sensitive(true);
        Ok(Good { header, expiry: Expiry::of(secret) })
    }
}

impl Loaded {
    fn header(&self) -> Result<HeaderValue, String> {
        match (&self.good, &self.problem) {
            (Some(good), _) => Ok(good.header.clone()),
            (None, problem) => Err(problem.clone().unwrap_or_default()),
        }
    }
}

impl Good {
    /// A token is not kept beyond its own end, however long its source's word is good.
    fn keep(&self, ttl: Duration) -> Duration {
        match self.expiry.map(|expiry| u64::try_from(expiry.left(unix_now())).unwrap_or_default()) {
            Some(left) => ttl.min(Duration::from_secs(left).max(RETRY_AFTER)),
            None => ttl,
        }
    }
}

impl Check for Credentials {
    fn run(&self) -> BoxFuture<'_, Outcome> {
        Box::pin(async {
            // Whatever the reading comes to, it has left its word.
            drop(timeout(PATIENCE, self.load()).await);
            self.outcome(unix_now())
        })
    }
}

/// How [`Credentials`] are checked: that they can be read and are not about to expire.
///
/// # Errors
/// None: the name is a good one.
pub fn spec() -> Result<Spec, SpecError> {
    Ok(Spec::new("credentials")?.interval(CHECK_INTERVAL).timeout(CHECK_TIMEOUT).fall(1).rise(1))
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
