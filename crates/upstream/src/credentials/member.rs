//! One credential of a pool: read from its source, kept while that is good, read by one task however many wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use ccproxy_config::{Credential, CredentialSource, Proxies};
use futures_util::future::{BoxFuture, FutureExt, Shared};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::expiry::Expiry;
use super::source::{Given, Lasts, Source};
use super::unix_now;

/// A source that failed is tried again after this long, not on every call. An issuer of tokens is left alone for twice
/// as long after each failure …
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(5);
/// … and no longer than this.
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// Who has something else to go on with waits this long for a source; it is read on meanwhile.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A credential of a pool.
pub(super) struct Member {
    /// What health and logs call it.
    pub(super) name: String,
    reading: Arc<Reading>,
    /// The reading under way: at most one, whoever waits for it, and none that outlives the member.
    flight: Mutex<Flight>,
}

/// What the task that reads has in common with those who wait for it.
struct Reading {
    source: Source,
    bearer: bool,
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
pub(super) struct Loaded {
    /// The last secret that could be read.
    good: Option<Good>,
    /// Why the last reading gave none, or what the operator should know of it; no secret is in it.
    pub(super) problem: Option<String>,
    /// Readings that failed since the last good one.
    failures: u32,
    read_at: Instant,
    /// When the source is to be read again.
    due: Option<Instant>,
    /// Whether whoever needs the secret then waits for it.
    waits: bool,
    /// The provider refused the secret, and another one is being got for that.
    renewing: bool,
}

/// A secret as it is shown.
#[derive(Clone)]
pub(super) struct Good {
    pub(super) header: HeaderValue,
    /// 1 for the first secret, one more for each that differs from the one before.
    pub(super) version: u64,
    /// When it ends, as it says itself.
    pub(super) expiry: Option<Expiry>,
    /// When it ends, as its issuer said.
    ends: Option<Instant>,
}

/// Whether a member can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Able {
    /// It has a secret of this version.
    Yes(u64),
    /// It has not been read yet.
    Perhaps,
    /// Its source gives none.
    No,
}

impl Member {
    /// A credential that has not been read yet.
    ///
    /// # Errors
    /// What cannot work.
    pub(super) fn new(
        position: usize,
        credential: Credential,
        bearer: bool,
        proxies: &Arc<Proxies>,
    ) -> Result<Self, String> {
        // A token of an issuer is a bearer token, whatever the others of its pool are.
        let bearer = bearer || matches!(credential.source, CredentialSource::OAuth(_));
        let name = credential.name.unwrap_or_else(|| position.to_string());
        let source =
            Source::new(credential.source, proxies).map_err(|wrong| format!("credential {name}: {wrong}"))?;
        let reading = Arc::new(Reading { source, bearer, current: ArcSwapOption::empty() });
        Ok(Self { name, reading, flight: Mutex::default() })
    }

    /// Whether the secret stands behind `Bearer` in `authorization`.
    pub(super) fn is_bearer(&self) -> bool {
        self.reading.bearer
    }

    /// What the last reading left, if there was one.
    pub(super) fn loaded(&self) -> Option<Arc<Loaded>> {
        self.reading.current.load_full()
    }

    /// Whether it can be used. One that cannot is read again when it is time, but nobody waits for that.
    pub(super) fn able(&self) -> Able {
        let now = Instant::now();
        let current = self.reading.current.load();
        let Some(loaded) = current.as_ref() else { return Able::Perhaps };
        match loaded.good(now) {
            Some(good) => Able::Yes(good.version),
            None => {
                self.read_if_due(loaded, now);
                Able::No
            }
        }
    }

    /// Has the source read again if it is time, without waiting.
    pub(super) fn look(&self) {
        if let Some(loaded) = self.reading.current.load().as_ref() {
            self.read_if_due(loaded, Instant::now());
        }
    }

    /// The secret. Whoever has something else to go on with does not wait long.
    ///
    /// # Errors
    /// Why there is none; no secret is in it.
    pub(super) async fn load(&self, has_other: bool) -> Result<Good, String> {
        let now = Instant::now();
        if let Some(loaded) = self.reading.current.load().as_ref() {
            match loaded.good(now) {
                Some(good) if !loaded.is_due(now) || !loaded.waits => {
                    self.read_if_due(loaded, now);
                    return Ok(good.clone());
                }
                None if !loaded.is_due(now) => return loaded.result(now),
                _ => {}
            }
        }
        let Wait { begun, done } = self.read_again();
        let has_old = self.reading.current.load().as_ref().is_some_and(|loaded| loaded.good(now).is_some());
        if has_other || has_old {
            // The old one has served so far, and it is the provider who knows whether it still does. Counted from the
            // reading's begin: a source that hangs delays the calls of a few seconds, not every call.
            drop(timeout_at(begun + PATIENCE, done).await);
        } else {
            done.await;
        }
        let current = self.reading.current.load();
        current
            .as_ref()
            .map_or_else(|| Err("it is still being read".to_owned()), |loaded| loaded.result(Instant::now()))
    }

    /// Hears that the provider refuses a version of the secret. If the source may have another one, it is asked at once;
    /// but not for each of many calls, and not if it was asked just now.
    pub(super) fn refused(&self, version: u64) {
        let now = Instant::now();
        let current = self.reading.current.load_full();
        let Some(loaded) = current.as_ref() else { return };
        let is_it = loaded.good.as_ref().is_some_and(|good| good.version == version);
        if !is_it || loaded.renewing || !self.reading.source.renews() || now < loaded.read_at + RETRY_AFTER {
            return;
        }
        let renewing = Loaded { due: Some(now), waits: true, renewing: true, ..Loaded::clone(loaded) };
        // A reading that has ended meanwhile has left something newer.
        self.reading.current.compare_and_swap(&current, Some(Arc::new(renewing)));
        self.look();
    }

    /// Whether it gets another secret because the last one was refused.
    pub(super) fn is_renewing(&self) -> bool {
        self.reading.current.load().as_ref().is_some_and(|loaded| loaded.renewing)
    }

    fn read_if_due(&self, loaded: &Loaded, now: Instant) {
        if loaded.is_due(now) {
            drop(self.read_again());
        }
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
        if self.reading.current.load().as_ref().is_some_and(|loaded| !loaded.is_due(begun)) {
            return Wait { begun, done: std::future::ready(()).boxed().shared() };
        }
        let (ended, end) = oneshot::channel();
        let reading = Arc::clone(&self.reading);
        let task = tasks.spawn(async move {
            reading.read().await;
            // Nobody waits any more: that is as well.
            let _ = ended.send(());
        });
        let wait = Wait { begun, done: end.map(|_| ()).boxed().shared() };
        *running = Some((task, wait.clone()));
        wait
    }
}

impl Reading {
    async fn read(&self) {
        let given = self.source.read().await;
        let before = self.current.load_full();
        let old = before.as_ref().and_then(|loaded| loaded.good.as_ref());
        let loaded = given.and_then(|given| self.loaded(given, old)).unwrap_or_else(|reason| {
            let failures = before.as_ref().map_or(0, |loaded| loaded.failures).saturating_add(1);
            Loaded {
                good: old.cloned(),
                problem: Some(format!("{}: {reason}", self.source.describe())),
                failures,
                due: Some(Instant::now() + self.retry(failures)),
                ..self.blank()
            }
        });
        self.current.store(Some(Arc::new(loaded)));
    }

    fn blank(&self) -> Loaded {
        Loaded {
            good: None,
            problem: None,
            failures: 0,
            read_at: Instant::now(),
            due: None,
            waits: !self.source.is_oauth(),
            renewing: false,
        }
    }

    fn retry(&self, failures: u32) -> Duration {
        if !self.source.is_oauth() {
            return RETRY_AFTER;
        }
        RETRY_AFTER.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(LONGEST_RETRY)
    }

    fn loaded(&self, given: Given, old: Option<&Good>) -> Result<Loaded, String> {
        let mut header = self.header(&given.secret)?;
        header.set_sensitive(true);
        let version = match old {
            Some(old) if old.header == header => old.version,
            Some(old) => old.version + 1,
            None => 1,
        };
        let expiry = Expiry::of(given.secret.expose_secret());
        let (expiry, due, ends) = match given.lasts {
            Lasts::Always => (expiry, None, None),
            Lasts::Until(due) => (expiry, Some(keep(expiry, due)), None),
            // It is renewed in time: when it ends is nobody's concern.
            Lasts::Token { renew, end } => (None, Some(renew), Some(end)),
        };
        let good = Some(Good { header, version, expiry, ends });
        Ok(Loaded { good, problem: given.notice, due, ..self.blank() })
    }

    fn header(&self, secret: &SecretString) -> Result<HeaderValue, String> {
        let secret = secret.expose_secret();
        let value = if self.bearer {
            HeaderValue::from_str(&format!("Bearer {secret}"))
        } else {
            HeaderValue::from_str(secret)
        };
        value.map_err(|_| "has characters that no HTTP header can carry".to_owned())
    }
}

/// A token is not kept beyond its own end, however long its source's word is good.
fn keep(expiry: Option<Expiry>, due: Instant) -> Instant {
    let Some(expiry) = expiry else { return due };
    let now = Instant::now();
    let left = Duration::from_secs(u64::try_from(expiry.left(unix_now())).unwrap_or_default());
    due.min(now + left.clamp(RETRY_AFTER, due - now + RETRY_AFTER))
}

impl Loaded {
    /// The secret, unless its issuer said that it has ended by now.
    pub(super) fn good(&self, now: Instant) -> Option<&Good> {
        self.good.as_ref().filter(|good| good.ends.is_none_or(|end| now < end))
    }

    /// Whether the last reading gave nothing, so that an older secret stays in use.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    fn result(&self, now: Instant) -> Result<Good, String> {
        let why = || self.problem.clone().unwrap_or_else(|| "its token has ended".to_owned());
        self.good(now).cloned().ok_or_else(why)
    }
}
