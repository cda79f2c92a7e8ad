//! Step 2: from the client's request to the call of the provider.
//!
//! Today both sides speak the same dialect, so this is a matter of headers and of the model's name.

use bytes::Bytes;
use ccproxy_plugin_api::Call;
use ccproxy_upstream::headers::{remove_all, strip_hop_by_hop};
use ccproxy_wire::{Dialect, Operation, RequestHead, edit};
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, EXPECT, HOST};
use http::request::Parts;

use super::resolve::Target;
use crate::auth;
use crate::error::Error;

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
    let target_path = match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut headers = parts.headers;
    strip_hop_by_hop(&mut headers);
    remove_all(&mut headers, &auth::CLIENT_CREDENTIALS);
    // Every answer may be read from the side or reshaped, so it must come as it is.
    remove_all(&mut headers, &[EXPECT, ACCEPT_ENCODING, HOST, CONTENT_LENGTH]);
    let (body, stream, restore) = match head {
        Some(head) if head.model != target.model => {
            let body = edit::replace_string(body, head.model_span, &target.model);
            (body, head.stream, Some(head.model.into_owned()))
        }
        Some(head) => (body.clone(), head.stream, None),
        None => (body.clone(), false, None),
    };
    let model = target.model.clone();
    Ok((Call { operation, method: parts.method, target: target_path, headers, body, model, stream }, restore))
}

fn unsupported(operation: Operation, target: &Target) -> Error {
    let speaks: Vec<&str> = target.instance.provider.dialects().iter().copied().map(Dialect::name).collect();
    Error::Unsupported {
        instance: target.instance.name.clone(),
        operation: operation.name(),
        speaks: speaks.join(" and "),
    }
}
