//! `count_tokens` for a provider that cannot: an estimate by a tokenizer here.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response};

use crate::body::Body;
use crate::error::Error;

/// Marks a count that no provider has made.
const ESTIMATED: HeaderName = HeaderName::from_static("x-ccproxy-estimated");

#[derive(serde::Serialize)]
struct Counted {
    input_tokens: u64,
}

/// The tokens of a request's prompt, as the Messages API tells them.
pub(super) async fn tokens(body: Bytes) -> Result<Response<Body>, Error> {
    // The vocabulary is unpacked at its first use, and a prompt may be long: neither is a worker's to wait for.
    let counted = tokio::task::spawn_blocking(move || ccproxy_translate::count_tokens(&body, &text)).await;
    let input_tokens = counted.map_err(|_| Error::Internal)??;
    let json = serde_json::to_vec(&Counted { input_tokens }).map_err(|_| Error::Internal)?;
    let mut response = Response::new(Body::from(Bytes::from(json)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(ESTIMATED, HeaderValue::from_static("true"));
    Ok(response)
}

/// The tokens of a text by OpenAI's o200k, which others' tokenizers are not far from.
fn text(text: &str) -> u64 {
    let encoding = tiktoken::get_encoding("o200k_base");
    encoding.map_or(0, |encoding| u64::try_from(encoding.count(text)).unwrap_or(u64::MAX))
}
