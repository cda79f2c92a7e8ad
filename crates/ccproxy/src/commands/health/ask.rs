//! One question.

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};

use super::place::Place;

/// A health page is smaller by far.
const LARGEST: usize = 1 << 20;

/// The status and the body, or what went wrong.
pub(super) async fn get(place: &Place) -> Result<(u16, Bytes), String> {
    let reply = place.way.get(&place.page, None).await?;
    let status = reply.answer.status().as_u16();
    let body = Limited::new(reply.answer.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
    Ok((status, body.to_bytes()))
}
