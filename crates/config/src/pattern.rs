//! Model name patterns.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A model name in which `*` stands for any run of characters, none included. Case matters.
///
/// ```
/// use ccproxy_config::Pattern;
///
/// assert!(Pattern::from("claude-*").matches("claude-sonnet-4-6"));
/// assert!(!Pattern::from("claude-*").matches("gpt-5"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Pattern(Cow<'static, str>);

impl Pattern {
    /// Whether the whole name fits.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or("");
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Pattern {
    fn from(pattern: &'static str) -> Self {
        Self(pattern.into())
    }
}

impl From<String> for Pattern {
    fn from(pattern: String) -> Self {
        Self(pattern.into())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run_of_characters() {
        let check = |pattern: &'static str, name, expect| {
            assert_eq!(Pattern::from(pattern).matches(name), expect, "{pattern} {name}");
        };
        check("*", "", true);
        check("*", "anything", true);
        check("gpt-5", "gpt-5", true);
        check("gpt-5", "gpt-5-mini", false);
        check("gpt-*", "gpt-", true);
        check("*-mini", "gpt-5-mini", true);
        check("*-mini", "gpt-5-mini-2", false);
        check("a*b*c", "a-b-c", true);
        check("a*b*c", "abc", true);
        check("a*b*c", "ac", false);
        check("ab*ba", "aba", false);
        check("", "", true);
        check("", "x", false);
        check("**", "x", true);
    }
}
