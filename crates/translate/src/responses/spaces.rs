//! Tools that a client of Responses calls in another way than by one name.
//!
//! Codex has the tools of MCP servers in namespaces, and behind a search that it makes itself. Other dialects know
//! neither: there a tool in a namespace has both names in one, and the search is a function.

use std::collections::BTreeMap;

/// The way in which the client wants a tool called, by the name that others are told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spaces(BTreeMap<String, Way>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// By its name in a namespace.
    Within { namespace: String, name: String },
    /// As a search for tools.
    Search,
}

/// What the search for tools is called.
pub(crate) const SEARCH: &str = "tool_search";

impl Spaces {
    /// The one name for a tool in a namespace.
    pub(crate) fn flat(namespace: &str, name: &str) -> String {
        let between = if namespace.ends_with("__") { "" } else { "__" };
        format!("{namespace}{between}{name}")
    }

    pub(crate) fn learn(&mut self, flat: &str, way: Way) {
        self.0.insert(flat.to_owned(), way);
    }

    pub(crate) fn way(&self, flat: &str) -> Option<&Way> {
        self.0.get(flat)
    }
}
