//! The tables, and how they came to be what they are.

use crate::StoreError;
use crate::database::{Columns, Database, Value};

/// Each step from one schema to the next, the first from nothing. Steps are added, never changed.
const STEPS: [&str; 1] = [include_str!("schema/1.sql")];

/// How a database says what the other says otherwise.
pub(crate) struct Words {
    /// The type of a number that counts the rows of a table.
    pub(crate) identity: &'static str,
    /// The type of bytes.
    pub(crate) bytes: &'static str,
    /// What begins every script, so that only one process migrates.
    pub(crate) lock: &'static str,
}

/// Brings the tables up to what this program knows.
///
/// # Errors
/// [`StoreError::Newer`] if they are beyond that.
pub(crate) fn migrate(database: &dyn Database, words: &Words) -> Result<(), StoreError> {
    database.script(&format!(
        "{}CREATE TABLE IF NOT EXISTS ccproxy_schema (version BIGINT NOT NULL);",
        words.lock
    ))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    loop {
        let found = version(database)?;
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        let Some(step) = usize::try_from(found).ok().and_then(|found| STEPS.get(found)) else {
            return Ok(());
        };
        let step = step.replace("{identity}", words.identity).replace("{bytes}", words.bytes);
        let script =
            format!("{}{step}INSERT INTO ccproxy_schema (version) VALUES ({});", words.lock, found + 1);
        if let Err(error) = database.script(&script) {
            // Another process was first.
            if version(database)? <= found {
                return Err(error);
            }
        }
    }
}

fn version(database: &dyn Database) -> Result<i64, StoreError> {
    let mut version = 0;
    let statement = "SELECT coalesce(max(version), 0) FROM ccproxy_schema";
    database.query(statement, &[], &mut |row: Vec<Value>| {
        version = Columns::of(row).int()?;
        Ok(())
    })?;
    Ok(version)
}
