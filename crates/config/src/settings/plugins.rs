//! `[plugins.<name>]`

use std::collections::BTreeMap;

use crate::nearest::did_you_mean;
use crate::place::{Mistake, Place};
use crate::section::Section;
use crate::tree::{Node, Value};

/// What is set of the plugins that follow requests, each by its name.
#[derive(Clone, Debug, Default)]
pub struct PluginSections(BTreeMap<String, (Place, Section)>);

impl PluginSections {
    pub(super) fn of(tree: &Node, mistakes: &mut Vec<Mistake>) -> Self {
        let Some(mut table) = tree.get("plugins").cloned() else { return Self::default() };
        table.expand();
        if !matches!(table.value, Value::Table(_)) {
            mistakes.push(Mistake::new(table.place, "plugins", "expected tables: [plugins.<name>]"));
            return Self::default();
        }
        let section = |entry: &crate::tree::Entry| {
            let mut node = entry.node.clone();
            node.expand();
            let section = Section::new(format!("plugins.{}", entry.key), node);
            (entry.key.clone(), (entry.key_place.clone(), section))
        };
        Self(table.entries().iter().map(section).collect())
    }

    /// What is set of a plugin; nothing where the configuration does not name it.
    #[must_use]
    pub fn section(&self, name: &str) -> Section {
        let section = self.0.get(name).map(|(_, section)| section.clone());
        section.unwrap_or_else(|| Section::empty(&format!("plugins.{name}")))
    }

    /// A mistake for each plugin that is set and is none of those that there are.
    pub fn unknown(&self, known: &[&str]) -> impl Iterator<Item = Mistake> {
        self.0.iter().filter(|(name, _)| !known.contains(&name.as_str())).map(|(name, (place, section))| {
            let mistake = Mistake::new(place.clone(), section.path(), format!("there is no plugin {name:?}"));
            Mistake { hint: did_you_mean(name, "the plugins are", known), ..mistake }
        })
    }
}
