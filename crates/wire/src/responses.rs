//! OpenAI Responses.
//!
//! Sources: the API reference of `POST /v1/responses` and of its streaming events (developers.openai.com/api/reference),
//! as the official Python SDK 3.54 (November 2026) types them; what Codex 0.169 sends, as seen.
//!
//! What is read is tolerant: no field has to be there, unknown ones are passed over, and of a type that is not known
//! only the `type` is kept. What is written has every field that the SDKs' types require.

pub mod answer;
pub mod body;
pub mod echo;
pub mod event;
pub mod item;
pub mod request;
pub mod turn;

use std::borrow::Cow;
use std::ops::Deref;

use serde::Deserialize;

/// A string, borrowed where it has no escapes; within an `Option`, too, where a plain `Cow` is always a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Str<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Str<'_> {
    /// The string as a copy.
    #[must_use]
    pub fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// What has a `type`, of which there will be more than are known.
pub trait Typed<'a>: Deserialize<'a> {
    /// The types that are known.
    const KNOWN: &'static [&'static str];

    /// One of which no more is known than its type.
    fn other(r#type: Str<'a>) -> Self;
}

/// Reads what has a `type`. Fields of an unknown type may be anything.
///
/// # Errors
/// If it is no object, or a field of a known type is of another type than it must be.
pub fn read<'a, T: Typed<'a>>(json: &'a str) -> Result<T, serde_json::Error> {
    serde_json::from_str(json).or_else(|error| {
        let Head { r#type } = serde_json::from_str(json)?;
        match r#type {
            Some(r#type) if !T::KNOWN.contains(&&*r#type) => Ok(T::other(r#type)),
            _ => Err(error),
        }
    })
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    r#type: Option<Str<'a>>,
}

impl std::borrow::Borrow<str> for Str<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}
