//! Whole answers, in each dialect's shape.

pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod embeddings;
pub(crate) mod messages;
pub(crate) mod models;
pub(crate) mod responses;

use bytes::Bytes;
use serde::Serialize;

/// Serialising plain structs into memory cannot fail; the empty object stands for the impossible.
pub(crate) fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).map_or_else(|_| Bytes::from_static(b"{}"), Bytes::from)
}
