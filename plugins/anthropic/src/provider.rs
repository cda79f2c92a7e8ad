//! Calls of the Messages API.

use std::sync::Arc;

use ccproxy_plugin_api::{
    Answer, Call, CallError, CredentialState, Limits, Profile, Provider, Room, StartError,
};
use ccproxy_upstream::{Credentials, Endpoint, rate_limit};
use ccproxy_wire::{Dialect, Operation};
use futures_util::future::BoxFuture;
use http::header::{HeaderMap, HeaderValue};

/// The first version of the API that refuses the settings of sampling.
const NO_SAMPLING: &str = "2026-10-21";

pub(crate) struct Anthropic {
    endpoint: Endpoint,
    credentials: Arc<Credentials>,
    version: Version,
    max_tokens: u64,
}

/// A version of the API: a date, and so in order as text.
pub(crate) struct Version(HeaderValue);

impl Version {
    /// None where it is no date.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let form = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        form.eq(*b"0000-00-00").then(|| HeaderValue::from_str(text).ok().map(Self))?
    }

    fn takes_sampling(&self) -> bool {
        self.0.as_bytes() < NO_SAMPLING.as_bytes()
    }
}

impl Anthropic {
    pub(crate) fn new(
        endpoint: Endpoint,
        credentials: Arc<Credentials>,
        version: Version,
        max_tokens: u64,
    ) -> Self {
        Self { endpoint, credentials, version, max_tokens }
    }
}

impl Provider for Anthropic {
    fn dialects(&self) -> &[Dialect] {
        &[Dialect::Messages]
    }

    fn supports(&self, operation: Operation) -> bool {
        matches!(
            operation,
            Operation::Messages | Operation::CountTokens | Operation::Models | Operation::Model
        )
    }

    fn profile(&self, dialect: Dialect) -> Profile {
        let sampling = self.version.takes_sampling();
        Profile { sampling, limits: Limits { max_tokens: self.max_tokens }, ..Profile::of(dialect) }
    }

    fn start(&self) -> BoxFuture<'_, Result<(), StartError>> {
        Box::pin(async {
            self.endpoint.start().await?;
            self.credentials.start().await
        })
    }

    fn call(&self, mut call: Call) -> BoxFuture<'_, Result<Answer, CallError>> {
        Box::pin(async move {
            let shown = self.credentials.show().await?;
            call.headers.entry("anthropic-version").or_insert_with(|| self.version.0.clone());
            self.endpoint.send(call, shown).await
        })
    }

    fn another_credential(&self) -> bool {
        self.credentials.has_another()
    }

    fn rate_limit(&self, headers: &HeaderMap) -> Option<Room> {
        rate_limit::anthropic(headers)
    }

    fn credentials(&self) -> Vec<CredentialState> {
        self.credentials.states()
    }
}
