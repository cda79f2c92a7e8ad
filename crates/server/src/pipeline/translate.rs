//! Where client and provider speak different dialects: the call in the provider's words, and what its answer needs.

use std::time::{SystemTime, UNIX_EPOCH};

use ccproxy_plugin_api::{Call, Provider};
use ccproxy_translate::{Dropped, Exchange, Stamp, Translated};
use ccproxy_wire::{Dialect, Operation};
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};

use super::adapt::Asked;
use super::resolve::Target;
use crate::error::Error;
use crate::stored::Keep;

/// What passes of the client's headers: those that mean the same to every provider. The others belong to its dialect.
const COMMON: [HeaderName; 6] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    USER_AGENT,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// Between the call and the answer.
pub(super) struct Translation {
    pub(super) exchange: Exchange,
    /// What could not be carried, for the client to know.
    pub(super) dropped: Dropped,
    /// What keeps the answer, if it is to be kept.
    pub(super) keep: Option<Box<Keep>>,
}

/// Whether the instance can answer the operation, in its own dialect or in a translation.
pub(super) fn serves(provider: &dyn Provider, operation: Operation) -> bool {
    provider.supports(operation) || dialect_for(provider, operation).is_some() || counts(provider, operation)
}

/// Whether tokens are counted here, since the provider cannot.
pub(super) fn counts(provider: &dyn Provider, operation: Operation) -> bool {
    operation == Operation::CountTokens
        && !provider.supports(operation)
        && serves(provider, Operation::Messages)
}

/// The dialect into which an operation is translated for a provider that does not take it as it is: the one that loses
/// least.
pub(super) fn dialect_for(provider: &dyn Provider, operation: Operation) -> Option<Dialect> {
    let wanted = match operation {
        Operation::Messages => [Dialect::Responses, Dialect::Chat],
        Operation::ChatCompletions => [Dialect::Responses, Dialect::Messages],
        Operation::Responses => [Dialect::Messages, Dialect::Chat],
        _ => return None,
    };
    wanted.into_iter().find(|dialect| provider.dialects().contains(dialect))
}

/// The call in this dialect.
pub(super) fn call(
    asked: &Asked<'_>,
    dialect: Dialect,
    target: &Target,
    strict: bool,
) -> Result<(Call, Translation), Error> {
    let Some(client) = asked.operation.dialect() else { return Err(Error::Internal) };
    let profile = target.instance.provider.profile(dialect);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let id = asked.id.as_str().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    let stamp = Stamp { id, created: now.as_secs() };
    let translated = ccproxy_translate::request(client, asked.body, &target.model, &profile, stamp)?;
    let Translated { body, dropped, exchange } = translated;
    if strict && !dropped.is_empty() {
        return Err(Error::Dropped { fields: dropped.to_string() });
    }
    let (operation, path) = match dialect {
        Dialect::Messages => (Operation::Messages, "messages"),
        Dialect::Chat => (Operation::ChatCompletions, "chat/completions"),
        Dialect::Responses => (Operation::Responses, "responses"),
    };
    let call = Call {
        operation,
        method: Method::POST,
        target: path.to_owned(),
        headers: common(&asked.parts.headers),
        body: body.into(),
        model: target.model.clone(),
        stream: asked.head.as_ref().is_some_and(|head| head.stream),
    };
    Ok((call, Translation { exchange, dropped, keep: None }))
}

fn common(headers: &HeaderMap) -> HeaderMap {
    let mut common = HeaderMap::with_capacity(COMMON.len() + 4);
    for name in COMMON {
        if let Some(value) = headers.get(&name) {
            common.insert(name, value.clone());
        }
    }
    common.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    common
}
