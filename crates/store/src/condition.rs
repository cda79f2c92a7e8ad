//! What a statement is to find, while it is put together.

use crate::database::{Value, Words};
use crate::query::Filter;
use crate::rows::Place;

/// A condition, and its parameters.
pub(crate) struct Condition {
    words: &'static Words,
    text: String,
    pub(crate) parameters: Vec<Value>,
}

impl Condition {
    pub(crate) fn new(words: &'static Words) -> Self {
        Self { words, text: String::new(), parameters: Vec::new() }
    }

    /// The name of a new parameter.
    pub(crate) fn place(&mut self, value: impl Into<Value>) -> String {
        self.parameters.push(value.into());
        format!("?{}", self.parameters.len())
    }

    /// One more that has to be true.
    fn also(&mut self, condition: &str) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
    }

    /// From a moment on, and before another.
    pub(crate) fn between(&mut self, from: i64, to: i64) {
        let (from, to) = (self.place(from), self.place(to));
        self.also(&format!("r.ended >= {from} AND r.ended < {to}"));
    }

    /// Older than a place.
    pub(crate) fn before(&mut self, place: Place) {
        let (ended, seq) = (self.place(place.ended), self.place(place.seq));
        // The first half is for the index.
        self.also(&format!("r.ended <= {ended} AND (r.ended < {ended} OR r.seq < {seq})"));
    }

    /// Of these dimensions.
    pub(crate) fn dimensions(&mut self, ids: Vec<i64>) {
        let place = self.place(ids);
        let any = (self.words.any)(&place);
        self.also(&format!("r.dimensions {any}"));
    }

    /// What a filter says of more than dimensions.
    pub(crate) fn beyond_dimensions(&mut self, filter: &Filter) {
        if !filter.sessions.is_empty() {
            let places: Vec<String> =
                filter.sessions.iter().map(|session| self.place(session.as_str())).collect();
            self.also(&format!("r.session IN ({})", places.join(", ")));
        }
        if let Some(least) = filter.min_duration {
            let place = self.place(least);
            self.also(&format!("r.duration >= {place}"));
        }
    }

    /// The models, where the dimensions hide them.
    pub(crate) fn hidden_models(&mut self, filter: &Filter) {
        for (dimension, values) in filter.models() {
            if !values.is_empty() {
                let places: Vec<String> = values.into_iter().map(|value| self.place(value)).collect();
                let name = dimension.name();
                self.also(&format!("coalesce(r.{name}, d.{name}) IN ({})", places.join(", ")));
            }
        }
    }

    /// The text, behind a condition that there is already.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The text as the only condition.
    pub(crate) fn whole(&self) -> String {
        self.text.strip_prefix(" AND ").map_or_else(String::new, |text| format!(" WHERE {text}"))
    }
}
