//! What could not be carried over: named to the client, never lost in silence.

use std::collections::BTreeSet;
use std::fmt;

/// The most names that are told; the others are counted.
const TOLD: usize = 24;

/// The fields of a request that its provider's dialect has no place for, by their path in the client's dialect, such as
/// `logit_bias` or `tools.web_search`. Each is named once, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped(BTreeSet<String>);

impl Dropped {
    /// Whether everything was carried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Notes a field. What would not be one line of a header is made so.
    pub(crate) fn note(&mut self, field: impl AsRef<str>) {
        let plain = |byte: char| if byte.is_ascii_graphic() && byte != ',' { byte } else { '_' };
        self.0.insert(field.as_ref().chars().take(64).map(plain).collect());
    }

    /// Notes a field if it is there.
    pub(crate) fn note_some<T>(&mut self, field: &str, value: Option<&T>) {
        if value.is_some() {
            self.note(field);
        }
    }
}

/// The value of the header `x-ccproxy-dropped`.
impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names().take(TOLD).enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
        }
        match self.0.len().checked_sub(TOLD) {
            Some(more) if more > 0 => write!(f, ", and_{more}_more"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values() {
        let check = |names: &[&str], expect: &str| {
            let mut dropped = Dropped::default();
            names.iter().for_each(|name| dropped.note(name));
            assert_eq!(dropped.to_string(), expect);
        };
        check(&[], "");
        check(&["seed", "logit_bias", "seed"], "logit_bias, seed");
        check(&["a\r\nb: c", "ä,"], "__, a__b:_c");
        let many: Vec<String> = (10..40).map(|n| format!("f{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let mut dropped = Dropped::default();
        many.iter().for_each(|name| dropped.note(name));
        assert!(dropped.to_string().ends_with("f33, and_6_more"), "{dropped}");
    }
}
