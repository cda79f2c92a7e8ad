//! An amount of money that people can write.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

const NANOS: u64 = 1_000_000_000;

/// An amount in US dollars, exact to the billionth: a number, or a string (`"12.50"`).
///
/// ```
/// use ccproxy_config::Dollars;
///
/// let price: Dollars = "0.075".parse()?;
/// assert_eq!(price.nanos(), 75_000_000);
/// assert_eq!(price.to_string(), "0.075");
/// # Ok::<(), ccproxy_config::InvalidDollars>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dollars(u64);

/// The text is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an amount in US dollars with at most 9 decimals, such as \"12.50\"")]
pub struct InvalidDollars;

impl Dollars {
    /// So many billionths.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The amount in billionths.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }
}

impl FromStr for Dollars {
    type Err = InvalidDollars;

    fn from_str(text: &str) -> Result<Self, InvalidDollars> {
        let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 9 || !digits(whole) || !digits(part) {
            return Err(InvalidDollars);
        }
        let number = |text: &str| text.parse::<u64>().map_err(|_| InvalidDollars);
        let nanos = number(whole)?.checked_mul(NANOS).ok_or(InvalidDollars)?;
        let nanos = nanos.checked_add(number(&format!("{part:0<9}"))?).ok_or(InvalidDollars)?;
        // Costs are signed.
        i64::try_from(nanos).map(|_| Self(nanos)).map_err(|_| InvalidDollars)
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:09}", self.0 / NANOS, self.0 % NANOS);
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Dollars;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount in US dollars with at most 9 decimals, such as 3, 0.25 or \"12.50\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Dollars, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(""), &self))
            }

            fn visit_u64<E: de::Error>(self, dollars: u64) -> Result<Dollars, E> {
                self.visit_str(&dollars.to_string())
            }

            fn visit_i64<E: de::Error>(self, dollars: i64) -> Result<Dollars, E> {
                self.visit_str(&dollars.to_string())
            }

            /// The shortest text that means this number is the one that was written.
            fn visit_f64<E: de::Error>(self, dollars: f64) -> Result<Dollars, E> {
                self.visit_str(&dollars.to_string())
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl JsonSchema for Dollars {
    fn schema_name() -> Cow<'static, str> {
        "Dollars".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"], "format": "dollars", "minimum": 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        #[derive(Deserialize)]
        struct Table {
            x: Dollars,
        }
        let check = |toml: &str, expect: Option<u64>| {
            let read = toml::from_str::<Table>(&format!("x = {toml}")).ok();
            assert_eq!(read.map(|table| table.x.nanos()), expect, "{toml}");
        };
        check("3", Some(3_000_000_000));
        check("0.3", Some(300_000_000));
        check("0.0028", Some(2_800_000));
        check("0.003625", Some(3_625_000));
        check("18.75", Some(18_750_000_000));
        check("1e-9", Some(1));
        check("\"12.50\"", Some(12_500_000_000));
        check("\" 1 \"", Some(1_000_000_000));
        check("\"\"", None);
        check("\".5\"", None);
        check("\"$5\"", None);
        check("-1", None);
        check("-0.5", None);
        check("nan", None);
        check("inf", None);
        check("0.0000000001", None);
        check("\"9223372036.854775807\"", Some(9_223_372_036_854_775_807));
        check("\"9223372036.854775808\"", None);
        check("true", None);
    }

    #[test]
    fn shows_no_more_digits_than_there_are() {
        let check = |nanos, expect: &str| assert_eq!(Dollars::from_nanos(nanos).to_string(), expect);
        check(0, "0");
        check(1, "0.000000001");
        check(1_500_000_000, "1.5");
        check(10_000_000_000, "10");
    }
}
