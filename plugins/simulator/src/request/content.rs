//! The contents of turns, which all dialects write as a text or as a list of typed parts.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A text, or parts.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "must be a string or a list of objects with a type")]
pub(crate) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A part, or a block, of whatever type.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Part {
    #[serde(default)]
    pub(crate) r#type: String,
    text: Option<String>,
    /// What a tool result holds.
    content: Option<Nested>,
}

/// What a tool returned. The vendors' own tools have shapes of their own, which say nothing here.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Nested {
    Content(Content),
    Other(IgnoredAny),
}

impl Nested {
    /// All texts of it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Content(content) => content.all_text(),
            Self::Other(_) => String::new(),
        }
    }
}

impl Content {
    /// The last text of a turn: clients put their own remarks in front of what the user typed.
    pub(crate) fn last_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().rev().find_map(|part| part.text.clone()).unwrap_or_default(),
        }
    }

    /// All texts of a tool's result.
    pub(crate) fn all_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => {
                let texts: Vec<&str> = parts.iter().filter_map(|part| part.text.as_deref()).collect();
                texts.join("\n")
            }
        }
    }

    /// The results of tools among the blocks of a turn.
    pub(crate) fn tool_results(&self) -> Vec<String> {
        let Self::Parts(parts) = self else { return Vec::new() };
        parts
            .iter()
            .filter(|part| part.r#type == "tool_result")
            .map(|part| part.content.as_ref().map_or_else(String::new, Nested::text))
            .collect()
    }
}
