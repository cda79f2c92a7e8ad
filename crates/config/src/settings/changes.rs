//! What tells one configuration from another.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::load::typed;
use super::{ProviderSection, Settings};
use crate::place::Place;
use crate::secret::{MASK, SecretSource};
use crate::tree::{Node, Value};

impl Settings {
    /// The keys that have other values than in `before`, in order: `server.port`, `auth.keys`, `providers.claude`, `routes`.
    /// What lies deeper, and the items of lists, go by the key above them. Values are not told.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<String> {
        let mut found = BTreeSet::new();
        let sides = [&self.tree, &before.tree].map(Some);
        let read = [typed(self), typed(before)];
        differ(sides, [Some(&read[0]), Some(&read[1])], &mut Vec::new(), &mut found);
        found.into_iter().collect()
    }

    /// The file of the configuration; none where nothing was set in one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        fn first(node: &Node) -> Option<&Path> {
            node.entries().iter().find_map(|entry| match &entry.key_place {
                Place::File { path, .. } => Some(&**path),
                _ => first(&entry.node),
            })
        }
        first(&self.tree)
    }

    /// The files, beside that of the configuration, that are read for what is in force: those of tokens,
    /// that of keys and that of prices.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        fn of(token: &SecretSource) -> Option<&Path> {
            if let SecretSource::File(path) = token { Some(path) } else { None }
        }
        let tokens = [&self.auth.token, &self.management.token].into_iter().flatten().filter_map(of);
        tokens.map(Path::to_owned).chain(self.key_file()).chain(self.price_file()).collect()
    }
}

impl ProviderSection {
    /// Whether both say the same, wherever they say it.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.concurrency == other.concurrency
            && self.section.is_same(&other.section)
    }
}

/// How many parts of a key are told.
const DEPTH: usize = 2;

/// Goes down both trees at once. `read` is what the values were read as, where that is known: `75s` is `1m 15s`.
fn differ(
    sides: [Option<&Node>; 2],
    read: [Option<&Node>; 2],
    path: &mut Vec<String>,
    found: &mut BTreeSet<String>,
) {
    if let [Some(one), Some(other)] = sides
        && one.is_same(other)
    {
        return;
    }
    let is_table = |node: &Node| matches!(node.value, Value::Table(_));
    if sides.iter().flatten().all(|node| is_table(node)) {
        let keys: BTreeSet<&str> =
            sides.iter().flatten().flat_map(|node| node.entries()).map(|entry| entry.key.as_str()).collect();
        for key in keys {
            path.push(key.to_owned());
            differ(sides.map(|node| node?.get(key)), read.map(|node| node?.get(key)), path, found);
            path.pop();
        }
        return;
    }
    let same = matches!(read, [Some(one), Some(other)] if !hides(one) && one.is_same(other));
    if !same {
        found.insert(path.iter().take(DEPTH).map(String::as_str).collect::<Vec<_>>().join("."));
    }
}

/// Whether there is a secret in it, so that it looks the same whatever it is.
fn hides(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text.contains(MASK),
        _ => {
            node.entries().iter().any(|entry| hides(&entry.node)) || node.items().any(|(_, item)| hides(item))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sources;

    fn settings(text: &str) -> Settings {
        Settings::load(&Sources::from_text("t.toml", text)).unwrap()
    }

    #[test]
    fn what_has_changed_goes_by_its_key() {
        let check = |before: &str, after: &str, expect: &[&str]| {
            assert_eq!(settings(after).changes(&settings(before)), expect, "{before:?} {after:?}");
            assert_eq!(settings(before).changes(&settings(after)), expect, "{after:?} {before:?}");
        };
        check("", "", &[]);
        check("", "# a comment\n[server]\nport = 8000\nkeep_alive = '75s'\nbody_limit = '32768KiB'", &[]);
        check("[server]\nport = 1", "[server]\nport = 2\nhost = '::1'", &["server.host", "server.port"]);
        check("auth.token = 'one'", "auth.token = 'two'", &["auth.token"]);
        check("auth.token = 'one'", "auth.token = { value = 'one' }", &["auth.token"]);
        check("auth.token.file = 'one'", "auth.token.file = 'two'", &["auth.token"]);
        check("", "auth.token = 'one'", &["auth.token"]);
        check("", "management.port = 9", &["management.port"]);
        let proxy = |password: &str| format!("upstream.proxy = 'http://me:{password}@proxy:3128'");
        check(&proxy("one"), &proxy("two"), &["upstream.proxy"]);
        let hash =
            |digit: &str| format!("auth.keys = [{{ name = 'ci', hash = 'blake3:{}' }}]", digit.repeat(64));
        check(&hash("0"), &hash("1"), &["auth.keys"]);
        let provider = |name: &str, more: &str| format!("[providers.{name}]\nkind = 'openai'\n{more}\n");
        let (a, b) = (provider("a", ""), provider("b", ""));
        let routed = |text: &str| format!("{text}[[routes]]\nmodel = '*'\ntargets = ['a']");
        check(&routed(&a), &routed(&format!("\n{a}")), &[]);
        check(&routed(&a), &routed(&provider("a", "timeouts = { connect = '1s' }")), &["providers.a"]);
        check(&routed(&a), &routed(&format!("{a}{b}")), &["providers.b"]);
        check(&a, &b, &["providers.a", "providers.b", "routes"]);
    }

    #[test]
    fn files_are_those_of_tokens() {
        let text = "auth.token.file = 'one'\nmanagement.token.file = '/two'\n\
                    [providers.a]\nkind = 'openai'\ncredentials = [{ file = 'read again anyway' }]";
        assert_eq!(settings(text).files(), [Path::new("one"), Path::new("/two")]);
        assert!(settings("auth.token = 'x'").files().is_empty());
    }
}
