//! `[limits]`

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dollars::Dollars;

/// How much is served at a time, and how much each client may ask for. Whatever is not set has no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How many requests of the API may be under way at once, from all clients to all providers; 0 means any number.
    /// Pages and health probes do not count. A provider's own limit is `providers.NAME.concurrency`.
    pub concurrency: u32,
    /// How many requests may wait for a place, here and at the providers together. Any more are turned away at once, as an
    /// overloaded provider would: HTTP 529 for Messages, 503 for the others.
    pub queue: u32,
    /// How long a request may wait for its places; after that it is turned away.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub queue_timeout: Duration,
    /// What each named key may do, unless its own `limits` say otherwise.
    #[serde(skip_serializing_if = "KeyLimits::is_none")]
    pub keys: KeyLimits,
    /// What all clients without a named key may do together: those who show `auth.token`, and everybody where no key has to
    /// be shown.
    #[serde(skip_serializing_if = "KeyLimits::is_none")]
    pub anonymous: KeyLimits,
    /// What becomes of requests by clients with a budget for models whose price is not known (docs/PRICING.md).
    pub unpriced: Unpriced,
}

/// What becomes of a request whose cost will not be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unpriced {
    /// It is served, and counts against no budget.
    #[default]
    Allow,
    /// It is refused.
    Refuse,
}

/// How long a budget is for: from midnight to midnight in UTC, a week from Monday on, a month from its first day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A day.
    Day,
    /// An ISO week.
    Week,
    /// A month.
    Month,
}

impl Period {
    /// All there are, the shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 0,
            queue: 256,
            queue_timeout: Duration::from_secs(10),
            keys: KeyLimits::default(),
            anonymous: KeyLimits::default(),
            unpriced: Unpriced::default(),
        }
    }
}

/// What a client may do. 0 means any number, also where a default says otherwise. Lists of models and counting tokens are
/// free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeyLimits {
    /// Requests a minute. They come back one by one: with 60, one more each second, and never more than 60 at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// Tokens a minute, input and output together, as providers count them. They are known when an answer ends: a request
    /// may overdraw, and the next ones wait until that is made good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
    /// Requests under way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Of these, requests for a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<u32>,
    /// US dollars a day, by the calendar in UTC. What a request costs is known when its answer ends: whatever is under way when
    /// the budget is used up goes on to its end, and overdraws it. Then requests are refused until the next day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_per_day: Option<Dollars>,
    /// US dollars a week, from Monday on, in the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_per_week: Option<Dollars>,
    /// US dollars a month, in the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_per_month: Option<Dollars>,
}

impl KeyLimits {
    /// What is in force where these are set and those are the defaults; what is left has a limit that is more than 0.
    #[must_use]
    pub fn over(self, defaults: Self) -> Self {
        let budget = |own: Option<Dollars>, default| own.or(default).filter(|budget| budget.nanos() > 0);
        Self {
            requests_per_minute: self
                .requests_per_minute
                .or(defaults.requests_per_minute)
                .filter(|limit| *limit > 0),
            tokens_per_minute: self
                .tokens_per_minute
                .or(defaults.tokens_per_minute)
                .filter(|limit| *limit > 0),
            concurrency: self.concurrency.or(defaults.concurrency).filter(|limit| *limit > 0),
            streams: self.streams.or(defaults.streams).filter(|limit| *limit > 0),
            budget_per_day: budget(self.budget_per_day, defaults.budget_per_day),
            budget_per_week: budget(self.budget_per_week, defaults.budget_per_week),
            budget_per_month: budget(self.budget_per_month, defaults.budget_per_month),
        }
    }

    /// The budgets that are set.
    pub fn budgets(&self) -> impl Iterator<Item = (Period, Dollars)> + use<> {
        let budgets = [self.budget_per_day, self.budget_per_week, self.budget_per_month];
        Period::ALL.into_iter().zip(budgets).filter_map(|(period, budget)| Some((period, budget?)))
    }

    /// Whether nothing is limited.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_have_more_less_or_no_limit() {
        let defaults = KeyLimits { requests_per_minute: Some(60), streams: Some(2), ..KeyLimits::default() };
        let check = |own: KeyLimits, expect: [Option<u64>; 2]| {
            let got = own.over(defaults);
            assert_eq!([got.requests_per_minute, got.streams.map(u64::from)], expect, "{own:?}");
        };
        check(KeyLimits::default(), [Some(60), Some(2)]);
        check(KeyLimits { requests_per_minute: Some(5), ..KeyLimits::default() }, [Some(5), Some(2)]);
        let day = |dollars| KeyLimits {
            budget_per_day: Some(Dollars::from_nanos(dollars)),
            ..KeyLimits::default()
        };
        assert_eq!(KeyLimits::default().over(day(5)), day(5));
        assert_eq!(
            day(7).over(day(5)).budgets().collect::<Vec<_>>(),
            [(Period::Day, Dollars::from_nanos(7))]
        );
        assert!(day(0).over(day(5)).is_none());
        let free = KeyLimits { requests_per_minute: Some(0), streams: Some(0), ..KeyLimits::default() };
        check(free, [None, None]);
        assert!(free.over(defaults).is_none());
    }
}
