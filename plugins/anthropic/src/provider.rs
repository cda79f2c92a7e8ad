//! Calls of the Messages API.

use std::sync::Arc;

use ccproxy_plugin_api::{Answer, Call, CallError, Provider, Room, StartError};
use ccproxy_upstream::{Credentials, Endpoint, rate_limit};
use ccproxy_wire::{Dialect, Operation};
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::config::AuthHeader;

/// Sent where the client named no version, as an OpenAI client that asks for the models does not.
const DEFAULT_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

pub(crate) struct Anthropic {
    endpoint: Endpoint,
    credentials: Arc<Credentials>,
    header: HeaderName,
}

impl Anthropic {
    pub(crate) fn new(endpoint: Endpoint, credentials: Arc<Credentials>, header: AuthHeader) -> Self {
        let header = match header {
            AuthHeader::XApiKey => HeaderName::from_static("x-api-key"),
            AuthHeader::Bearer => AUTHORIZATION,
        };
        Self { endpoint, credentials, header }
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

    fn start(&self) -> BoxFuture<'_, Result<(), StartError>> {
        Box::pin(self.credentials.start())
    }

    fn call(&self, mut call: Call) -> BoxFuture<'_, Result<Answer, CallError>> {
        Box::pin(async move {
            if let Some(credential) = self.credentials.header().await? {
                call.headers.insert(self.header.clone(), credential);
            }
            call.headers.entry("anthropic-version").or_insert(DEFAULT_VERSION);
            let answer = self.endpoint.send(call).await;
            self.credentials.heard(&answer);
            answer
        })
    }

    fn rate_limit(&self, headers: &HeaderMap) -> Option<Room> {
        rate_limit::anthropic(headers)
    }
}
