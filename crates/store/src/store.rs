//! The store itself.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ccproxy_record::{Cost, Record};
use jiff::Timestamp;

use crate::StoreError;
use crate::database::{Columns, Conflict, Database, Table, Value};
use crate::figures::Figures;
use crate::query::{Bucket, Dimension, Filter, RequestPage, RequestQuery, UsageQuery, UsageReport, UsageRow};
use crate::rollup::{self, Dimensions, Level, Rollups, step};
use crate::rows::{self, RECORDS, TRANSITIONS};
use crate::sqlite::Sqlite;
use crate::transition::Transition;
use crate::{schema, sqlite};

/// More rows than this are not told.
const MOST_ROWS: usize = 10_000;
/// More steps than this are not counted.
const MOST_STEPS: i64 = 2_000;
/// A page has no more requests.
const MOST_REQUESTS: usize = 1_000;
/// How long the sums of minutes are kept.
const MINUTES: Duration = Duration::from_secs(48 * 3600);
/// So many rows are deleted at a time, so that writing does not stand still.
const DELETED: i64 = 5_000;

const WRITERS: Table =
    Table { name: "writers", columns: &["id", "batch", "at"], conflict: Conflict::Replace };

/// Where the store is, and what it keeps.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is.
    pub kind: Kind,
    /// What it keeps.
    pub kept: Kept,
}

/// Where a store is.
#[derive(Clone)]
pub enum Kind {
    /// In a file.
    Sqlite(PathBuf),
}

impl Kind {
    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
        }
    }
}

/// From a path, `sqlite:PATH` or a URL.
impl std::str::FromStr for Kind {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(StoreError::Url);
        }
        Ok(Self::Sqlite(path.into()))
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
        }
    }
}

/// What is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// How long records and the history of health are kept.
    pub records: Duration,
    /// How long the sums of hours and days are kept.
    pub usage: Duration,
    /// How large the store may be, in bytes; the oldest records go first.
    pub size: u64,
}

/// Records, usage and the history of health. A clone is the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Box<dyn Database>,
    kept: Kept,
    name: &'static str,
    /// This process among those that write.
    writer: i64,
    state: Mutex<State>,
    dimensions: Mutex<HashMap<i64, Arc<Dimensions>>>,
}

#[derive(Default)]
struct State {
    batch: i64,
    rollups: Rollups,
}

impl Store {
    /// Opens the store, which is made or brought up to date where needed. Blocks.
    ///
    /// # Errors
    /// [`StoreError`] says what to do.
    pub fn open(options: &Options) -> Result<Self, StoreError> {
        let (database, words): (Box<dyn Database>, _) = match &options.kind {
            Kind::Sqlite(path) => (Box::new(Sqlite::open(path)?), sqlite::WORDS),
        };
        schema::migrate(&*database, &words)?;
        Ok(Self(Arc::new(Inner {
            database,
            kept: options.kept,
            name: options.kind.name(),
            writer: fastrand::i64(1..),
            state: Mutex::default(),
            dimensions: Mutex::default(),
        })))
    }

    /// The kind of database.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Adds records, all or none; they are on the disk on return. Whoever gets an error comes with the same records again:
    /// they are not taken twice. Blocks.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not take them.
    pub fn append(&self, records: &[Arc<Record>]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let inner = &*self.0;
        let mut state = inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = state.rollups.changes(records.iter().map(|record| &**record));
        let rows = records.iter().map(|record| rows::row(record)).collect::<Result<Vec<_>, _>>()?;
        let batch = state.batch + 1;
        let writer = vec![inner.writer.into(), batch.into(), Timestamp::now().as_microsecond().into()];
        let [dimensions, sums] = changes.rows();
        let unless = "SELECT 1 FROM writers WHERE id = ?1 AND batch >= ?2";
        inner.database.insert(
            &[(RECORDS, rows), dimensions, sums, (WRITERS, vec![writer])],
            Some((unless, &[inner.writer.into(), batch.into()])),
        )?;
        state.batch = batch;
        state.rollups.commit(changes);
        Ok(())
    }

    /// Adds to the history of health. Blocks.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not take it.
    pub fn append_transitions(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        let rows = transitions.iter().map(rows::transition_row).collect();
        self.0.database.insert(&[(TRANSITIONS, rows)], None)
    }

    /// The history of health between two moments, the newest first, at most so many. Blocks.
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
        self.0.database.query(
            "SELECT at, plugin, component, before, after, output FROM transitions \
             WHERE at >= ?1 AND at < ?2 ORDER BY at DESC LIMIT ?3",
            &[since.as_microsecond().into(), until.as_microsecond().into(), (limit as u64).into()],
            &mut |row| {
                found.push(rows::transition(row)?);
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// What exchanges used. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Query`] if that makes no sense or is too much, others if the database does not tell.
    pub fn usage(&self, query: &UsageQuery) -> Result<UsageReport, StoreError> {
        query.filter.check().map_err(StoreError::Query)?;
        if query.until <= query.since {
            return Err(StoreError::Query("until must be after since".to_owned()));
        }
        let minutes =
            Timestamp::now().as_microsecond() - i64::try_from(MINUTES.as_micros()).unwrap_or(i64::MAX);
        let has_minutes = query.since.as_microsecond() >= minutes;
        if query.bucket == Bucket::Minute && !has_minutes {
            return Err(StoreError::Query(
                "minutes are known of the last 48 hours; take a wider bucket".to_owned(),
            ));
        }
        let level = Level::for_query(query.bucket, query.since, query.until, has_minutes);
        let since = step(query.bucket, query.since.as_microsecond())?;
        let since =
            since.map_or_else(|| level.start(query.since.as_microsecond()), Timestamp::as_microsecond);
        let until = query.until.as_microsecond();
        if query.bucket != Bucket::None && (until - since) / level.micros() > MOST_STEPS {
            return Err(StoreError::Query(format!(
                "that is more than {MOST_STEPS} steps; take a wider bucket, or less time"
            )));
        }
        let mut sums = Sums::new(query);
        if query.filter.is_plain() {
            self.sum_rollups(level, since, until, &query.filter, &mut sums)?;
        } else {
            self.sum_records(since, until, &query.filter, &mut sums)?;
        }
        sums.report(rows::timestamp(since)?, query)
    }

    fn sum_rollups(
        &self,
        level: Level,
        since: i64,
        until: i64,
        filter: &Filter,
        sums: &mut Sums<'_>,
    ) -> Result<(), StoreError> {
        self.learn_dimensions()?;
        let known = self.0.dimensions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let passes: HashMap<i64, bool> =
            known.iter().map(|(id, dimensions)| (*id, passes(filter, dimensions))).collect();
        let parameters = [level.number().into(), since.into(), until.into()];
        self.0.database.query(&rollup::select(), &parameters, &mut |row| {
            let (start, id, figures) = rollup::of_row(row)?;
            match known.get(&id) {
                Some(dimensions) if passes.get(&id) == Some(&true) => sums.add(start, dimensions, &figures),
                _ => Ok(()),
            }
        })
    }

    /// Reads what it does not know yet of what exchanges are told apart by.
    fn learn_dimensions(&self) -> Result<(), StoreError> {
        let mut known = self.0.dimensions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0;
        self.0.database.query("SELECT count(*) FROM dimensions", &[], &mut |row| {
            count = Columns::of(row).count()?;
            Ok(())
        })?;
        if known.len() as u64 == count {
            return Ok(());
        }
        self.0.database.query(&Dimensions::select(), &[], &mut |row| {
            let (id, dimensions) = Dimensions::of_row(row)?;
            known.entry(id).or_insert_with(|| Arc::new(dimensions));
            Ok(())
        })
    }

    /// For what sums do not tell: one record after the other.
    fn sum_records(
        &self,
        since: i64,
        until: i64,
        filter: &Filter,
        sums: &mut Sums<'_>,
    ) -> Result<(), StoreError> {
        let mut condition = Condition::default();
        condition.time(Some(since), Some(until));
        condition.filter(filter);
        let statement = format!("{}{}", rows::select(), condition.text());
        self.0.database.query(&statement, &condition.parameters, &mut |row| {
            let (_, ended, record) = rows::record(row)?;
            let dimensions = Dimensions(Dimension::ALL.map(|dimension| dimension.of(&record)));
            let mut figures = Figures::default();
            figures.add(&record);
            sums.add(ended, &dimensions, &figures)
        })
    }

    /// Requests, the newest first. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Query`] if that makes no sense, others if the database does not tell.
    pub fn requests(&self, query: &RequestQuery) -> Result<RequestPage, StoreError> {
        query.filter.check().map_err(StoreError::Query)?;
        let limit = query.limit.clamp(1, MOST_REQUESTS);
        let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
        let mut condition = Condition::default();
        condition.time(micros(query.since), micros(query.until));
        condition.filter(&query.filter);
        if let Some(cursor) = &query.cursor {
            condition.before(cursor)?;
        }
        let more = condition.place((limit as u64 + 1).into());
        let statement =
            format!("{}{} ORDER BY ended DESC, seq DESC LIMIT {more}", rows::select(), condition.text());
        let mut found = Vec::new();
        self.0.database.query(&statement, &condition.parameters, &mut |row| {
            found.push(rows::record(row)?);
            Ok(())
        })?;
        let next = (found.len() > limit).then(|| {
            found.truncate(limit);
            found.last().map(|(seq, ended, _)| format!("{ended}-{seq}"))
        });
        let requests = found.into_iter().map(|(_, _, record)| record).collect();
        Ok(RequestPage { requests, next: next.flatten() })
    }

    /// The newest record of this id. Blocks.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not tell.
    pub fn request(&self, id: &str) -> Result<Option<Record>, StoreError> {
        let statement = format!("{} WHERE id = ?1 ORDER BY seq DESC LIMIT 1", rows::select());
        let mut found = None;
        self.0.database.query(&statement, &[id.into()], &mut |row| {
            found = Some(rows::record(row)?.2);
            Ok(())
        })?;
        Ok(found)
    }

    /// What each key has spent since the beginning of a day in UTC. Blocks.
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
        let mut sums = Sums::new(&query);
        let (from, to) = (Level::Day.start(since.as_microsecond()), query.until.as_microsecond());
        self.sum_rollups(Level::Day, from, to, &query.filter, &mut sums)?;
        let rows = sums.report(query.since, &query)?.rows;
        Ok(rows
            .into_iter()
            .map(|row| (row.group.into_iter().find_map(|(_, key)| key), row.figures.cost))
            .collect())
    }

    /// The bytes it takes up. Blocks.
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
        let before = |age: Duration| now.saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
        let delete = |from: &str, condition: &str, parameters: &[Value]| {
            let key = if from == "transitions" {
                "at"
            } else if from == "records" {
                "seq"
            } else {
                "id"
            };
            let statement = format!(
                "DELETE FROM {from} WHERE {key} IN (SELECT {key} FROM {from} WHERE {condition} LIMIT {DELETED})"
            );
            inner.database.execute(&statement, parameters)
        };
        let mut deleted = delete("records", "ended < ?1", &[before(inner.kept.records).into()])?;
        deleted += delete("transitions", "at < ?1", &[before(inner.kept.records).into()])?;
        deleted += delete("rollups", "level = 0 AND start < ?1", &[before(MINUTES).into()])?;
        deleted += delete("rollups", "level > 0 AND start < ?1", &[before(inner.kept.usage).into()])?;
        delete("writers", "at < ?1", &[before(MINUTES).into()])?;
        if deleted == 0 && self.size()? > inner.kept.size {
            // The oldest go: as many as are deleted at a time.
            deleted = inner.database.execute(
                &format!(
                    "DELETE FROM records WHERE seq IN (SELECT seq FROM records ORDER BY ended, seq LIMIT {DELETED})"
                ),
                &[],
            )?;
        }
        Ok(inner.database.shrink()? || deleted > 0)
    }
}

fn passes(filter: &Filter, dimensions: &Dimensions) -> bool {
    Dimension::ALL.into_iter().all(|dimension| {
        let mut wanted = filter.values.iter().filter(|(of, _)| *of == dimension).peekable();
        wanted.peek().is_none() || wanted.any(|(_, wanted)| dimensions.get(dimension) == Some(wanted))
    })
}

/// Sums of rows, while they are read.
struct Sums<'q> {
    query: &'q UsageQuery,
    rows: HashMap<(Option<Timestamp>, Vec<Option<String>>), Figures>,
    total: Figures,
}

impl<'q> Sums<'q> {
    fn new(query: &'q UsageQuery) -> Self {
        Self { query, rows: HashMap::new(), total: Figures::default() }
    }

    fn add(&mut self, at: i64, dimensions: &Dimensions, figures: &Figures) -> Result<(), StoreError> {
        let start = step(self.query.bucket, at)?;
        let group = self.query.group.iter().map(|dimension| dimensions.get(*dimension).cloned()).collect();
        self.rows.entry((start, group)).or_default().merge(figures);
        self.total.merge(figures);
        Ok(())
    }

    fn report(self, since: Timestamp, query: &UsageQuery) -> Result<UsageReport, StoreError> {
        let row = |((start, values), figures): ((_, Vec<_>), _)| {
            let group = query.group.iter().copied().zip(values).collect();
            UsageRow { start, group, figures }
        };
        let mut rows: Vec<UsageRow> = self.rows.into_iter().map(row).collect();
        rows.sort_by(|one, other| {
            let most = other.figures.requests.cmp(&one.figures.requests);
            one.start.cmp(&other.start).then(most).then_with(|| one.group.cmp(&other.group))
        });
        let truncated = rows.len() > MOST_ROWS;
        rows.truncate(MOST_ROWS);
        Ok(UsageReport {
            since,
            until: query.until,
            bucket: query.bucket,
            group: query.group.clone(),
            rows,
            total: self.total,
            truncated,
        })
    }
}

/// A condition while it is put together.
#[derive(Default)]
struct Condition {
    parts: Vec<String>,
    parameters: Vec<Value>,
}

impl Condition {
    fn place(&mut self, value: Value) -> String {
        self.parameters.push(value);
        format!("?{}", self.parameters.len())
    }

    fn time(&mut self, since: Option<i64>, until: Option<i64>) {
        for (bound, sign) in [(since, ">="), (until, "<")] {
            if let Some(bound) = bound {
                let place = self.place(bound.into());
                self.parts.push(format!("ended {sign} {place}"));
            }
        }
    }

    fn filter(&mut self, filter: &Filter) {
        for dimension in Dimension::ALL {
            let values = filter.values.iter().filter(|(of, _)| *of == dimension).map(|(_, value)| value);
            let places: Vec<String> = values
                .map(|value| {
                    let number = value.parse::<i64>().ok().filter(|_| dimension == Dimension::Status);
                    self.place(number.map_or_else(|| value.as_str().into(), Value::from))
                })
                .collect();
            self.any(dimension.name(), &places);
            // The index of failures is for whoever looks for one.
            if !places.is_empty() && matches!(dimension, Dimension::Fault | Dimension::Error) {
                self.parts.push("fault IS NOT NULL".to_owned());
            }
        }
        let sessions: Vec<String> =
            filter.sessions.iter().map(|session| self.place(session.as_str().into())).collect();
        self.any("session", &sessions);
        if let Some(least) = filter.min_duration {
            let place = self.place(least.into());
            self.parts.push(format!("duration >= {place}"));
        }
    }

    fn any(&mut self, column: &str, places: &[String]) {
        if !places.is_empty() {
            self.parts.push(format!("{column} IN ({})", places.join(", ")));
        }
    }

    /// What comes after the place that a cursor says.
    fn before(&mut self, cursor: &str) -> Result<(), StoreError> {
        let wrong = || StoreError::Query(format!("cursor: {cursor:?} is none that was given out here"));
        let (ended, seq) = cursor.split_once('-').ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<i64>().map_err(|_| wrong());
        let (ended, seq) = (self.place(number(ended)?.into()), self.place(number(seq)?.into()));
        self.parts.push(format!("(ended, seq) < ({ended}, {seq})"));
        Ok(())
    }

    fn text(&self) -> String {
        if self.parts.is_empty() { String::new() } else { format!(" WHERE {}", self.parts.join(" AND ")) }
    }
}
