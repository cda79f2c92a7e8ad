//! What exchanges are told apart by.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ccproxy_record::Record;

use crate::StoreError;
use crate::database::{Columns, Conflict, Database, Table, Value, int, numbers, text};
use crate::query::{Dimension, Filter};

/// What a name becomes that a client has made up, where there are too many.
const OTHER: &str = "(other)";

/// The value that an exchange has in each dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Dimensions(pub(crate) [Option<String>; Dimension::ALL.len()]);

pub(crate) const DIMENSIONS: Table = Table {
    name: "dimensions",
    columns: &[
        int("id"),
        text("model"),
        text("served_model"),
        text("provider"),
        text("key"),
        text("operation"),
        text("dialect"),
        text("route"),
        text("ending"),
        text("fault"),
        text("error"),
        text("status"),
        int("seen"),
    ],
    key: 1,
    conflict: Conflict::Raise("seen"),
};

impl Dimensions {
    pub(crate) fn of(record: &Record) -> Self {
        Self(Dimension::ALL.map(|dimension| dimension.of(record).map(|value| plain(&value))))
    }

    pub(crate) fn get(&self, dimension: Dimension) -> Option<&str> {
        self.0.get(dimension as usize)?.as_deref()
    }

    /// The same without the names that a client can make up.
    pub(crate) fn without_names(mut self) -> Self {
        for (dimension, value) in Dimension::ALL.into_iter().zip(&mut self.0) {
            if matches!(dimension, Dimension::Model | Dimension::ServedModel) && value.is_some() {
                *value = Some(OTHER.to_owned());
            }
        }
        self
    }

    /// The same with the models that a record has.
    pub(crate) fn with_models(mut self, models: [Option<String>; 2]) -> Self {
        for (dimension, model) in [Dimension::Model, Dimension::ServedModel].into_iter().zip(models) {
            if let (Some(value), Some(model)) = (self.0.get_mut(dimension as usize), model) {
                *value = Some(model);
            }
        }
        self
    }

    /// Whether these are of exchanges whose models stand in their records only.
    pub(crate) fn hides_names(&self) -> bool {
        let other = |dimension| self.get(dimension) == Some(OTHER);
        other(Dimension::Model) || other(Dimension::ServedModel)
    }

    /// The same for the same dimensions in every process.
    pub(crate) fn id(&self) -> i64 {
        let mut hasher = blake3::Hasher::new();
        for value in &self.0 {
            match value {
                Some(text) => {
                    hasher.update(&(text.len() as u64 + 1).to_le_bytes());
                    hasher.update(text.as_bytes());
                }
                None => drop(hasher.update(&0_u64.to_le_bytes())),
            }
        }
        number(&hasher)
    }

    /// The row of those that were last seen on a day.
    pub(crate) fn row(&self, id: i64, day: i64) -> Vec<Value> {
        let values = self.0.iter().map(|value| value.as_deref().into());
        std::iter::once(id.into()).chain(values).chain([day.into()]).collect()
    }

    /// Those of the columns of [`DIMENSIONS`] after the first.
    pub(crate) fn of_row(row: &mut Columns) -> Result<Self, StoreError> {
        let mut values = [const { None }; Dimension::ALL.len()];
        for value in &mut values {
            *value = row.maybe_text()?;
        }
        Ok(Self(values))
    }

    /// Whether exchanges of these dimensions may be meant; `true` too where only a record can tell.
    pub(crate) fn may_pass(&self, filter: &Filter, by_records: bool) -> bool {
        let hidden = by_records && self.hides_names();
        let any = |dimension: Dimension| {
            let value = self.get(dimension);
            let mut wanted = filter.values.iter().filter(|(of, _)| *of == dimension).peekable();
            wanted.peek().is_none()
                || (hidden && value == Some(OTHER))
                || wanted.any(|(_, wanted)| value == Some(wanted))
        };
        Dimension::ALL.into_iter().all(any)
    }
}

/// A number of what a hasher has seen; never negative.
pub(crate) fn number(hasher: &blake3::Hasher) -> i64 {
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    i64::from_le_bytes(first) & i64::MAX
}

/// As long as a text may be that is kept, in bytes.
const LONGEST: usize = 512;

/// A text as it is kept: cut where it is too long, without what PostgreSQL does not take.
pub(crate) fn plain(text: &str) -> String {
    let cut = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    cut.replace('\0', "\u{fffd}")
}

/// All dimensions that a store knows, by their ids.
pub(crate) type Known = Arc<HashMap<i64, Dimensions>>;

/// What has been read of them.
#[derive(Default)]
pub(crate) struct Directory(Mutex<([Option<i64>; 2], Known)>);

impl Directory {
    /// All that are in the store now.
    pub(crate) fn read(&self, database: &dyn Database) -> Result<Known, StoreError> {
        // Ids are as good as random: other rows have another sum.
        let stamp =
            numbers(database, "SELECT count(*), CAST(sum(id % 1000000007) AS BIGINT) FROM dimensions", &[])?;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 == stamp {
            return Ok(Arc::clone(&last.1));
        }
        let mut known = HashMap::new();
        let statement = format!("SELECT {} FROM dimensions d", DIMENSIONS.select(0, "d"));
        database.query(&statement, &[], &mut |mut row| {
            known.insert(row.int()?, Dimensions::of_row(&mut row)?);
            Ok(())
        })?;
        let known = Arc::new(known);
        *last = (stamp, Arc::clone(&known));
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_cleaned() {
        let check = |text: &str, expect: &str| assert_eq!(plain(text), expect);
        check("gpt-5", "gpt-5");
        check("a\0b", "a\u{fffd}b");
        check(&"é".repeat(300), &"é".repeat(256));
        check(&format!("a{}", "é".repeat(300)), &format!("a{}", "é".repeat(255)));
    }
}
