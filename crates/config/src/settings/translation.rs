//! `[translation]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens where a client and its provider speak different dialects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Translation {
    /// Whether a request is refused that the provider's dialect cannot carry whole. Otherwise what is left out stands in
    /// the answer's header `x-ccproxy-dropped`.
    pub strict: bool,
}
