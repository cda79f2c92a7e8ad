//! A client's key: an entry of `[[auth.keys]]`, or of `[[keys]]` in `auth.key_file`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KeyHash, KeyLimits};
use crate::pattern::Pattern;

/// A client's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientKey {
    /// What the key is called in logs; unique.
    pub name: String,
    /// The hash of the key: `blake3:` and 64 hexadecimal digits.
    pub hash: KeyHash,
    /// The models that the key is good for, as patterns with `*`; none means all.
    #[serde(default)]
    pub models: Vec<Pattern>,
    /// The provider instances that the key is good for; none means all.
    #[serde(default)]
    pub providers: Vec<String>,
    /// What the key may do, where that is not as `[limits.keys]` has it.
    #[serde(default, skip_serializing_if = "KeyLimits::is_none")]
    pub limits: KeyLimits,
    /// When the key was made; for people only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Moment>,
    /// From when on the key is no longer good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Moment>,
    /// When the key was revoked: it is good for nothing since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Moment>,
    /// When the key took the place of `old`; for people only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated: Option<Moment>,
    /// The key before it, which is good for a while yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<OldKey>,
}

/// A key that another has taken the place of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OldKey {
    /// The hash of the key.
    pub hash: KeyHash,
    /// Until when it is good.
    pub until: Moment,
}

impl ClientKey {
    /// Whether the key is good for a model.
    #[must_use]
    pub fn allows(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|pattern| pattern.matches(model))
    }

    /// Whether the key is good for a provider instance.
    #[must_use]
    pub fn allows_provider(&self, instance: &str) -> bool {
        self.providers.is_empty() || self.providers.iter().any(|name| name == instance)
    }
}

/// A moment as RFC 3339 has it, or a date, which means its beginning in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline, extend("format" = "date-time"))]
pub struct Moment(Timestamp);

/// The text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time with its zone such as 2027-01-31T18:00:00Z, or a date such as 2027-01-31")]
pub struct InvalidMoment;

impl Moment {
    /// This moment, to the second.
    #[must_use]
    pub fn now() -> Self {
        let now = Timestamp::now();
        Self(Timestamp::from_second(now.as_second()).unwrap_or(now))
    }

    /// The moment that is so much later; the last one there is where that is too far.
    #[must_use]
    pub fn after(self, wait: std::time::Duration) -> Self {
        Self(self.0.checked_add(wait).unwrap_or(Timestamp::MAX))
    }

    /// How long after another it is; no time where it is not.
    #[must_use]
    pub fn since(self, before: Self) -> std::time::Duration {
        self.0.duration_since(before.0).try_into().unwrap_or_default()
    }

    /// Whether this moment has come at another.
    #[must_use]
    pub fn has_come(self, now: Self) -> bool {
        self <= now
    }
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        let midnight = || format!("{text}T00:00:00Z").parse().ok();
        text.parse().ok().or_else(midnight).map(Self).ok_or(InvalidMoment)
    }
}

impl TryFrom<String> for Moment {
    type Error = InvalidMoment;

    fn try_from(text: String) -> Result<Self, InvalidMoment> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_good_for_what_it_names() {
        let key = |toml: &str| -> ClientKey {
            toml::from_str(&format!("name = 'ci'\nhash = 'blake3:{}'\n{toml}", "0".repeat(64))).unwrap()
        };
        let all = key("");
        assert!(all.allows("gpt-5") && all.allows_provider("codex"));
        let some = key("models = ['claude-*']\nproviders = ['claude']");
        assert!(!some.allows("gpt-5") && some.allows("claude-opus"));
        assert!(!some.allows_provider("codex") && some.allows_provider("claude"));
    }

    #[test]
    fn moments() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(text.parse::<Moment>().ok().map(String::from).as_deref(), expect, "{text}");
        };
        check("2027-01-31T18:00:00Z", Some("2027-01-31T18:00:00Z"));
        check("2027-01-31T18:00:00+02:00", Some("2027-01-31T16:00:00Z"));
        check("2027-01-31", Some("2027-01-31T00:00:00Z"));
        check("2027-01-31T18:00:00", None);
        check("2027-02-31", None);
        check("tomorrow", None);
        let day = std::time::Duration::from_secs(86400);
        let moment: Moment = "2027-01-31".parse().unwrap();
        assert_eq!(moment.after(day).to_string(), "2027-02-01T00:00:00Z");
        assert!(moment.has_come(moment) && moment.has_come(moment.after(day)));
        assert!(!moment.after(day).has_come(moment));
        assert_eq!((moment.after(day).since(moment), moment.since(moment.after(day)).as_secs()), (day, 0));
    }
}
