//! An amount of bytes that people can write.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// An amount of bytes: a number, or a string with a unit (`"64KiB"`, `"32MiB"`, `"1GB"`).
///
/// ```
/// use ccproxy_config::ByteSize;
///
/// let size: ByteSize = "32MiB".parse()?;
/// assert_eq!(size.bytes(), 32 * 1024 * 1024);
/// assert_eq!(size.to_string(), "32MiB");
/// # Ok::<(), ccproxy_config::InvalidByteSize>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

/// The text is no amount of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a number of bytes, or one with a unit such as \"64KiB\" or \"32MiB\"")]
pub struct InvalidByteSize;

const UNITS: [(&str, u64); 8] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("KB", 1_000),
    ("B", 1),
];

impl ByteSize {
    /// So many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many times 1,024 bytes.
    #[must_use]
    pub const fn kib(n: u64) -> Self {
        Self(n << 10)
    }

    /// So many times 1,048,576 bytes.
    #[must_use]
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }

    /// The amount in bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The amount as a length in memory, the longest there is where it would not fit.
    #[must_use]
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = InvalidByteSize;

    fn from_str(text: &str) -> Result<Self, InvalidByteSize> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(digits).ok_or(InvalidByteSize)?;
        let number: u64 = number.parse().map_err(|_| InvalidByteSize)?;
        let unit = unit.trim_start();
        let factor = match unit {
            "" => 1,
            _ => UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or(InvalidByteSize)?.1,
        };
        number.checked_mul(factor).map(Self).ok_or(InvalidByteSize)
    }
}

/// The largest binary unit that leaves no remainder.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().take(3).find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor));
        match unit {
            Some((name, factor)) => write!(f, "{}{name}", self.0 / factor),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = ByteSize;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount of bytes such as 1024, \"64KiB\" or \"32MiB\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(""), &self))
            }

            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<ByteSize, E> {
                Ok(ByteSize(bytes))
            }

            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<ByteSize, E> {
                u64::try_from(bytes)
                    .map(ByteSize)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(bytes), &self))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "format": "bytes", "minimum": 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let check = |text: &str, expect: Option<u64>| {
            assert_eq!(text.parse::<ByteSize>().ok().map(ByteSize::bytes), expect, "{text}");
        };
        check("0", Some(0));
        check("1024", Some(1024));
        check("64KiB", Some(65536));
        check("32 MiB", Some(32 << 20));
        check("1gb", Some(1_000_000_000));
        check("7B", Some(7));
        check("", None);
        check("MiB", None);
        check("-1", None);
        check("1.5MiB", None);
        check("12 parsecs", None);
        check("99999999999GiB", None);
    }

    #[test]
    fn shows_the_largest_whole_unit() {
        let check = |bytes, expect: &str| assert_eq!(ByteSize::new(bytes).to_string(), expect);
        check(0, "0B");
        check(1000, "1000B");
        check(65536, "64KiB");
        check(32 << 20, "32MiB");
        check(3 << 30, "3GiB");
    }
}
