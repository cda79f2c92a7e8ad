//! Pieces that the configurations of several provider kinds share.

use std::time::Duration;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long to wait for an upstream, phase by phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Until a connection stands, TLS included.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub connect: Duration,
    /// From the request to the head of the answer. Long, because a model may think before it says anything.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub headers: Duration,
    /// Between two pieces of the answer.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub idle: Duration,
    /// For the whole exchange.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            headers: Duration::from_secs(600),
            idle: Duration::from_secs(300),
            total: Duration::from_secs(3600),
        }
    }
}

/// How `match` is compared with the model's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchKind {
    /// The names are equal.
    #[default]
    Exact,
    /// The name starts with it.
    Prefix,
    /// The name ends with it.
    Suffix,
    /// The regular expression is found in the name.
    Regex,
}

/// A rule that renames models on their way to the upstream. Rules are tried in order, the first that matches wins.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Rule", into = "Rule")]
#[schemars(with = "Rule")]
pub struct ModelRule {
    rule: Rule,
    regex: Option<Regex>,
}

/// A rule that renames models on their way to the upstream. Rules are tried in order, the first that matches wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ModelRule")]
struct Rule {
    /// What the client's model name is compared with.
    r#match: String,
    /// The model the upstream is asked for.
    target: String,
    /// How `match` is compared with the name.
    #[serde(default)]
    kind: MatchKind,
}

/// A model rule that cannot work.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidRule {
    /// The pattern is no regular expression.
    #[error("match is not a valid regular expression: {0}")]
    Regex(String),
    /// There is no target.
    #[error("target is empty")]
    NoTarget,
}

impl ModelRule {
    /// Makes a rule.
    ///
    /// # Errors
    /// An empty target, or a `Regex` rule whose pattern is not a regular expression.
    pub fn new(
        kind: MatchKind,
        pattern: impl Into<String>,
        target: impl Into<String>,
    ) -> Result<Self, InvalidRule> {
        Rule { r#match: pattern.into(), target: target.into(), kind }.try_into()
    }

    /// Whether the rule is for this model.
    #[must_use]
    pub fn matches(&self, model: &str) -> bool {
        let pattern = self.rule.r#match.as_str();
        match self.rule.kind {
            MatchKind::Exact => model == pattern,
            MatchKind::Prefix => model.starts_with(pattern),
            MatchKind::Suffix => model.ends_with(pattern),
            MatchKind::Regex => self.regex.as_ref().is_some_and(|regex| regex.is_match(model)),
        }
    }

    /// The model that the upstream is asked for.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.rule.target
    }
}

/// The model an upstream is asked for when a client asks for `model`.
#[must_use]
pub fn map_model<'a>(rules: &'a [ModelRule], model: &'a str) -> &'a str {
    rules.iter().find(|rule| rule.matches(model)).map_or(model, ModelRule::target)
}

impl TryFrom<Rule> for ModelRule {
    type Error = InvalidRule;

    fn try_from(rule: Rule) -> Result<Self, InvalidRule> {
        if rule.target.is_empty() {
            return Err(InvalidRule::NoTarget);
        }
        let regex = match rule.kind {
            MatchKind::Regex => Some(Regex::new(&rule.r#match).map_err(|e| InvalidRule::Regex(reason(&e)))?),
            _ => None,
        };
        Ok(Self { rule, regex })
    }
}

/// The last line of a regex error says what is wrong; those before draw it.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

impl From<ModelRule> for Rule {
    fn from(rule: ModelRule) -> Self {
        rule.rule
    }
}

impl PartialEq for ModelRule {
    fn eq(&self, other: &Self) -> bool {
        self.rule == other.rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Section;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Config {
        timeouts: Timeouts,
        model_mappings: Vec<ModelRule>,
    }

    fn read(text: &str) -> Result<Config, String> {
        Section::from_toml("providers.x", text).unwrap().read().map_err(|m| m.to_string())
    }

    #[test]
    fn the_first_rule_that_matches_wins() {
        let config = read(
            "model_mappings = [
               { match = 'opus', target = 'a' },
               { match = 'claude-3', target = 'b', kind = 'prefix' },
               { match = '-mini', target = 'c', kind = 'suffix' },
               { match = '^gpt-[0-9]$', target = 'd', kind = 'regex' },
             ]",
        )
        .unwrap();
        let check = |model, expect| assert_eq!(map_model(&config.model_mappings, model), expect);
        check("opus", "a");
        check("opus-4", "opus-4");
        check("claude-3-mini", "b");
        check("gpt-5-mini", "c");
        check("gpt-5", "d");
        check("gpt-55", "gpt-55");
    }

    #[test]
    fn mistakes_in_rules_are_all_reported_with_their_places() {
        let error = read(
            "model_mappings = [
  { match = '(', target = 'a', kind = 'regex' },
  { match = 'x' },
  { match = 'x', target = 'b', kind = 'prefx' },
  { match = 'x', target = '' },
]
timeouts = { connect = 10, idle = '5 parsecs' }",
        )
        .unwrap_err();
        insta::assert_snapshot!(error);
    }

    #[test]
    fn timeouts_have_defaults_one_by_one() {
        let config = read("timeouts.idle = '7s'").unwrap();
        assert_eq!(config.timeouts, Timeouts { idle: Duration::from_secs(7), ..Timeouts::default() });
    }
}
