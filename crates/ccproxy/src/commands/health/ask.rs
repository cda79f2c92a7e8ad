//! One question.

use bytes::Bytes;

use super::place::Place;

/// A health page is smaller by far.
const LARGEST: usize = 1 << 20;

/// The status and the body, or what went wrong.
pub(super) async fn get(place: &Place) -> Result<(u16, Bytes), String> {
    place.way.get(&place.page, None).await?.whole(LARGEST).await
}
