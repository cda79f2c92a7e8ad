//! The embedded database: one file, one connection that writes, a few that read.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement, ToSql, TransactionBehavior, params_from_iter};

use crate::StoreError;
use crate::database::{Batch, Columns, Database, Each, IS_THERE, Value, Words, numbers};

/// How long another process may have the file to itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// Readers that are kept open.
const READERS: usize = 4;

static WORDS: Words = Words {
    identity: "INTEGER PRIMARY KEY",
    bytes: "BLOB",
    clustered: "WITHOUT ROWID",
    rewritten: "WITHOUT ROWID",
    packed: "",
    lock: "",
    any: |place| format!("IN (SELECT value FROM json_each({place}))"),
    by: |index| format!(" INDEXED BY {index}"),
};

pub(crate) struct Sqlite {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Sqlite {
    /// Opens the file, which is made if it is missing, for this user alone.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let cannot = |reason: String| StoreError::Open { path: path.display().to_string(), reason };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|e| cannot(e.to_string()))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options.open(path).map_err(|error| cannot(error.to_string()))?;
        let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let set_up = |connection: &Connection| {
            // Before the first table: later it takes a VACUUM.
            connection.pragma_update(None, "page_size", 8192)?;
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            // A commit is on the disk when it returns: what was acknowledged survives a power cut.
            connection.pragma_update(None, "synchronous", "FULL")?;
            // What a batch changes is written once; the usual 2 MiB would be read and written over and over.
            connection.pragma_update(None, "cache_size", -16 * 1024)?;
            connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
            connection.query_row("PRAGMA schema_version", [], |row| row.get::<_, i64>(0))
        };
        set_up(&writer).map_err(|error| told(path, &error))?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::default() })
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let kept = self.readers().pop();
        let reader = match kept {
            Some(reader) => reader,
            None => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let done = work(&reader);
        let mut readers = self.readers();
        if readers.len() < READERS {
            readers.push(reader);
        }
        done
    }

    /// A figure out of how many pages there are, and how many are free.
    fn pages(&self, select: &str) -> Result<u64, StoreError> {
        let statement =
            format!("{select} FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()");
        let [figure] = numbers(self, &statement, &[])?;
        Ok(figure.and_then(|figure| u64::try_from(figure).ok()).unwrap_or(0))
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        told(&self.path, error)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| told(path, &error))?;
    connection.busy_timeout(PATIENCE).map_err(|error| told(path, &error))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn told(path: &Path, error: &rusqlite::Error) -> StoreError {
    let (path, reason) = (path.display().to_string(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, reason },
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            StoreError::Open { path, reason }
        }
        _ => StoreError::Database(reason),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        let value = match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Ints(numbers) => return Ok(json(numbers).into()),
        };
        Ok(rusqlite::types::ToSqlOutput::Borrowed(value))
    }
}

/// The list that `json_each` reads.
fn json(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    format!("[{}]", numbers.join(","))
}

fn row(row: &rusqlite::Row<'_>, columns: usize) -> rusqlite::Result<Vec<Value>> {
    let value = |at| {
        Ok(match row.get_ref(at)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            #[expect(clippy::cast_possible_truncation, reason = "no column of ours is a real")]
            ValueRef::Real(number) => Value::Int(number as i64),
            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        })
    };
    (0..columns).map(value).collect()
}

fn each_row(
    statement: &mut Statement<'_>,
    parameters: &[Value],
    each: Each<'_>,
    failed: impl Fn(&rusqlite::Error) -> StoreError,
) -> Result<(), StoreError> {
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(parameters)).map_err(|error| failed(&error))?;
    while let Some(found) = rows.next().map_err(|error| failed(&error))? {
        each(Columns::of(row(found, columns).map_err(|error| failed(&error))?))?;
    }
    Ok(())
}

impl Database for Sqlite {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn script(&self, script: &str) -> Result<(), StoreError> {
        let script = format!("BEGIN IMMEDIATE;{script}COMMIT;");
        let writer = self.writer();
        writer.execute_batch(&script).map_err(|error| {
            // A transaction that failed half-way is still open.
            let _ = writer.execute_batch("ROLLBACK");
            self.failed(&error)
        })
    }

    fn insert(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let work = || {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if let Some(once) = batch.once.filter(|once| once.again)
                && transaction.prepare_cached(IS_THERE)?.exists((once.writer, once.batch))?
            {
                return Ok(());
            }
            if let Some((statement, parameters, rows)) = batch.instead
                && transaction.execute(statement, params_from_iter(parameters))? as u64 != rows
            {
                return Ok(());
            }
            for (table, rows) in batch.rows {
                let places: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
                let mut insert =
                    transaction.prepare_cached(&table.insert(&format!("VALUES ({})", places.join(", "))))?;
                for row in rows {
                    insert.execute(params_from_iter(row))?;
                }
            }
            transaction.commit()
        };
        let done: rusqlite::Result<()> = { work }();
        done.map_err(|error| self.failed(&error))
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, StoreError> {
        let changed = self.writer().execute(statement, params_from_iter(parameters));
        changed.map(|changed| changed as u64).map_err(|error| self.failed(&error))
    }

    fn query(&self, statement: &str, parameters: &[Value], each: Each<'_>) -> Result<(), StoreError> {
        self.read(|reader| {
            let failed = |error: &rusqlite::Error| self.failed(error);
            let mut statement = reader.prepare_cached(statement).map_err(|error| failed(&error))?;
            each_row(&mut statement, parameters, each, failed)
        })
    }

    fn size(&self) -> Result<u64, StoreError> {
        self.pages("SELECT (page_count - freelist_count) * page_size")
    }

    fn shrink(&self) -> Result<bool, StoreError> {
        // In small steps: nobody can write meanwhile.
        let statement = "PRAGMA incremental_vacuum(2000)";
        let writer = self.writer();
        let failed = |error: &rusqlite::Error| self.failed(error);
        let mut statement = writer.prepare(statement).map_err(|error| failed(&error))?;
        each_row(&mut statement, &[], &mut |_| Ok(()), failed)?;
        let mut checkpoint =
            writer.prepare("PRAGMA wal_checkpoint(TRUNCATE)").map_err(|error| failed(&error))?;
        each_row(&mut checkpoint, &[], &mut |_| Ok(()), failed)?;
        Ok(self.pages("SELECT freelist_count")? > 0)
    }
}
