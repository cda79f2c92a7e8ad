//! Money, exactly.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NANOS: i64 = 1_000_000_000;

/// An amount in US dollars, kept in billionths: sums of millions of small costs stay exact.
///
/// JSON has it as a number of dollars.
///
/// ```
/// use ccproxy_record::Cost;
///
/// let cost = Cost::from_nanos(1_500_000_000);
/// assert_eq!((cost + Cost::from_nanos(250_000_000)).to_string(), "1.75");
/// assert_eq!(cost.to_string(), "1.5");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(i64);

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

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        if !dollars.is_finite() {
            return Err(serde::de::Error::custom("expected an amount in US dollars"));
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
    fn shows_no_more_digits_than_there_are() {
        let check = |nanos, expect: &str| assert_eq!(Cost::from_nanos(nanos).to_string(), expect);
        check(0, "0");
        check(1, "0.000000001");
        check(1_500_000_000, "1.5");
        check(10_000_000_000, "10");
        check(-250_000_000, "-0.25");
    }
}
