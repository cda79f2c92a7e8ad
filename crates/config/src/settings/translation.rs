//! `[translation]`

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ByteSize;

/// What happens where a client and its provider speak different dialects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Translation {
    /// Whether a request is refused that the provider's dialect cannot carry whole. Otherwise what is left out stands in
    /// the answer's header `x-ccproxy-dropped`.
    pub strict: bool,
    /// How much memory responses may take that are kept for clients of Responses whose provider keeps none, each with
    /// its conversation; the least used go first. 0 keeps none.
    pub store_limit: ByteSize,
    /// How long such a response is kept.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub store_ttl: Duration,
}

impl Default for Translation {
    fn default() -> Self {
        Self { strict: false, store_limit: ByteSize::mib(64), store_ttl: Duration::from_secs(24 * 60 * 60) }
    }
}
