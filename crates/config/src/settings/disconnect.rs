//! `[disconnect]`

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::byte_size::ByteSize;

/// What becomes of a call to a provider when the client that wanted it goes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Disconnect {
    /// Whether the call ends with its client, or is seen through for what it used.
    pub policy: OnDisconnect,
    /// How long a call goes on without its client, with `finish`; then it is cancelled after all.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub time: Duration,
    /// How much of an answer is read without its client, with `finish`; then it is cancelled after all.
    pub size: ByteSize,
}

impl Default for Disconnect {
    fn default() -> Self {
        Self { policy: OnDisconnect::Cancel, time: Duration::from_secs(60), size: ByteSize::mib(16) }
    }
}

/// Whether a call to a provider ends with its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDisconnect {
    /// It is cancelled at once: the provider stops, and what was used is known as far as it has been told.
    Cancel,
    /// The answer is read to its end and thrown away: what it used is known, and the connection can be used again. The
    /// provider is paid for all of it.
    Finish,
}
