//! The seam between the store and the two databases: statements in, values out.
//!
//! Statements are written once, with `?1`, `?2` for their parameters, in the SQL that both understand.

use crate::StoreError;

/// A value of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A table and its columns, in the order in which rows have them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// Where the first column is there already: replace the row, or leave it.
    pub(crate) conflict: Conflict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// There is none.
    Never,
    Replace,
    Keep,
}

impl Table {
    /// The statement that inserts one row.
    pub(crate) fn insert(&self) -> String {
        let places: Vec<String> = (1..=self.columns.len()).map(|n| format!("?{n}")).collect();
        let (key, others) = self.columns.split_first().unwrap_or((&"", &[]));
        let conflict = match self.conflict {
            Conflict::Never => String::new(),
            Conflict::Keep => format!(" ON CONFLICT ({key}) DO NOTHING"),
            Conflict::Replace => {
                let sets: Vec<String> =
                    others.iter().map(|column| format!("{column} = excluded.{column}")).collect();
                format!(" ON CONFLICT ({key}) DO UPDATE SET {}", sets.join(", "))
            }
        };
        format!(
            "INSERT INTO {} ({}) VALUES ({}){conflict}",
            self.name,
            self.columns.join(", "),
            places.join(", ")
        )
    }
}

/// Rows for a table.
pub(crate) type Rows = (Table, Vec<Vec<Value>>);

/// A database. Every method blocks.
pub(crate) trait Database: Send + Sync {
    /// Runs a script of statements without parameters, each ended by a semicolon, in one transaction.
    fn script(&self, script: &str) -> Result<(), StoreError>;

    /// Inserts all of it in one transaction that is durable on return. `unless` is a statement with its parameters that gives
    /// a row where this transaction has been made before.
    fn insert(&self, rows: &[Rows], unless: Option<(&str, &[Value])>) -> Result<(), StoreError>;

    /// Runs one statement that gives no rows, and tells how many it has changed.
    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, StoreError>;

    /// Runs a query, row by row.
    fn query(
        &self,
        statement: &str,
        parameters: &[Value],
        each: &mut dyn FnMut(Vec<Value>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// The bytes that the database takes up, without what is free in it.
    fn size(&self) -> Result<u64, StoreError>;

    /// Gives some of the space that is free back to the system, and tells whether there is more.
    fn shrink(&self) -> Result<bool, StoreError>;
}

/// Takes the columns of a row one after another.
pub(crate) struct Columns(std::vec::IntoIter<Value>);

impl Columns {
    pub(crate) fn of(row: Vec<Value>) -> Self {
        Self(row.into_iter())
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        self.maybe_text()?.ok_or_else(|| StoreError::Content("a text is missing".to_owned()))
    }

    pub(crate) fn maybe_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            other => Err(unexpected("a text", other.as_ref())),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        self.maybe_int()?.ok_or_else(|| StoreError::Content("a number is missing".to_owned()))
    }

    pub(crate) fn count(&mut self) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.int()?).unwrap_or(0))
    }

    pub(crate) fn maybe_int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.0.next() {
            Some(Value::Int(number)) => Ok(Some(number)),
            Some(Value::Null) => Ok(None),
            other => Err(unexpected("a number", other.as_ref())),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        match self.0.next() {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            other => Err(unexpected("bytes", other.as_ref())),
        }
    }
}

fn unexpected(wanted: &str, found: Option<&Value>) -> StoreError {
    let found = match found {
        None => "nothing",
        Some(Value::Null) => "null",
        Some(Value::Int(_)) => "a number",
        Some(Value::Text(_)) => "a text",
        Some(Value::Bytes(_)) => "bytes",
    };
    StoreError::Content(format!("{found} where {wanted} should be"))
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
