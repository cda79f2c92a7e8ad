//! What a provider plugin does.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ccproxy_config::Proxies;
use ccproxy_translate::Profile;
use ccproxy_wire::{Dialect, Operation};
use futures_util::future::BoxFuture;
use http::HeaderMap;

use crate::{Answer, Call, CallError, Room};

/// One provider instance: a named entry of the configuration that answers calls.
pub trait Provider: Send + Sync + 'static {
    /// The dialects that the provider speaks by itself.
    fn dialects(&self) -> &[Dialect];

    /// Whether the provider takes the operation as it is, without translation.
    fn supports(&self, operation: Operation) -> bool;

    /// What the provider takes in this dialect, one of its own: what a translated request has to keep to.
    fn profile(&self, dialect: Dialect) -> Profile {
        Profile::of(dialect)
    }

    /// Does what needs I/O before the first call: reads credentials, opens what must be open.
    ///
    /// Called beside the running listener; calls may come before it is done. After an error it is called again, now and
    /// then, until it succeeds.
    ///
    /// # Errors
    /// [`StartError`] names what the operator has to mend. The instance stays mounted and answers with errors.
    fn start(&self) -> BoxFuture<'_, Result<(), StartError>> {
        Box::pin(async { Ok(()) })
    }

    /// Makes one call. Dropping the future, or the answer's body, cancels it at the provider.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer to pass on. An HTTP error of the provider is an answer.
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, CallError>>;

    /// Whether another attempt made now would show another credential than the one that was just refused or limited.
    ///
    /// Asked after an answer of 401, 403 or 429: it pays to try again at once only if so. Never true without a pool of
    /// credentials, or some other way to a new one.
    fn another_credential(&self) -> bool {
        false
    }

    /// What an answer's headers tell of the provider's rate limits; asked of some answers, so it must keep nothing.
    fn rate_limit(&self, _headers: &HeaderMap) -> Option<Room> {
        None
    }

    /// How its credentials stand, for people; none where there are none. It must not block.
    fn credentials(&self) -> Vec<CredentialState> {
        Vec::new()
    }
}

/// How a credential stands. It holds nothing of the credential itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialState {
    /// What health and logs call it.
    pub name: String,
    /// Whether it could be shown: it was read, has not ended and was not refused when it was last shown.
    pub usable: bool,
    /// How long it is left alone, where others are used meanwhile.
    pub rests: Option<Duration>,
    /// When it ends, where it says so itself.
    pub expires: Option<SystemTime>,
}

/// What a provider cannot start without.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// A provider instance: its name, as in `[providers.NAME]`, and what all instances have in common.
#[derive(Clone)]
pub struct Instance {
    name: Arc<str>,
    proxies: Arc<Proxies>,
}

impl Instance {
    /// An instance of this name, which reaches its provider without a proxy.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), proxies: Arc::default() }
    }

    /// The same through the proxies that are in force.
    #[must_use]
    pub fn through(mut self, proxies: &Arc<Proxies>) -> Self {
        self.proxies = Arc::clone(proxies);
        self
    }

    /// Through which proxies the provider is to be reached.
    #[must_use]
    pub fn proxies(&self) -> &Arc<Proxies> {
        &self.proxies
    }

    /// The paths that the server serves by the instance, as a URI template (RFC 6570): what suffers when it does, for
    /// [`Spec::affects`](ccproxy_health::Spec::affects).
    #[must_use]
    pub fn endpoints(&self) -> String {
        format!("/{}/v1/{{+path}}", self.name)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}
