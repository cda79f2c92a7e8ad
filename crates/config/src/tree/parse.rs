//! TOML text to nodes.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::{Entry, Node, Value};
use crate::place::{Mistake, Place};

/// Parses a file as far as that is possible; every syntax error becomes a mistake.
pub(crate) fn parse_file(path: &Path, text: &str) -> (Node, Vec<Mistake>) {
    let places = Places { path: path.into(), text };
    let (table, errors) = DeTable::parse_recoverable(text);
    let mistakes = errors
        .iter()
        .map(|error| {
            Mistake::new(places.at(error.span().unwrap_or(text.len()..text.len())), "", error.message())
        })
        .collect();
    let at = |span| places.at(span);
    (Node::new(places.at(0..0), self::table(table.get_ref(), &at)), mistakes)
}

/// A TOML value from the environment or a flag; `None` if the text is not one.
pub(crate) fn parse_raw(text: &str, place: &Place) -> Option<Node> {
    let parsed = DeValue::parse(text.trim()).ok()?;
    Some(node(&parsed, &|_| place.clone()))
}

/// Finds lines and columns.
struct Places<'a> {
    path: Arc<Path>,
    text: &'a str,
}

impl Places<'_> {
    fn at(&self, span: Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Place::File { path: Arc::clone(&self.path), line, column }
    }
}

fn table(table: &DeTable<'_>, at: &dyn Fn(Range<usize>) -> Place) -> Value {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let entries = entries.into_iter().map(|(key, value)| Entry {
        key: key.get_ref().to_string(),
        key_place: at(key.span()),
        node: node(value, at),
    });
    Value::Table(entries.collect())
}

fn array(items: &DeArray<'_>, at: &dyn Fn(Range<usize>) -> Place) -> Value {
    Value::Array(items.iter().map(|item| Some(node(item, at))).collect())
}

fn node(spanned: &Spanned<DeValue<'_>>, at: &dyn Fn(Range<usize>) -> Place) -> Node {
    let value = match spanned.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(integer) => Value::Integer(integer),
            Err(_) => Value::Float(f64::INFINITY),
        },
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => array(items, at),
        DeValue::Table(entries) => table(entries, at),
    };
    Node::new(at(spanned.span()), value)
}
