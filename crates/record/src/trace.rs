//! The trace that an exchange is part of, by W3C Trace Context.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where an exchange stands in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceContext {
    /// The trace, which the client may have begun.
    pub trace: TraceId,
    /// The span of the exchange itself.
    pub span: SpanId,
    /// The client's span, if it told one.
    pub parent: Option<SpanId>,
    /// Whether the trace is to be kept.
    pub sampled: bool,
}

/// An id that is not in hexadecimal, or all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0} hexadecimal digits, not all zero")]
pub struct InvalidId(usize);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($number:ty), $digits:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name($number);

        impl $name {
            /// An id of this number; none if it is zero, which is no id.
            #[must_use]
            pub const fn new(number: $number) -> Option<Self> {
                if number == 0 { None } else { Some(Self(number)) }
            }

            /// The id's bytes, as OTLP has them.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; $digits / 2] {
                self.0.to_be_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:0", $digits, "x}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid = text.len() == $digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                let number = <$number>::from_str_radix(text, 16).ok().filter(|_| valid);
                number.and_then(Self::new).ok_or(InvalidId($digits))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id! {
    /// The id of a trace.
    TraceId(u128), 32
}
id! {
    /// The id of a span.
    SpanId(u64), 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hexadecimal_and_not_zero() {
        let check = |text: &str, expect: bool| assert_eq!(text.parse::<SpanId>().is_ok(), expect, "{text}");
        check("00f067aa0ba902b7", true);
        check("0000000000000000", false);
        check("f067aa0ba902b7", false);
        check("+0f067aa0ba902b7", false);
        check("zzf067aa0ba902b7", false);
        assert_eq!("00f067aa0ba902b7".parse::<SpanId>().unwrap().to_string(), "00f067aa0ba902b7");
    }
}
