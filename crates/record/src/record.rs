//! One exchange.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Cost, Ending, Fault, SpanId, Tokens, TraceContext};

/// One exchange of the API, from its first step to the last byte of its answer.
///
/// Its JSON is what the analytics API tells; the store's columns have the same names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The id that the client's answer carries. The client may have chosen it: it need not be unique.
    pub id: String,
    /// When the request began.
    pub began: Timestamp,
    /// The client's session, where it names one.
    pub session: Option<String>,
    /// The name of the client's key.
    pub key: Option<String>,
    /// What was asked for: a path below `/v1/`, such as `chat/completions`.
    pub operation: String,
    /// The client's dialect, where the operation has one.
    pub dialect: Option<String>,
    /// The pattern of the route that chose the provider; none where the client named the provider in its path.
    pub route: Option<String>,
    /// The provider instance that answered, or was asked last.
    pub provider: Option<String>,
    /// The kind of that instance.
    pub kind: Option<String>,
    /// The model that the client asked for.
    pub model: Option<String>,
    /// The model that the provider was asked for.
    pub served_model: Option<String>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The status that the client got; none if it went before there was one.
    pub status: Option<u16>,
    /// The status of the provider's last answer.
    pub upstream_status: Option<u16>,
    /// How it ended.
    pub ending: Ending,
    /// What went wrong, in a word of a fixed list such as `timeout`, `rate_limited` or `unknown_model`.
    pub error: Option<String>,
    /// Whose doing that was.
    pub fault: Option<Fault>,
    /// Every call of a provider, in order.
    pub attempts: Vec<Attempt>,
    /// From the beginning to the first byte of the answer.
    #[serde(rename = "first_byte_ms")]
    pub first_byte: Option<Millis>,
    /// From the beginning to the first content of a stream.
    #[serde(rename = "first_token_ms")]
    pub first_token: Option<Millis>,
    /// From the beginning to the end.
    #[serde(rename = "duration_ms")]
    pub duration: Millis,
    /// What the provider counted.
    pub tokens: Tokens,
    /// What that costs; none where the model's price is not known or nothing was counted.
    #[serde(rename = "cost_usd")]
    pub cost: Option<Cost>,
    /// Bytes of the client's request body.
    pub request_bytes: u64,
    /// Bytes of the answer's body that went to the client.
    pub response_bytes: u64,
    /// The trace it is part of, where traces are kept.
    pub trace: Option<TraceContext>,
}

/// One call of a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The provider instance.
    pub provider: String,
    /// The model it was asked for.
    pub model: Option<String>,
    /// From the exchange's beginning to the call.
    #[serde(rename = "after_ms")]
    pub after: Millis,
    /// From the call to the head of its answer, or to its failure.
    #[serde(rename = "duration_ms")]
    pub duration: Millis,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why there was none, in a word.
    pub error: Option<String>,
    /// The span under which the provider was asked, where traces are kept.
    pub span: Option<SpanId>,
}

/// A time span; JSON has it as a number of milliseconds, exact to the microsecond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub Duration);

impl Millis {
    /// Whole microseconds.
    #[must_use]
    pub fn micros(self) -> u64 {
        u64::try_from(self.0.as_micros()).unwrap_or(u64::MAX)
    }

    /// Of whole microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(Duration::from_micros(micros))
    }
}

impl From<Duration> for Millis {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "exact for 285 years")]
        serializer.serialize_f64(self.micros() as f64 / 1e3)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        let duration = Duration::try_from_secs_f64(millis / 1e3).map_err(serde::de::Error::custom)?;
        Ok(Self(duration))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, F64Deserializer};

    use super::*;

    #[test]
    fn milliseconds_have_three_decimals() {
        let check = |millis, expect| {
            let read = Millis::deserialize(F64Deserializer::<Error>::new(millis));
            assert_eq!(read.ok().map(Millis::micros), expect, "{millis}");
        };
        check(0.0, Some(0));
        check(0.001, Some(1));
        check(1_234.567, Some(1_234_567));
        check(-1.0, None);
    }
}
