//! The merged configuration before it is typed: a tree whose every value knows its place.

mod de;
mod parse;

use std::fmt;

use crate::place::Place;

pub(crate) use de::{Fault, FaultKind, TEXT_FIRST};
pub(crate) use parse::{parse_file, parse_raw};

/// A value and where it came from.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

#[derive(Clone)]
pub(crate) enum Value {
    Table(Vec<Entry>),
    /// `None` marks an item that was taken out because of a mistake, so that the others keep their numbers.
    Array(Vec<Option<Node>>),
    Text(String),
    /// Text from the environment or a flag: what it is depends on what the key expects.
    Raw(String),
    Integer(i128),
    Float(f64),
    Bool(bool),
}

/// A key of a table. The file's position of the key and of its value differ.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

/// One step from a node to a node below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl Node {
    pub(crate) fn new(place: Place, value: Value) -> Self {
        Self { place, value }
    }

    pub(crate) fn table(place: Place) -> Self {
        Self::new(place, Value::Table(Vec::new()))
    }

    pub(crate) fn text(place: Place, text: impl Into<String>) -> Self {
        Self::new(place, Value::Text(text.into()))
    }

    /// The entries of a table, nothing for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = (usize, &Node)> {
        let items: &[Option<Node>] = match &self.value {
            Value::Array(items) => items,
            _ => &[],
        };
        items.iter().enumerate().filter_map(|(i, item)| Some((i, item.as_ref()?)))
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Sets a key of a table; anything else becomes a table first.
    pub(crate) fn set(&mut self, key: &str, node: Self) {
        let place = node.place.clone();
        if let Some(slot) = self.slot(key, &place) {
            *slot = node;
        }
    }

    /// The node under `key`, made (as an empty table) where there is none.
    pub(crate) fn slot(&mut self, key: &str, place: &Place) -> Option<&mut Self> {
        self.expand();
        if !matches!(self.value, Value::Table(_)) {
            *self = Self::table(place.clone());
        }
        if self.entry(key).is_none() {
            let node = Self::table(place.clone());
            self.push(Entry { key: key.to_owned(), key_place: place.clone(), node });
        }
        self.find(key).map(|entry| &mut entry.node)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Node> {
        let Value::Table(entries) = &mut self.value else { return None };
        let at = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(at).node)
    }

    /// Lays `upper` over this node: tables merge key by key, anything else is replaced.
    pub(crate) fn merge(&mut self, mut upper: Node) {
        if matches!(self.value, Value::Table(_)) {
            upper.expand();
        }
        match (&mut self.value, upper.value) {
            (Value::Table(_), Value::Table(entries)) => {
                self.place = upper.place;
                for entry in entries {
                    match self.find(&entry.key) {
                        Some(lower) => {
                            lower.key_place = entry.key_place;
                            lower.node.merge(entry.node);
                        }
                        None => self.push(entry),
                    }
                }
            }
            (_, value) => *self = Self { place: upper.place, value },
        }
    }

    /// Turns raw text that holds a table or a list into one.
    pub(crate) fn expand(&mut self) {
        if let Value::Raw(text) = &self.value
            && let Some(node) = parse_raw(text, &self.place)
            && matches!(node.value, Value::Table(_) | Value::Array(_))
        {
            *self = node;
        }
    }

    /// Whether both hold the same, whatever their places and the order of their keys.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Table(one), Value::Table(two)) => {
                let same = |entry: &Entry| other.get(&entry.key).is_some_and(|node| entry.node.is_same(node));
                one.len() == two.len() && one.iter().all(same)
            }
            (Value::Array(one), Value::Array(two)) => {
                let same = |(one, two): (&Option<Self>, &Option<Self>)| match (one, two) {
                    (Some(one), Some(two)) => one.is_same(two),
                    (one, two) => one.is_none() && two.is_none(),
                };
                one.len() == two.len() && one.iter().zip(two).all(same)
            }
            (Value::Text(one), Value::Text(two)) | (Value::Raw(one), Value::Raw(two)) => one == two,
            (Value::Integer(one), Value::Integer(two)) => one == two,
            (Value::Float(one), Value::Float(two)) => one.total_cmp(two).is_eq(),
            (Value::Bool(one), Value::Bool(two)) => one == two,
            _ => false,
        }
    }

    fn find(&mut self, key: &str) -> Option<&mut Entry> {
        match &mut self.value {
            Value::Table(entries) => entries.iter_mut().find(|entry| entry.key == key),
            _ => None,
        }
    }

    fn push(&mut self, entry: Entry) {
        if let Value::Table(entries) = &mut self.value {
            entries.push(entry);
        }
    }

    /// Takes out what the steps lead to; `false` if there is nothing there.
    pub(crate) fn take_out(&mut self, steps: &[Step]) -> bool {
        let Some((step, rest)) = steps.split_first() else { return false };
        self.expand();
        match (step, &mut self.value) {
            (Step::Key(key), Value::Table(_)) if rest.is_empty() => self.remove(key).is_some(),
            (Step::Key(key), Value::Table(_)) => match self.find(key) {
                Some(entry) => entry.node.take_out(rest),
                None => false,
            },
            (Step::Index(index), Value::Array(items)) => match items.get_mut(*index) {
                Some(item) if rest.is_empty() => item.take().is_some(),
                Some(Some(item)) => item.take_out(rest),
                _ => false,
            },
            _ => false,
        }
    }

    /// The places of the key and of the value that the steps lead to, or of the last node on the way that exists.
    pub(crate) fn locate(&self, steps: &[Step]) -> (Place, Place) {
        let mut node = self;
        let mut key_place = &self.place;
        for step in steps {
            let next = match step {
                Step::Key(key) => node.entry(key).map(|entry| (&entry.key_place, &entry.node)),
                Step::Index(index) => match &node.value {
                    Value::Array(items) => items.get(*index).and_then(Option::as_ref).map(|n| (&n.place, n)),
                    _ => None,
                },
            };
            let Some(next) = next else { return (node.place.clone(), node.place.clone()) };
            (key_place, node) = next;
        }
        (key_place.clone(), node.place.clone())
    }
}

/// The dotted form of a path: `routes[1].targets[0]`.
pub(crate) fn dotted(base: &str, steps: &[Step]) -> String {
    let mut path = base.to_owned();
    for step in steps {
        match step {
            Step::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

/// The shape and the places only: a value may be a secret.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Table(entries) => {
                f.debug_map().entries(entries.iter().map(|e| (&e.key, &e.node))).finish()
            }
            Value::Array(items) => f.debug_list().entries(items.iter().flatten()).finish(),
            _ => write!(f, "({})", self.place),
        }
    }
}
