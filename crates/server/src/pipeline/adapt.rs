//! Step 2: from the client's request to the call of the provider.
//!
//! Today both sides speak the same dialect, so this is a matter of headers and of the model's name.

use std::borrow::Cow;

use bytes::Bytes;
use ccproxy_plugin_api::Call;
use ccproxy_upstream::headers::strip_hop_by_hop;
use ccproxy_wire::{Dialect, Operation, RequestHead, edit};
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderName, PROXY_AUTHORIZATION,
};
use http::request::Parts;

use super::resolve::Target;
use crate::error::Error;

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

/// The call, and the client's name of the model where the answer has to be given it back.
pub(super) fn call(
    operation: Operation,
    path: &str,
    parts: Parts,
    body: &Bytes,
    head: Option<RequestHead<'_>>,
    target: &Target,
) -> Result<(Call, Option<String>), Error> {
    if !target.instance.provider.supports(operation) {
        return Err(unsupported(operation, target));
    }
    let mut headers = parts.headers;
    strip_hop_by_hop(&mut headers, &OURS);
    let (body, stream, restore) = match head {
        Some(head) if head.model != target.model => {
            let body = edit::replace_string(body, head.model_span, &target.model);
            (body, head.stream, Some(head.model.into_owned()))
        }
        Some(head) => (body.clone(), head.stream, None),
        None => (body.clone(), false, renamed_in_path(operation, path, target)),
    };
    let model = target.model.clone();
    let path = match &restore {
        Some(_) if operation == Operation::Model => Cow::Owned(format!("models/{model}")),
        _ => Cow::Borrowed(path),
    };
    let target = match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.into_owned(),
    };
    Ok((Call { operation, method: parts.method, target, headers, body, model, stream }, restore))
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
