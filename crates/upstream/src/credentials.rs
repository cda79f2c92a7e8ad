//! Credentials towards a provider: read from where the operator keeps them, shown to nobody else, each rested when the
//! provider has enough of it.

mod expiry;
mod health;
mod member;
mod oauth;
mod pool;
mod source;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ccproxy_config::{Credential, Pool};
use ccproxy_health::{Check, Outcome, Spec, SpecError};
use ccproxy_plugin_api::entry::KeyError;
use ccproxy_plugin_api::{CallError, CallErrorKind, CredentialState, Instance, StartError};
use futures_util::future::{BoxFuture, join_all};
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout};

use crate::rate_limit;
use member::{Able, Member, PATIENCE};
use pool::{Mark, News, State, Verdict};

/// How a credential stands in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `x-api-key` and the bare secret.
    ApiKey,
    /// `authorization` with `Bearer` and the secret.
    Bearer,
}

/// How often health looks.
const CHECK_INTERVAL: Duration = Duration::from_secs(15);
/// More than [`PATIENCE`], so that the check itself can say what it waits for.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// The credentials of one provider instance.
pub struct Credentials {
    instance: Instance,
    members: Vec<Member>,
    rules: Pool,
    state: Mutex<State>,
    /// Whether anything is held against any of them; to be read without the lock.
    marked: AtomicBool,
    origin: Instant,
}

/// A credential that a call shows. Whoever sends it [tells](Self::heard) what the provider said to it.
pub struct Shown<'a> {
    credentials: &'a Credentials,
    index: usize,
    version: u64,
    at: Duration,
    header: HeaderValue,
}

impl Credentials {
    /// Credentials to be read from where the configuration says; nothing is read yet.
    ///
    /// # Errors
    /// The key of the instance's section whose value cannot work.
    pub fn new(
        instance: &Instance,
        list: Vec<Credential>,
        rules: Pool,
        scheme: Scheme,
    ) -> Result<Self, KeyError> {
        check_rules(&rules)?;
        let wrong = |message| KeyError { key: "credentials", message };
        let mut members: Vec<Member> = Vec::new();
        for (position, credential) in (1..).zip(list) {
            let member = Member::new(position, credential, scheme == Scheme::Bearer, instance.proxies())
                .map_err(wrong)?;
            if members.iter().any(|other| other.name == member.name) {
                return Err(wrong(format!("two are called {}; give each another name", member.name)));
            }
            members.push(member);
        }
        let state = Mutex::new(State::new(members.len()));
        let (marked, origin) = (AtomicBool::new(false), Instant::now());
        Ok(Self { instance: instance.clone(), members, rules, state, marked, origin })
    }

    /// Whether the instance goes without a credential, as a model server in one's own network does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The credential to show next; `None` if the instance has none.
    ///
    /// # Errors
    /// [`CallErrorKind::Credential`] if no source gives one.
    pub async fn show(&self) -> Result<Option<Shown<'_>>, CallError> {
        if self.is_empty() {
            return Ok(None);
        }
        let mut tried = Vec::new();
        while let Some((index, member)) = self.pick(&tried) {
            let has_other = tried.len() + 1 < self.members.len();
            if let Ok(good) = member.load(has_other).await {
                let (version, header, at) = (good.version, good.header, self.now());
                return Ok(Some(Shown { credentials: self, index, version, at, header }));
            }
            tried.push(index);
        }
        let message =
            "this proxy has no usable credential for the provider; its operator finds the reason in the log";
        Err(CallError::new(CallErrorKind::Credential, message))
    }

    /// Whether a call made now would show another credential than the one that was refused or limited last.
    #[must_use]
    pub fn has_another(&self) -> bool {
        let (now, alone) = (self.now(), self.members.len() == 1);
        let ready = |(member, mark): (&Member, Mark)| match member.able() {
            Able::Yes(version) => {
                member.is_renewing() || (!alone && mark.cools_until(version, now).is_none())
            }
            Able::Perhaps | Able::No => false,
        };
        self.members.iter().zip(self.marks()).any(ready)
    }

    /// How each stands, for people.
    #[must_use]
    pub fn states(&self) -> Vec<CredentialState> {
        let now = unix_now();
        let standings = self.members.iter().zip(self.marks());
        standings.map(|(member, mark)| health::state(self, member, mark, now)).collect()
    }

    /// Reads the credentials for the first time. A source that is slow does not hold up the start: it is read on, and
    /// the check tells.
    ///
    /// # Errors
    /// What was tried, and why it failed, if no source gives one; no secret is in it.
    pub async fn start(&self) -> Result<(), StartError> {
        let Ok(loaded) = timeout(PATIENCE, self.load_all()).await else { return Ok(()) };
        let (good, failed): (Vec<_>, Vec<_>) = loaded.into_iter().partition(Result::is_ok);
        if good.is_empty() && !failed.is_empty() {
            let reasons: Vec<String> = failed.into_iter().filter_map(Result::err).collect();
            return Err(StartError(reasons.join("; ")));
        }
        Ok(())
    }

    async fn load_all(&self) -> Vec<Result<(), String>> {
        join_all(self.members.iter().map(async |member| member.load(false).await.map(|_| ()))).await
    }

    /// The member to try next.
    fn pick(&self, tried: &[usize]) -> Option<(usize, &Member)> {
        if let [only] = self.members.as_slice() {
            return tried.is_empty().then_some((0, only));
        }
        if self.marked.load(Ordering::Relaxed) {
            // Who cools down is used by nobody, and may have another secret by now.
            self.members.iter().for_each(Member::look);
        }
        let able: Vec<Able> = self.members.iter().map(Member::able).collect();
        let untried = |index: &usize| !tried.contains(index);
        let usable = |index| match able.get(index).filter(|_| untried(&index))? {
            Able::Yes(version) => Some(*version),
            Able::Perhaps => Some(0),
            Able::No => None,
        };
        let now = self.now();
        let mut state = self.state();
        let picked = state.pick(self.rules.strategy, now, usable);
        // If none gives a secret it is worth asking once more.
        let index = picked.or_else(|| (0..self.members.len()).find(untried))?;
        state.used(index, now);
        drop(state);
        self.members.get(index).map(|member| (index, member))
    }

    fn heard(&self, shown: &Shown<'_>, status: StatusCode, headers: &HeaderMap) {
        let verdict = pool::verdict(&self.rules, status);
        let calm = !self.marked.load(Ordering::Relaxed);
        if verdict == Verdict::Nothing || (verdict == Verdict::Good && calm) {
            return;
        }
        let told = if verdict == Verdict::Good { None } else { rate_limit::ready_in(status, headers) };
        let now = self.now();
        let news = News { version: shown.version, shown: shown.at, status, told };
        let mut state = self.state();
        let before = state.mark(shown.index);
        let after = before.after(&self.rules, now, &news);
        state.set_mark(shown.index, after);
        self.marked.store(!state.is_clear(), Ordering::Relaxed);
        drop(state);
        let Some(member) = self.members.get(shown.index) else { return };
        if status == StatusCode::UNAUTHORIZED {
            member.refused(shown.version);
        }
        self.log(member, status, [before, after].map(|mark| mark.cools_until(shown.version, now)), now);
    }

    /// One line when a credential of several steps aside, and none for each call.
    fn log(
        &self,
        member: &Member,
        status: StatusCode,
        [before, after]: [Option<Duration>; 2],
        now: Duration,
    ) {
        let (instance, credential) = (self.instance.as_str(), member.name.as_str());
        if let (None, Some(until), 2..) = (before, after, self.members.len()) {
            let seconds = until.saturating_sub(now).as_secs();
            tracing::warn!(instance, credential, status = status.as_u16(), seconds, "credential_cools_down");
        }
    }

    fn marks(&self) -> Vec<Mark> {
        let state = self.state();
        (0..self.members.len()).map(|index| state.mark(index)).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

impl Shown<'_> {
    /// Puts the credential among the headers of a call.
    pub(crate) fn put(&self, headers: &mut HeaderMap) {
        const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
        let bearer = self.credentials.members.get(self.index).is_some_and(Member::is_bearer);
        headers.insert(if bearer { AUTHORIZATION } else { API_KEY }, self.header.clone());
    }

    /// Hears the head of the provider's answer.
    pub(crate) fn heard(&self, status: StatusCode, headers: &HeaderMap) {
        self.credentials.heard(self, status, headers);
    }

    /// A text without the secret, and without those of the others: a provider may know them, too.
    pub(crate) fn hide(&self, text: String) -> String {
        let now = Instant::now();
        let others = self
            .credentials
            .members
            .iter()
            .filter_map(|member| Some(member.loaded()?.good(now)?.header.clone()));
        let mut all: Vec<HeaderValue> = others.chain([self.header.clone()]).collect();
        // One may begin like another.
        all.sort_by_key(|header| std::cmp::Reverse(header.len()));
        let secrets = all.iter().map(secret).filter(|secret| !secret.is_empty());
        secrets.fold(text, |text, secret| text.replace(secret, "***"))
    }
}

/// The secret in a header's value.
fn secret(header: &HeaderValue) -> &str {
    let text = header.to_str().unwrap_or_default();
    text.strip_prefix("Bearer ").unwrap_or(text)
}

fn check_rules(rules: &Pool) -> Result<(), KeyError> {
    let wrong = |key, message: &str| Err(KeyError { key, message: message.to_owned() });
    if rules.max_failures == 0 {
        return wrong("pool.max_failures", "must be more than 0");
    }
    if rules.cooldown.is_zero() {
        return wrong("pool.cooldown", "must be more than 0s");
    }
    if !rules.failure_status_codes.iter().all(|code| (400..600).contains(code)) {
        return wrong("pool.failure_status_codes", "are statuses of errors: 400 to 599");
    }
    Ok(())
}

impl Check for Credentials {
    fn run(&self) -> BoxFuture<'_, Outcome> {
        Box::pin(async {
            // Whatever the reading comes to, it has left its word.
            drop(timeout(PATIENCE, self.load_all()).await);
            health::outcome(self, unix_now())
        })
    }
}

/// How [`Credentials`] are checked: that they can be read, are not about to expire, and are good for the provider.
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
