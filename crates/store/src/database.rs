//! The seam between the store and the two databases: statements in, values out.
//!
//! Statements are written once, with `?1`, `?2` for their parameters, in the SQL that both understand.

use crate::StoreError;

/// A value of a column, or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// For [`Words::any`].
    Ints(Vec<i64>),
}

/// A column, and what is in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite does not ask"))]
    pub(crate) holds: Holds,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Ints,
    Texts,
    Bytes,
}

pub(crate) const fn int(name: &'static str) -> Column {
    Column { name, holds: Holds::Ints }
}

pub(crate) const fn text(name: &'static str) -> Column {
    Column { name, holds: Holds::Texts }
}

pub(crate) const fn bytes(name: &'static str) -> Column {
    Column { name, holds: Holds::Bytes }
}

/// A table and its columns, in the order in which rows have them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    /// How many of the first columns are the key.
    pub(crate) key: usize,
    /// Where a row of that key is there already: what is done.
    pub(crate) conflict: Conflict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// There is none.
    Never,
    Replace,
    /// Keep the row, and of this column the larger value.
    Raise(&'static str),
}

impl Table {
    /// The statement that inserts what `rows` gives: values, or a query.
    pub(crate) fn insert(&self, rows: &str) -> String {
        let names =
            |columns: &[Column]| columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
        let (key, others) = self.columns.split_at_checked(self.key).unwrap_or_default();
        let conflict = match self.conflict {
            Conflict::Never => String::new(),
            Conflict::Raise(name) => format!(
                " ON CONFLICT ({}) DO UPDATE SET {name} = excluded.{name} WHERE excluded.{name} > {}.{name}",
                names(key),
                self.name
            ),
            Conflict::Replace => {
                let sets: Vec<String> =
                    others.iter().map(|Column { name, .. }| format!("{name} = excluded.{name}")).collect();
                format!(" ON CONFLICT ({}) DO UPDATE SET {}", names(key), sets.join(", "))
            }
        };
        format!("INSERT INTO {} ({}) {rows}{conflict}", self.name, names(self.columns))
    }

    /// The columns from one on, for a query; `of` names the table there.
    pub(crate) fn select(&self, from: usize, of: &str) -> String {
        let columns = self.columns.get(from..).unwrap_or_default();
        columns.iter().map(|column| format!("{of}.{}", column.name)).collect::<Vec<_>>().join(", ")
    }
}

/// Rows for a table.
pub(crate) type Rows = (Table, Vec<Vec<Value>>);

/// How a database says what the other says otherwise.
pub(crate) struct Words {
    /// The type of a number that counts the rows of a table.
    pub(crate) identity: &'static str,
    /// The type of bytes.
    pub(crate) bytes: &'static str,
    /// What makes a table of short rows lie in the order of its key.
    pub(crate) clustered: &'static str,
    /// The same for one whose rows are written again and again.
    pub(crate) rewritten: &'static str,
    /// What keeps long rows in their page, uncompressed.
    pub(crate) packed: &'static str,
    /// What begins every script, so that only one process migrates.
    pub(crate) lock: &'static str,
    /// Whether a column has any of the numbers of a parameter.
    pub(crate) any: fn(&str) -> String,
    /// What makes a query go by an index, where the database does not see that by itself.
    pub(crate) by: fn(&str) -> String,
}

/// What is written in one transaction.
pub(crate) struct Batch<'a> {
    /// Which batch of which process it is.
    pub(crate) once: Option<Once>,
    /// What is deleted first, and how many rows that has to be: otherwise nothing is done.
    pub(crate) instead: Option<(&'a str, &'a [Value], u64)>,
    pub(crate) rows: &'a [Rows],
}

/// A process among those that write, and its batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Once {
    pub(crate) writer: i64,
    pub(crate) batch: i64,
    /// Whether it may be there already; then it is left out.
    pub(crate) again: bool,
}

/// Gives a row where a batch (`?2`) of a writer (`?1`) is there already.
pub(crate) const IS_THERE: &str = "SELECT batch FROM writers WHERE id = ?1 AND batch = ?2";

/// Takes what a query finds, row by row.
pub(crate) type Each<'a> = &'a mut dyn FnMut(Columns) -> Result<(), StoreError>;

/// A database. Every method blocks.
pub(crate) trait Database: Send + Sync {
    fn words(&self) -> &'static Words;

    /// Runs a script of statements without parameters, each ended by a semicolon, in one transaction.
    fn script(&self, script: &str) -> Result<(), StoreError>;

    /// Inserts all of it in one transaction that is durable on return.
    fn insert(&self, batch: &Batch<'_>) -> Result<(), StoreError>;

    /// Runs one statement that gives no rows, and tells how many it has changed.
    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, StoreError>;

    /// Runs a query.
    fn query(&self, statement: &str, parameters: &[Value], each: Each<'_>) -> Result<(), StoreError>;

    /// The bytes that the store takes up, without what is free in it.
    fn size(&self) -> Result<u64, StoreError>;

    /// Gives some of the space that is free back to the system, and tells whether there is more.
    fn shrink(&self) -> Result<bool, StoreError>;
}

/// The one row of a query, as numbers.
pub(crate) fn numbers<const N: usize>(
    database: &dyn Database,
    statement: &str,
    parameters: &[Value],
) -> Result<[Option<i64>; N], StoreError> {
    let mut found = [None; N];
    database.query(statement, parameters, &mut |mut row| {
        for number in &mut found {
            *number = row.maybe_int()?;
        }
        Ok(())
    })?;
    Ok(found)
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

    pub(crate) fn maybe_count(&mut self) -> Result<Option<u64>, StoreError> {
        Ok(self.maybe_int()?.map(|number| u64::try_from(number).unwrap_or(0)))
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
        Some(Value::Ints(_)) => "numbers",
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

impl From<Vec<i64>> for Value {
    fn from(numbers: Vec<i64>) -> Self {
        Self::Ints(numbers)
    }
}
