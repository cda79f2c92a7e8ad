//! Tokens that an exchange used.

use serde::{Deserialize, Serialize};

/// Token counts; none where the provider did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// Of the prompt, cached ones included.
    pub input: Option<u64>,
    /// Generated, reasoning included.
    pub output: Option<u64>,
    /// Of the input: read from the provider's prompt cache.
    pub cache_read: Option<u64>,
    /// Of the input: written to the provider's prompt cache.
    pub cache_write: Option<u64>,
    /// Of the output: spent on reasoning.
    pub reasoning: Option<u64>,
}

impl Tokens {
    /// Input and output together, as far as they are known.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input.unwrap_or(0).saturating_add(self.output.unwrap_or(0))
    }
}
