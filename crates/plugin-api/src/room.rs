//! How much a provider still lets us do.

use std::time::Duration;

/// The room left in a provider's scarcest rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What is limited: `requests`, `tokens`, …
    pub limit: &'static str,
    /// What is left of it, in whole percent, rounded down; 100 at most.
    pub percent: u8,
    /// When there is more again; none where the provider does not say.
    pub resets_in: Option<Duration>,
}
