//! A part of the configuration that somebody else reads.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::place::{Mistake, Mistakes, Place};
use crate::read::read;
use crate::tree::{Node, Step, dotted, parse_file};

/// A subtree of the configuration with its path and the places of its values.
#[derive(Clone, Debug)]
pub struct Section {
    path: String,
    node: Node,
}

impl Section {
    pub(crate) fn new(path: impl Into<String>, node: Node) -> Self {
        Self { path: path.into(), node }
    }

    /// A section in which nothing is set.
    #[must_use]
    pub fn empty(path: &str) -> Self {
        Self::new(path, Node::table(Place::Default))
    }

    /// A section from TOML text, for tests of whoever reads one.
    ///
    /// # Errors
    /// The syntax errors of the text.
    pub fn from_toml(path: &str, text: &str) -> Result<Self, Mistakes> {
        let (node, mistakes) = parse_file(Path::new("section.toml"), text);
        Mistakes::or(mistakes, Self::new(path, node))
    }

    /// Reads the section as `T`.
    ///
    /// # Errors
    /// Every mistake of the section, each with its place: unknown keys, wrong types, values out of range, missing keys.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Mistakes> {
        match read(&self.node, &self.path) {
            (Some(value), mistakes) => Mistakes::or(mistakes, value),
            (None, mistakes) => Err(Mistakes::new(mistakes)),
        }
    }

    /// The dotted path of the section, such as `providers.claude`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether both say the same, wherever they say it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.node.is_same(&other.node)
    }

    /// Whether a key is set, by whatever layer.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.node.get(key).is_some()
    }

    /// Where a key of this section was set; the place of the section where it was not.
    #[must_use]
    pub fn place(&self, key: &str) -> Place {
        self.node.locate(&[Step::Key(key.to_owned())]).1
    }

    /// A mistake at a key of this section, for checks that a type cannot express.
    #[must_use]
    pub fn mistake(&self, key: &str, message: impl Into<String>) -> Mistake {
        Mistake::new(self.place(key), dotted(&self.path, &[Step::Key(key.to_owned())]), message)
    }
}
