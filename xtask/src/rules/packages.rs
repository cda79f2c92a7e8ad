//! Who depends on whom, as cargo sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// The graph of dependencies, those for tests only apart.
#[derive(Default)]
pub(crate) struct Packages {
    rooms: BTreeMap<String, Room>,
    /// What each package of any origin needs to be built and to run.
    needs: BTreeMap<String, BTreeSet<String>>,
}

/// A package of this workspace.
#[derive(Default)]
pub(crate) struct Room {
    /// What it needs to be built and to run.
    pub(crate) needs: BTreeSet<String>,
    /// What its tests need besides.
    pub(crate) tests_need: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Packages {
    pub(crate) fn of(root: &Path) -> anyhow::Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version=1", "--locked", "--all-features"])
            .current_dir(root)
            .output()
            .context("cannot run cargo metadata")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo metadata failed: {complaint}");
        Ok(Self::from(serde_json::from_slice::<Metadata>(&output.stdout)?))
    }

    pub(crate) fn rooms(&self) -> impl Iterator<Item = (&str, &Room)> {
        self.rooms.iter().map(|(name, room)| (name.as_str(), room))
    }

    pub(crate) fn is_room(&self, name: &str) -> bool {
        self.rooms.contains_key(name)
    }

    /// The shortest way from a package to one of those named, itself first.
    pub(crate) fn way(&self, from: &str, to: &[&str]) -> Option<Vec<String>> {
        let mut ways = vec![vec![from.to_owned()]];
        let mut seen = BTreeSet::from([from.to_owned()]);
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in &ways {
                for next in way.last().and_then(|last| self.needs.get(last)).into_iter().flatten() {
                    if seen.insert(next.clone()) {
                        longer.push([way.as_slice(), std::slice::from_ref(next)].concat());
                    }
                }
            }
            let arrived = |way: &&Vec<String>| way.last().is_some_and(|last| to.contains(&last.as_str()));
            if let Some(way) = longer.iter().find(arrived) {
                return Some(way.clone());
            }
            ways = longer;
        }
        None
    }

    #[cfg(test)]
    pub(crate) fn from_lines(lines: &[&str]) -> Self {
        let mut packages = Self::default();
        for line in lines {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap();
            let (tests, needs): (BTreeSet<&str>, _) = words.partition(|word| word.starts_with('?'));
            let needs: BTreeSet<String> = needs.into_iter().map(str::to_owned).collect();
            packages.needs.insert(name.to_owned(), needs.clone());
            if name.starts_with("ccproxy") {
                let tests_need = tests.into_iter().map(|word| word[1..].to_owned()).collect();
                packages.rooms.insert(name.to_owned(), Room { needs, tests_need });
            }
        }
        packages
    }
}

impl From<Metadata> for Packages {
    fn from(metadata: Metadata) -> Self {
        let names: BTreeMap<&str, &str> =
            metadata.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let name = |id: &str| names.get(id).copied().unwrap_or(id).to_owned();
        let mut packages = Self::default();
        for node in &metadata.resolve.nodes {
            let mut room = Room::default();
            for dependency in &node.deps {
                let is_for_tests = |kind: &DependencyKind| kind.kind.as_deref() == Some("dev");
                let list = if dependency.dep_kinds.iter().all(is_for_tests) {
                    &mut room.tests_need
                } else {
                    &mut room.needs
                };
                list.insert(name(&dependency.pkg));
            }
            // Two versions of a package count as one.
            packages.needs.entry(name(&node.id)).or_default().extend(room.needs.iter().cloned());
            if metadata.workspace_members.contains(&node.id) {
                packages.rooms.insert(name(&node.id), room);
            }
        }
        packages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_need_stays_apart() {
        let metadata = r#"{
            "packages": [{"id": "1", "name": "room"}, {"id": "2", "name": "tokio"}, {"id": "3", "name": "proptest"}],
            "workspace_members": ["1"],
            "resolve": {"nodes": [
                {"id": "1", "deps": [
                    {"pkg": "2", "dep_kinds": [{"kind": "dev"}, {"kind": null}]},
                    {"pkg": "3", "dep_kinds": [{"kind": "dev"}]}
                ]},
                {"id": "2", "deps": []},
                {"id": "3", "deps": []}
            ]}
        }"#;
        let packages = Packages::from(serde_json::from_str::<Metadata>(metadata).unwrap());
        let [(name, room)] = packages.rooms().collect::<Vec<_>>().try_into().ok().unwrap();
        assert_eq!(name, "room");
        assert_eq!(room.needs, BTreeSet::from(["tokio".to_owned()]));
        assert_eq!(room.tests_need, BTreeSet::from(["proptest".to_owned()]));
        assert_eq!(packages.way("room", &["tokio"]), Some(vec!["room".to_owned(), "tokio".to_owned()]));
        assert_eq!(packages.way("room", &["proptest"]), None);
    }
}
