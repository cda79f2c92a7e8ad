//! Step 2: from the client's request to the call of the provider.
//!
//! Where both sides speak the same dialect this is a matter of headers and of the model's name; elsewhere the request is
//! [translated](super::translate).

use std::borrow::Cow;

use bytes::Bytes;
use ccproxy_plugin_api::Call;
use ccproxy_upstream::headers::strip_hop_by_hop;
use ccproxy_wire::operation::model_path;
use ccproxy_wire::{Dialect, Operation, RequestHead, edit};
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderName, PROXY_AUTHORIZATION,
};
use http::request::Parts;

use super::resolve::Target;
use super::translate::{self, Translation};
use crate::auth::Client;
use crate::error::Error;
use crate::request_id::RequestId;

/// What a client says to us and to nobody behind us: its credentials, and the terms of its own connection. Every
/// answer may be read from the side or reshaped, so it must come unencoded.
const OURS: [HeaderName; 8] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("x-api-key"),
    EXPECT,
    ACCEPT_ENCODING,
    HOST,
    CONTENT_LENGTH,
];

/// What has to become of the provider's answer before the client gets it.
pub(super) enum Answered {
    /// Nothing.
    AsItIs,
    /// The client's name of the model comes back.
    Renamed(String),
    /// All of it is said in the client's dialect.
    Translated(Box<Translation>),
}

/// A request, as the steps before this one leave it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) operation: Operation,
    pub(super) path: &'a str,
    pub(super) parts: &'a Parts,
    pub(super) body: &'a Bytes,
    pub(super) head: Option<&'a RequestHead<'a>>,
    pub(super) id: &'a RequestId,
    pub(super) client: Client<'a>,
    /// The response whose conversation is in the body already.
    pub(super) previous: Option<&'a str>,
}

/// The call, and what its answer needs. `strict` refuses what cannot be carried whole into another dialect.
pub(super) fn call(asked: Asked<'_>, target: &Target, strict: bool) -> Result<(Call, Answered), Error> {
    let provider = &*target.instance.provider;
    if provider.supports(asked.operation) {
        let (call, restore) = same_dialect(asked, target);
        return Ok((call, restore.map_or(Answered::AsItIs, Answered::Renamed)));
    }
    let Some(dialect) = translate::dialect_for(provider, asked.operation) else {
        return Err(unsupported(asked.operation, target));
    };
    let (call, translation) = translate::call(&asked, dialect, target, strict)?;
    Ok((call, Answered::Translated(Box::new(translation))))
}

/// The client's own request under the provider's name of the model.
fn same_dialect(asked: Asked<'_>, target: &Target) -> (Call, Option<String>) {
    let Asked { operation, path, parts, body, head, .. } = asked;
    // Another attempt may need them as well.
    let mut headers = parts.headers.clone();
    strip_hop_by_hop(&mut headers, &OURS);
    let (body, stream, restore) = match head {
        Some(head) if head.model != target.model => {
            let body = edit::replace_string(body, head.model_span.clone(), &target.model);
            (body, head.stream, Some(head.model.clone().into_owned()))
        }
        Some(head) => (Bytes::clone(body), head.stream, None),
        None => (Bytes::clone(body), false, renamed_in_path(operation, path, target)),
    };
    let model = target.model.clone();
    let path = match &restore {
        Some(_) if operation == Operation::Model => Cow::Owned(model_path(&model)),
        _ => Cow::Borrowed(path),
    };
    let target = match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.into_owned(),
    };
    (Call { operation, method: parts.method.clone(), target, headers, body, model, stream }, restore)
}

/// The client's name of the model that it asks about, where the provider has another.
fn renamed_in_path(operation: Operation, path: &str, target: &Target) -> Option<String> {
    let name = path.strip_prefix("models/").filter(|_| operation == Operation::Model)?;
    (name != target.model).then(|| name.to_owned())
}

fn unsupported(operation: Operation, target: &Target) -> Error {
    let speaks: Vec<&str> = target.instance.provider.dialects().iter().copied().map(Dialect::name).collect();
    Error::Unsupported {
        instance: target.instance.name.clone(),
        operation: operation.name(),
        speaks: speaks.join(" and "),
    }
}
