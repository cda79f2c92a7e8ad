//! Calls of OpenAI's API.

use std::sync::Arc;

use ccproxy_plugin_api::{Answer, Call, CallError, CredentialState, Profile, Provider, Room, StartError};
use ccproxy_upstream::{Credentials, Endpoint, rate_limit};
use ccproxy_wire::{Dialect, Operation};
use futures_util::future::BoxFuture;
use http::header::HeaderMap;

use crate::config::ChatWords;

pub(crate) struct OpenAi {
    endpoint: Endpoint,
    credentials: Arc<Credentials>,
    dialects: Vec<Dialect>,
    chat: ChatWords,
}

impl OpenAi {
    pub(crate) fn new(
        endpoint: Endpoint,
        credentials: Arc<Credentials>,
        dialects: Vec<Dialect>,
        chat: ChatWords,
    ) -> Self {
        Self { endpoint, credentials, dialects, chat }
    }
}

impl Provider for OpenAi {
    fn dialects(&self) -> &[Dialect] {
        &self.dialects
    }

    fn supports(&self, operation: Operation) -> bool {
        match operation {
            Operation::Completions | Operation::Embeddings | Operation::Models | Operation::Model => true,
            Operation::ResponsesSocket | Operation::CountTokens => false,
            _ => operation.dialect().is_some_and(|dialect| self.dialects.contains(&dialect)),
        }
    }

    fn profile(&self, dialect: Dialect) -> Profile {
        let ChatWords { max_completion_tokens, developer, reasoning_content } = self.chat;
        Profile { max_completion_tokens, developer, thoughts: reasoning_content, ..Profile::of(dialect) }
    }

    fn start(&self) -> BoxFuture<'_, Result<(), StartError>> {
        Box::pin(async {
            self.endpoint.start().await?;
            self.credentials.start().await
        })
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, CallError>> {
        Box::pin(async move {
            let shown = self.credentials.show().await?;
            self.endpoint.send(call, shown).await
        })
    }

    fn another_credential(&self) -> bool {
        self.credentials.has_another()
    }

    fn rate_limit(&self, headers: &HeaderMap) -> Option<Room> {
        rate_limit::openai(headers)
    }

    fn credentials(&self) -> Vec<CredentialState> {
        self.credentials.states()
    }
}
