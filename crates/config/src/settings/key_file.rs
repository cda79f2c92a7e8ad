//! `auth.key_file`: keys that `ccproxy keys` keeps, beside those of the configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ClientKey, Settings};
use crate::nearest::did_you_mean;
use crate::place::{Mistake, Mistakes, Place};
use crate::read::read;
use crate::tree::{Node, parse_file};

impl Settings {
    /// Where the file of keys is, if there is one. A relative path begins at the configuration file.
    #[must_use]
    pub fn key_file(&self) -> Option<PathBuf> {
        let path = self.auth.key_file.as_ref()?;
        let folder = match self.place("auth.key_file") {
            Place::File { path, .. } => path.parent().map(Path::to_owned),
            _ => None,
        };
        Some(folder.unwrap_or_default().join(path))
    }

    /// Every key, those of the file included, which is read here and now.
    ///
    /// # Errors
    /// A file that cannot be read or holds what is no key, two keys of one name, a provider that is not there.
    pub fn client_keys(&self) -> Result<Vec<ClientKey>, Mistakes> {
        let mut mistakes = Vec::new();
        let mut keys = self.auth.keys.clone();
        let inline = self.tree.get("auth").and_then(|auth| auth.get("keys")).cloned();
        self.unknown_providers("auth.keys", inline, &mut mistakes);
        if let Some(path) = self.key_file() {
            match std::fs::read_to_string(&path) {
                Ok(text) => keys.extend(self.keys_of(&path, &text, &mut mistakes)),
                Err(error) => {
                    let message = format!("{} cannot be read: {error}", path.display());
                    let hint = "`ccproxy keys create NAME` makes the file with its first key";
                    mistakes.push(self.mistake("auth.key_file", message).hint(hint));
                }
            }
        }
        Mistakes::or(mistakes, keys)
    }

    fn keys_of(&self, path: &Path, text: &str, mistakes: &mut Vec<Mistake>) -> Vec<ClientKey> {
        let (file, syntax) = parse_file(path, text);
        mistakes.extend(syntax);
        for entry in file.entries().iter().filter(|entry| entry.key != "keys") {
            let mistake = Mistake::new(entry.key_place.clone(), entry.key.as_str(), "unknown key");
            mistakes.push(mistake.hint("a file of keys holds [[keys]] and nothing else"));
        }
        let Some(list) = file.get("keys") else { return Vec::new() };
        let (keys, found) = read::<Vec<ClientKey>>(list, "keys");
        mistakes.extend(found);
        let taken = self.auth.keys.iter().map(|key| (key.name.clone(), self.place("auth.keys")));
        key_names(list, "keys", taken.collect(), mistakes);
        self.unknown_providers("keys", Some(list.clone()), mistakes);
        keys.unwrap_or_default()
    }

    fn unknown_providers(&self, path: &str, list: Option<Node>, mistakes: &mut Vec<Mistake>) {
        let known: Vec<&str> = self.providers.keys().map(String::as_str).collect();
        let Some(mut list) = list else { return };
        list.expand();
        for (index, key) in list.items() {
            let Some(mut providers) = key.get("providers").cloned() else { continue };
            providers.expand();
            for (n, provider) in providers.items() {
                let (Some(name), _) = read::<String>(provider, "") else { continue };
                if !known.contains(&name.as_str()) {
                    let path = format!("{path}[{index}].providers[{n}]");
                    let mistake = Mistake::new(provider.place.clone(), path, "there is no such provider");
                    mistakes
                        .push(Mistake { hint: did_you_mean(&name, "known providers", &known), ..mistake });
                }
            }
        }
    }
}

/// Names of keys are unique and not empty; `seen` are those that are taken.
pub(super) fn key_names(
    list: &Node,
    path: &str,
    mut seen: BTreeMap<String, Place>,
    mistakes: &mut Vec<Mistake>,
) {
    let mut keys = list.clone();
    keys.expand();
    for (index, key) in keys.items() {
        let Some(node) = key.get("name") else { continue };
        let (Some(name), _) = read::<String>(node, "") else { continue };
        let path = format!("{path}[{index}].name");
        if name.is_empty() {
            mistakes.push(Mistake::new(node.place.clone(), path, "must not be empty"));
        } else if let Some(first) = seen.get(&name) {
            let message = format!("another key has this name: {first}");
            mistakes.push(Mistake::new(node.place.clone(), path, message));
        } else {
            seen.insert(name, node.place.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Sources;

    const PROVIDER: &str = "[providers.claude]\nkind = 'anthropic'\n";

    fn found(inline: &str, file: Option<&str>) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = file {
            std::fs::write(folder.path().join("keys.toml"), text).unwrap();
        }
        let config = format!("[auth]\nkey_file = 'keys.toml'\n{inline}\n{PROVIDER}");
        let sources = Sources::from_text(folder.path().join("ccproxy.toml"), config);
        let keys = Settings::load(&sources).unwrap().client_keys();
        let names = |keys: Vec<ClientKey>| keys.into_iter().map(|key| key.name).collect();
        let folder = format!("{}/", folder.path().display());
        keys.map(names).map_err(|mistakes| mistakes.to_string().replace(&folder, ""))
    }

    fn key(table: &str, name: &str, more: &str) -> String {
        format!("[[{table}]]\nname = '{name}'\nhash = 'blake3:{}'\n{more}\n", "0".repeat(64))
    }

    #[test]
    fn a_file_beside_the_configuration_has_more_keys() {
        let file = key("keys", "b", "providers = ['claude']") + &key("keys", "c", "expires = 2027-01-31");
        let names = found(&key("auth.keys", "a", ""), Some(&file));
        assert_eq!(names, Ok(["a", "b", "c"].map(str::to_owned).to_vec()));
        assert_eq!(found("", Some("")), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let check = |inline: &str, file: Option<&str>, expect: &str| {
            let error = found(inline, file).unwrap_err();
            assert!(error.contains(expect), "{error}");
        };
        check("", None, "ccproxy.toml:2:12: auth.key_file: keys.toml cannot be read");
        check("", Some("[[keys]]\nname = 'a'\n"), "keys.toml:1:1: keys[0].hash: missing");
        check("", Some("token = 'x'\n"), "keys.toml:1:1: token: unknown key; a file of keys holds [[keys]]");
        check("", Some("[[keys]\n"), "keys.toml:1:");
        let twice = key("keys", "a", "");
        check(
            &key("auth.keys", "a", ""),
            Some(&twice),
            "keys.toml:2:8: keys[0].name: another key has this name",
        );
        check("", Some(&(twice.clone() + &twice)), "another key has this name: keys.toml:2:8");
        let astray = "providers = ['cluade']";
        check("", Some(&key("keys", "a", astray)), "there is no such provider; did you mean claude?");
        check(&key("auth.keys", "a", astray), Some(""), "ccproxy.toml:6:14: auth.keys[0].providers[0]");
    }
}
