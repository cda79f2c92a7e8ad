//! The store itself.

use std::sync::{Arc, Mutex, PoisonError};

use ccproxy_record::{Cost, Record};
use jiff::Timestamp;

use crate::StoreError;
use crate::database::{Batch, Conflict, Database, Once, Table, int};
use crate::dimensions::{self, Directory};
use crate::keep::Keeper;
use crate::kind::{Kept, Kind, Options};
use crate::query::{Bucket, Dimension, Filter, RequestPage, RequestQuery, UsageQuery, UsageReport};
use crate::rollup::Rollups;
use crate::rows::{self, TRANSITIONS};
use crate::sqlite::Sqlite;
use crate::transition::Transition;
use crate::usage::MOST_ROWS;
use crate::{find, schema, usage};

const WRITERS: Table = Table {
    name: "writers",
    columns: &[int("id"), int("batch"), int("at")],
    key: 1,
    conflict: Conflict::Replace,
};

/// Records, usage and the history of health. A clone is the same store. Every method blocks.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Box<dyn Database>,
    kept: Kept,
    /// This process among those that write.
    writer: i64,
    state: Mutex<State>,
    /// The first day whose sums have not been put together.
    merged: Mutex<i64>,
    directory: Directory,
}

#[derive(Default)]
struct State {
    rollups: Rollups,
    /// What failed last: nobody knows whether it was written.
    failed: Option<i64>,
}

impl Store {
    /// Opens the store, which is made or brought up to date where needed.
    ///
    /// # Errors
    /// [`StoreError`] says what to do.
    pub fn open(options: &Options) -> Result<Self, StoreError> {
        let database: Box<dyn Database> = match &options.kind {
            Kind::Sqlite(path) => Box::new(Sqlite::open(path)?),
            #[cfg(feature = "postgres")]
            Kind::Postgres(server) => Box::new(crate::postgres::Postgres::open(server)?),
        };
        schema::migrate(&*database)?;
        // What records are told apart by is kept with the sums of days.
        let kept = Kept { usage: options.kept.usage.max(options.kept.records), ..options.kept };
        Ok(Self(Arc::new(Inner {
            database,
            kept,
            writer: fastrand::i64(1..),
            state: Mutex::default(),
            merged: Mutex::default(),
            directory: Directory::default(),
        })))
    }

    /// Adds records, all or none; they are on the disk on return. Whoever gets an error comes with the same records again:
    /// they are not taken twice. Texts are cut at 512 bytes.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not take them.
    pub fn append(&self, records: &[Arc<Record>]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let inner = &*self.0;
        let now = Timestamp::now().as_microsecond();
        let mut state = inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = digest(records);
        // Only what has failed can be there already.
        let again = state.failed.take().is_some_and(|failed| failed == batch);
        let once = Once { writer: inner.writer, batch, again };
        let written = state.rollups.add(records.iter().map(|record| &**record), now).and_then(|mut rows| {
            let writer = vec![once.writer.into(), once.batch.into(), now.into()];
            rows.push((WRITERS, vec![writer]));
            inner.database.insert(&Batch { once: Some(once), instead: None, rows: &rows })
        });
        if written.is_err() {
            state.failed = Some(once.batch);
        }
        if written.is_err() || again {
            state.rollups.forget();
        }
        written
    }

    /// Adds to the history of health.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not take it.
    pub fn append_transitions(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        let rows = [(TRANSITIONS, transitions.iter().map(rows::transition_row).collect())];
        self.0.database.insert(&Batch { once: None, instead: None, rows: &rows })
    }

    /// The history of health between two moments, the newest first, at most so many.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not tell.
    pub fn transitions(
        &self,
        since: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Transition>, StoreError> {
        let mut found = Vec::new();
        let statement = format!(
            "SELECT {} FROM transitions t WHERE t.at >= ?1 AND t.at < ?2 ORDER BY t.at DESC LIMIT ?3",
            TRANSITIONS.select(0, "t")
        );
        let parameters =
            [since.as_microsecond().into(), until.as_microsecond().into(), (limit as u64).into()];
        self.0.database.query(&statement, &parameters, &mut |mut row| {
            found.push(rows::transition(&mut row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// What exchanges used, by when they ended.
    ///
    /// # Errors
    /// [`StoreError::Query`] if that makes no sense or is too much, others if the database does not tell.
    pub fn usage(&self, query: &UsageQuery) -> Result<UsageReport, StoreError> {
        self.report(query, MOST_ROWS)
    }

    fn report(&self, query: &UsageQuery, most: usize) -> Result<UsageReport, StoreError> {
        let now = Timestamp::now().as_microsecond();
        usage::report(&*self.0.database, &self.0.directory, query, now, most)
    }

    /// Requests, the newest first, by when they ended.
    ///
    /// # Errors
    /// [`StoreError::Query`] if that makes no sense, others if the database does not tell.
    pub fn requests(&self, query: &RequestQuery) -> Result<RequestPage, StoreError> {
        find::page(&*self.0.database, &self.0.directory, query, Timestamp::now().as_microsecond())
    }

    /// The newest record of this id.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not tell.
    pub fn request(&self, id: &str) -> Result<Option<Record>, StoreError> {
        find::one(&*self.0.database, id)
    }

    /// What each key has spent since a moment.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not tell.
    pub fn spent(&self, since: Timestamp) -> Result<Vec<(Option<String>, Cost)>, StoreError> {
        let query = UsageQuery {
            since,
            until: Timestamp::now() + jiff::SignedDuration::from_hours(1),
            bucket: Bucket::None,
            group: vec![Dimension::Key],
            filter: Filter::default(),
        };
        let rows = self.report(&query, usize::MAX)?.rows;
        let spent =
            |row: crate::UsageRow| (row.group.into_iter().find_map(|(_, key)| key), row.figures.spent.cost);
        Ok(rows.into_iter().map(spent).collect())
    }

    /// The bytes it takes up.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not tell.
    pub fn size(&self) -> Result<u64, StoreError> {
        self.0.database.size()
    }

    /// Deletes a little of what is not to be kept, and tells whether there is more. Blocks, not for long.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not do it.
    pub fn maintain(&self) -> Result<bool, StoreError> {
        let inner = &*self.0;
        let now = Timestamp::now().as_microsecond();
        let keeper = Keeper { database: &*inner.database, kept: inner.kept, now };
        let mut merged = inner.merged.lock().unwrap_or_else(PoisonError::into_inner);
        let more = keeper.merge(&mut merged)?;
        Ok(keeper.clean()? || more)
    }
}

/// What tells a batch of records from another.
fn digest(records: &[Arc<Record>]) -> i64 {
    let mut hasher = blake3::Hasher::new();
    for record in records {
        hasher.update(record.id.as_bytes());
        hasher.update(&record.began.as_microsecond().to_le_bytes());
        hasher.update(&record.duration.micros().to_le_bytes());
    }
    dimensions::number(&hasher)
}
