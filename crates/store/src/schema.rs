//! The tables, and how they came to be what they are.

mod unpacked;

use crate::StoreError;
use crate::database::{Database, Words, numbers};

/// Each step from one schema to the next, the first from nothing. Steps are added, never changed.
const STEPS: [&str; 4] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
];
/// What takes this program to be moved is moved before the step from this one on.
const MOVED: i64 = 3;

/// Brings the tables up to what this program knows.
///
/// # Errors
/// [`StoreError::Newer`] if they are beyond that.
pub(crate) fn migrate(database: &dyn Database) -> Result<(), StoreError> {
    let words = database.words();
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
        let step = said(step, words);
        let script =
            format!("{}{step}INSERT INTO ccproxy_schema (version) VALUES ({});", words.lock, found + 1);
        let moved = if found == MOVED { unpacked::pack(database) } else { Ok(()) };
        if let Err(error) = moved.and_then(|()| database.script(&script)) {
            // Another process was first.
            if version(database)? <= found {
                return Err(error);
            }
        }
    }
}

/// A step in the words of a database.
fn said(step: &str, words: &Words) -> String {
    step.replace("{identity}", words.identity)
        .replace("{bytes}", words.bytes)
        .replace("{clustered}", words.clustered)
        .replace("{rewritten}", words.rewritten)
        .replace("{packed}", words.packed)
}

fn version(database: &dyn Database) -> Result<i64, StoreError> {
    let [version] = numbers(database, "SELECT max(version) FROM ccproxy_schema", &[])?;
    Ok(version.unwrap_or(0))
}
