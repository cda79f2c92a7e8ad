//! `[[routes]]`

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pattern::Pattern;

/// Which instances serve a model on the unified `/v1`. Routes are tried in order, the first that matches wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The model's name, `*` standing for any run of characters.
    pub model: Pattern,
    /// Instances to try, in order: `"claude"`, or `"claude/claude-sonnet-4-6"` to ask for another model there.
    #[schemars(extend("minItems" = 1))]
    pub targets: Vec<Target>,
    /// Which of the targets is asked first.
    #[serde(default)]
    pub strategy: Strategy,
    /// For `weighted`: the share of each target, in the order of `targets`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<u32>,
    /// Whether the requests of one session go to one target as long as it is up, so that the provider's prompt cache is
    /// of use. The strategy's shares are kept; its order is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
}

/// Which of a route's targets is asked first. Targets that are down or rest come last whatever the strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The first in the list.
    #[default]
    Failover,
    /// Each in turn.
    RoundRobin,
    /// Of two at random the faster: by the time to the first byte of late and the requests that are under way.
    LeastLatency,
    /// At random, by `weights`.
    Weighted,
}

/// What tells the requests of one session from those of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sticky {
    /// The header in which clients name their session: `x-claude-code-session-id`, `session-id`, `x-session-id`,
    /// `x-session-affinity`.
    Session,
    /// The field `prompt_cache_key` of OpenAI's requests, or else the session's header.
    PromptCacheKey,
}

/// A provider instance and, where the client's model is not the one to ask for, the model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline)]
pub struct Target {
    /// The name of a provider instance.
    pub instance: String,
    /// The model to ask it for; the client's own where there is none.
    pub model: Option<String>,
}

/// The text is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an instance, or an instance and a model: \"claude\" or \"claude/claude-sonnet-4-6\"")]
pub struct InvalidTarget;

impl Route {
    /// A route to these targets, in their order.
    #[must_use]
    pub fn to(model: impl Into<Pattern>, targets: Vec<Target>) -> Self {
        let model = model.into();
        Self { model, targets, strategy: Strategy::default(), weights: Vec::new(), sticky: None }
    }
}

impl Target {
    /// An instance, asked for the client's own model.
    #[must_use]
    pub fn instance(name: impl Into<String>) -> Self {
        Self { instance: name.into(), model: None }
    }
}

/// The model may contain slashes, the instance cannot.
impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let (instance, model) = match text.split_once('/') {
            Some((instance, model)) => (instance, Some(model.to_owned())),
            None => (text, None),
        };
        if instance.is_empty() || model.as_deref() == Some("") {
            return Err(InvalidTarget);
        }
        Ok(Self { instance: instance.to_owned(), model })
    }
}

impl TryFrom<String> for Target {
    type Error = InvalidTarget;

    fn try_from(text: String) -> Result<Self, InvalidTarget> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.instance)?;
        match &self.model {
            Some(model) => write!(f, "/{model}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_instance_and_model() {
        let check = |text: &str, expect: Option<(&str, Option<&str>)>| {
            let got = text.parse::<Target>().ok();
            assert_eq!(got.as_ref().map(|t| (t.instance.as_str(), t.model.as_deref())), expect, "{text}");
            if let Some(target) = got {
                assert_eq!(target.to_string(), text);
            }
        };
        check("claude", Some(("claude", None)));
        check("claude/claude-sonnet-4-6", Some(("claude", Some("claude-sonnet-4-6"))));
        check("router/meta/llama", Some(("router", Some("meta/llama"))));
        check("", None);
        check("/model", None);
        check("claude/", None);
    }
}
