//! The layers and how they lie on each other: defaults, file, environment, flags.

use std::fmt;
use std::path::PathBuf;

use crate::env::Env;
use crate::place::{Mistake, Place};
use crate::tree::{Node, Value, parse_file};

/// Names of environment variables that set a key start with this; `__` separates the parts of the key.
const PREFIX: &str = "CCPROXY__";

/// No key has more parts; each is a level of recursion.
const DEEPEST: usize = 32;

/// A key that was set on the command line.
#[derive(Clone)]
pub struct Flag {
    /// As the operator typed it: `--port`.
    pub name: String,
    /// The dotted key: `server.port`.
    pub key: String,
    /// The value as text; it is understood like a value from the environment.
    pub value: String,
}

/// Without the value, which may be a secret.
impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.key)
    }
}

impl Flag {
    /// `Flag::new("--port", "server.port", "9000")`.
    #[must_use]
    pub fn new(name: impl Into<String>, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), key: key.into(), value: value.into() }
    }
}

/// Everything a configuration is made from.
#[derive(Clone, Default)]
pub struct Sources {
    /// The file's path and its text.
    pub file: Option<(PathBuf, String)>,
    /// The environment. `CCPROXY__SERVER__PORT=9000` sets `server.port`, whatever the case of the name. A key that
    /// expects a string gets the text as it is; any other key gets it read as a TOML value (`9000`, `true`,
    /// `["a", "b"]`, `{ env = "KEY" }`). An empty text unsets an optional key. Items of a list are numbered from 0:
    /// `CCPROXY__ROUTES__0__MODEL`.
    pub env: Env,
    /// The flags, in the order of the command line.
    pub flags: Vec<Flag>,
}

/// Without the file's text, which may hold secrets.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("file", &self.file.as_ref().map(|(path, _)| path))
            .field("env", &self.env)
            .field("flags", &self.flags)
            .finish()
    }
}

impl Sources {
    /// A file only.
    #[must_use]
    pub fn from_text(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { file: Some((path.into(), text.into())), ..Self::default() }
    }

    /// The same with an environment.
    #[must_use]
    pub fn env(mut self, env: impl Into<Env>) -> Self {
        self.env = env.into();
        self
    }

    /// The same with one more flag.
    #[must_use]
    pub fn flag(mut self, flag: Flag) -> Self {
        self.flags.push(flag);
        self
    }

    /// Lays file, environment and flags over the defaults.
    pub(crate) fn merge(&self, defaults: Node) -> (Node, Vec<Mistake>) {
        let mut tree = defaults;
        let mut mistakes = Vec::new();
        if let Some((path, text)) = &self.file {
            let (file, syntax) = parse_file(path, text);
            tree.merge(file);
            mistakes = syntax;
        }
        for (name, value) in self.env.iter() {
            let Some(key) = strip_prefix_any_case(name) else { continue };
            let place = Place::Env(name.to_owned());
            put(&mut tree, &key.to_lowercase().split("__").collect::<Vec<_>>(), value, &place, &mut mistakes);
        }
        for flag in &self.flags {
            let place = Place::Flag(flag.name.clone());
            put(&mut tree, &flag.key.split('.').collect::<Vec<_>>(), &flag.value, &place, &mut mistakes);
        }
        (tree, mistakes)
    }
}

fn strip_prefix_any_case(name: &str) -> Option<&str> {
    let (prefix, key) = name.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then_some(key)
}

/// Puts raw text at a key, making tables on the way.
fn put(tree: &mut Node, parts: &[&str], value: &str, place: &Place, mistakes: &mut Vec<Mistake>) {
    let fault = match parts {
        _ if parts.len() > DEEPEST => Some("the key has too many parts"),
        _ if parts.iter().any(|part| part.is_empty()) => Some("a part of the key is empty"),
        _ => None,
    };
    if let Some(fault) = fault {
        mistakes.push(Mistake::new(place.clone(), parts.join("."), fault));
        return;
    }
    let mut node = tree;
    for part in parts {
        let Some(child) = child(node, part, place) else {
            let message = "the list has no such item; set the whole list instead";
            mistakes.push(Mistake::new(place.clone(), parts.join("."), message));
            return;
        };
        node = child;
    }
    node.merge(Node::new(place.clone(), Value::Raw(value.to_owned())));
}

/// The item of a list by number, which must be there; the value of a table by name, which is made.
fn child<'a>(node: &'a mut Node, part: &str, place: &Place) -> Option<&'a mut Node> {
    node.expand();
    if matches!(node.value, Value::Array(_)) {
        let Value::Array(items) = &mut node.value else { return None };
        return items.get_mut(part.parse::<usize>().ok()?)?.as_mut();
    }
    let key = known_key(node, part).unwrap_or_else(|| part.to_owned());
    node.slot(&key, place)
}

/// The key that is there already under this name: the name of a variable can hold neither capitals nor hyphens.
fn known_key(node: &Node, part: &str) -> Option<String> {
    let same = |key: &str| key.replace('-', "_").eq_ignore_ascii_case(&part.replace('-', "_"));
    let keys = || node.entries().iter().map(|entry| entry.key.as_str());
    keys().find(|key| *key == part).or_else(|| keys().find(|key| same(key))).map(str::to_owned)
}
