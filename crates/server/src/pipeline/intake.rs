//! Step 0: take the body in, up to the limit, and read what routing needs of it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ccproxy_wire::{Operation, RequestError, RequestHead};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, HeaderValue, Request};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::app::Limits;
use crate::error::Error;

/// As much of a refused body is read, and thrown away.
const DISCARD_LIMIT: usize = 64 * 1024 * 1024;
/// A refused body is read for this long.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// Reads the whole body. A body that arrives in one piece is not copied.
pub(super) async fn read(
    mut body: Incoming,
    headers: &HeaderMap,
    operation: Operation,
    limits: &Limits,
) -> Result<Bytes, Error> {
    if body.is_end_stream() || !operation.has_body() {
        return Ok(Bytes::new());
    }
    if let Some(encoding) = encoding(headers) {
        rest(&mut body, headers).await;
        return Err(Error::Encoded { encoding });
    }
    let (limit, patience) = (limits.body, limits.body_timeout);
    let too_large = Error::BodyTooLarge { limit };
    let announced: Option<u64> =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length| length > limit) {
        rest(&mut body, headers).await;
        return Err(too_large);
    }
    let first = soon(&mut body, patience).await?.unwrap_or_default();
    if announced == Some(first.len() as u64) && body.is_end_stream() {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    // The announced length is within the limit, so it is safe to make room for it at once.
    whole.reserve(
        announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(0).saturating_sub(whole.len()),
    );
    while let Some(part) = soon(&mut body, patience).await? {
        if whole.len() as u64 + part.len() as u64 > limit {
            rest(&mut body, headers).await;
            return Err(too_large);
        }
        whole.extend_from_slice(&part);
    }
    if whole.len() as u64 > limit { Err(too_large) } else { Ok(whole.freeze()) }
}

/// What the body is encoded in. We would route by other bytes than the provider reads, and to decode it is to make room
/// for what may be a thousand times as large.
fn encoding(headers: &HeaderMap) -> Option<String> {
    let plain = |encoding: &&HeaderValue| encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    let encoding = headers.get_all(CONTENT_ENCODING).iter().find(|encoding| !plain(encoding))?;
    Some(String::from_utf8_lossy(encoding.as_bytes()).chars().take(64).collect())
}

/// Throws the body of a request away that is refused for another reason than its body.
pub(super) async fn discard(request: Request<Incoming>) {
    let (parts, mut body) = request.into_parts();
    rest(&mut body, &parts.headers).await;
}

/// Throws away what is left of a body. A client that is still sending would have its connection reset, and lose our
/// answer; one that waits for leave to send gets the answer at once.
async fn rest(body: &mut Incoming, headers: &HeaderMap) {
    if body.is_end_stream() || headers.contains_key(EXPECT) {
        return;
    }
    let all = async {
        let mut left = DISCARD_LIMIT;
        while left > 0 {
            let Ok(Some(part)) = next(body).await else { return };
            left = left.saturating_sub(part.len());
        }
    };
    // What takes longer than that is not worth the answer.
    let _ = tokio::time::timeout(DISCARD_TIME, all).await;
}

/// The next piece, if it comes within `limit`: a body that stands still must not hold a connection for ever.
async fn soon(body: &mut Incoming, limit: Duration) -> Result<Option<Bytes>, Error> {
    tokio::time::timeout(limit, next(body)).await.map_err(|_| Error::BodyTimeout { limit })?
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Error> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| Error::BodyBroken)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Reads model and stream; operations without a body have none.
pub(super) fn head(operation: Operation, body: &[u8]) -> Result<Option<RequestHead<'_>>, RequestError> {
    operation.has_body().then(|| RequestHead::read(body)).transpose()
}
