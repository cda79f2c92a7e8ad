//! Money, exactly.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NANOS: i64 = 1_000_000_000;

/// An amount in US dollars, kept in billionths: sums of millions of small costs stay exact.
///
/// JSON has it as a number of dollars.
///
/// ```
/// use ccproxy_record::Cost;
///
/// let cost: Cost = "1.50".parse()?;
/// assert_eq!(cost + Cost::from_nanos(250_000_000), "1.75".parse()?);
/// assert_eq!(cost.to_string(), "1.5");
/// # Ok::<(), ccproxy_record::InvalidCost>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(i64);

/// A text that is no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an amount in US dollars with at most 9 decimals, such as 12.50")]
pub struct InvalidCost;

impl Cost {
    /// An amount in billionths of a dollar.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The amount in billionths of a dollar.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The amount in dollars, for whoever counts in floating point.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nine decimals of up to nine million dollars are kept")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) =
            (self.0.unsigned_abs() / NANOS.unsigned_abs(), self.0.unsigned_abs() % NANOS.unsigned_abs());
        let text = format!("{sign}{whole}.{part:09}");
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl FromStr for Cost {
    type Err = InvalidCost;

    fn from_str(text: &str) -> Result<Self, InvalidCost> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 9 || !digits(whole) || !digits(part) {
            return Err(InvalidCost);
        }
        let number = |text: &str| text.parse::<i64>().map_err(|_| InvalidCost);
        let nanos = number(whole)?.checked_mul(NANOS).ok_or(InvalidCost)?;
        nanos.checked_add(number(&format!("{part:0<9}"))?).map(Self).ok_or(InvalidCost)
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        if !dollars.is_finite() {
            return Err(serde::de::Error::custom(InvalidCost));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "it saturates")]
        let nanos = (dollars * NANOS as f64).round() as i64;
        Ok(Self(nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dollars() {
        let check = |text: &str, expect: Option<i64>| {
            assert_eq!(text.parse::<Cost>().ok().map(Cost::nanos), expect, "{text}");
        };
        check("0", Some(0));
        check("3", Some(3_000_000_000));
        check("12.50", Some(12_500_000_000));
        check("0.000000001", Some(1));
        check("0.0000000001", None);
        check("", None);
        check(".5", None);
        check("-1", None);
        check("1e3", None);
        check("99999999999999", None);
    }

    #[test]
    fn shows_no_more_digits_than_there_are() {
        let check = |nanos, expect: &str| assert_eq!(Cost::from_nanos(nanos).to_string(), expect);
        check(0, "0");
        check(1, "0.000000001");
        check(1_500_000_000, "1.5");
        check(10_000_000_000, "10");
        check(-250_000_000, "-0.25");
    }
}
