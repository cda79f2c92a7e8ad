//! Sums that are kept while exchanges come in, so that nobody has to count them again.
//!
//! A process has the sums of the steps at hand in memory, and writes each that has changed as a whole: writing it twice does
//! no harm. When it starts anew, or a step has been put away, another row of the same step is begun; whoever reads adds them up.

use std::collections::HashMap;
use std::sync::Arc;

use ccproxy_record::{Cost, Record};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};

use crate::database::{Columns, Conflict, Rows, Table, Value};
use crate::figures::{Faults, Figures, Percentiles, TokenSums};
use crate::histogram::Histogram;
use crate::query::{Bucket, Dimension};
use crate::rows::{ended, timestamp};
use crate::{StoreError, error};

/// More kinds of exchanges in a step than this are told apart by no name that a client can make up.
const KINDS: usize = 2_000;
/// What such a name becomes.
const OTHER: &str = "(other)";

/// What exchanges are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Dimensions(pub(crate) [Option<String>; Dimension::ALL.len()]);

/// How wide the steps of a sum are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Level {
    Minute,
    Hour,
    Day,
}

const DIMENSIONS: Table = Table {
    name: "dimensions",
    columns: &[
        "id",
        "model",
        "served_model",
        "provider",
        "key",
        "operation",
        "dialect",
        "route",
        "ending",
        "fault",
        "error",
        "status",
    ],
    conflict: Conflict::Keep,
};

const ROLLUPS: Table = Table { name: "rollups", columns: &COLUMNS, conflict: Conflict::Replace };

const COLUMNS: [&str; 22] = [
    "id",
    "level",
    "start",
    "dimensions",
    "requests",
    "failed",
    "client_gone",
    "client_faults",
    "our_faults",
    "upstream_faults",
    "attempts",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost",
    "unpriced",
    "request_bytes",
    "response_bytes",
    "durations",
    "first_tokens",
];

impl Dimensions {
    fn of(record: &Record) -> Self {
        Self(Dimension::ALL.map(|dimension| dimension.of(record)))
    }

    pub(crate) fn get(&self, dimension: Dimension) -> Option<&String> {
        let at = Dimension::ALL.iter().position(|other| *other == dimension)?;
        self.0.get(at)?.as_ref()
    }

    /// The same without the names that a client can make up.
    fn without_names(mut self) -> Self {
        for (dimension, value) in Dimension::ALL.into_iter().zip(&mut self.0) {
            if matches!(dimension, Dimension::Model | Dimension::ServedModel) && value.is_some() {
                *value = Some(OTHER.to_owned());
            }
        }
        self
    }

    /// The same for the same dimensions in every process.
    fn id(&self) -> i64 {
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
        let mut first = [0; 8];
        hasher.finalize_xof().fill(&mut first);
        i64::from_le_bytes(first) & i64::MAX
    }

    fn row(&self, id: i64) -> Vec<Value> {
        std::iter::once(id.into()).chain(self.0.iter().map(|value| value.as_deref().into())).collect()
    }

    pub(crate) fn of_row(row: Vec<Value>) -> Result<(i64, Self), StoreError> {
        let mut row = Columns::of(row);
        let id = row.int()?;
        let mut values = [const { None }; Dimension::ALL.len()];
        for value in &mut values {
            *value = row.maybe_text()?;
        }
        Ok((id, Self(values)))
    }

    /// The query that gives rows for [`of_row`](Self::of_row).
    pub(crate) fn select() -> String {
        format!("SELECT {} FROM dimensions", DIMENSIONS.columns.join(", "))
    }
}

impl Level {
    pub(crate) const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Minute => 0,
            Self::Hour => 1,
            Self::Day => 2,
        }
    }

    pub(crate) const fn micros(self) -> i64 {
        const SECOND: i64 = 1_000_000;
        match self {
            Self::Minute => 60 * SECOND,
            Self::Hour => 3600 * SECOND,
            Self::Day => 24 * 3600 * SECOND,
        }
    }

    /// Where the step begins that a moment lies in.
    pub(crate) const fn start(self, micros: i64) -> i64 {
        micros.div_euclid(self.micros()) * self.micros()
    }

    /// The widest steps that tell what was asked for.
    pub(crate) fn for_query(bucket: Bucket, since: Timestamp, until: Timestamp, minutes: bool) -> Self {
        const LIVE: i64 = 6 * 3600;
        const LATELY: i64 = 8 * 24 * 3600;
        let seconds = until.as_second().saturating_sub(since.as_second());
        match bucket {
            Bucket::Minute => Self::Minute,
            Bucket::None if seconds <= LIVE && minutes => Self::Minute,
            Bucket::Hour => Self::Hour,
            Bucket::None if seconds <= LATELY => Self::Hour,
            Bucket::None | Bucket::Day | Bucket::Week | Bucket::Month => Self::Day,
        }
    }
}

/// Where the step of a bucket begins that a moment lies in.
pub(crate) fn step(bucket: Bucket, micros: i64) -> Result<Option<Timestamp>, StoreError> {
    let floor = |level: Level| timestamp(level.start(micros)).map(Some);
    let content = |error: jiff::Error| StoreError::Content(error.to_string());
    match bucket {
        Bucket::None => Ok(None),
        Bucket::Minute => floor(Level::Minute),
        Bucket::Hour => floor(Level::Hour),
        Bucket::Day => floor(Level::Day),
        Bucket::Week => {
            let day = timestamp(Level::Day.start(micros))?;
            let past = day.to_zoned_datetime(TimeZone::UTC).weekday().to_monday_zero_offset();
            day.checked_sub((i64::from(past) * 24).hours()).map(Some).map_err(content)
        }
        Bucket::Month => {
            let day = timestamp(Level::Day.start(micros))?.to_zoned_datetime(TimeZone::UTC);
            day.first_of_month()
                .and_then(|first| first.round(Unit::Second))
                .map(|first| Some(first.timestamp()))
                .map_err(content)
        }
    }
}

/// The sums of the steps at hand.
#[derive(Default)]
pub(crate) struct Rollups {
    sums: HashMap<(Level, i64, Arc<Dimensions>), Sum>,
    /// How many kinds a step has.
    kinds: HashMap<(Level, i64), usize>,
}

#[derive(Clone)]
struct Sum {
    id: i64,
    figures: Figures,
}

/// What a batch changes, until it is written.
pub(crate) struct Changes(HashMap<(Level, i64, Arc<Dimensions>), Sum>);

impl Rollups {
    /// What these records change.
    pub(crate) fn changes<'r>(&self, records: impl Iterator<Item = &'r Record>) -> Changes {
        let mut changes: HashMap<(Level, i64, Arc<Dimensions>), Sum> = HashMap::new();
        for record in records {
            let (at, dimensions) = (ended(record), Arc::new(Dimensions::of(record)));
            for level in Level::ALL {
                let start = level.start(at);
                let key = (level, start, Arc::clone(&dimensions));
                let kinds = self.kinds.get(&(level, start)).copied().unwrap_or(0);
                let known = self.sums.contains_key(&key) || changes.contains_key(&key);
                let key = if known || kinds + changes.len() < KINDS {
                    key
                } else {
                    (level, start, Arc::new(Dimensions::clone(&dimensions).without_names()))
                };
                let begin = || Sum { id: fastrand::i64(1..), figures: Figures::default() };
                let sum = changes
                    .entry(key)
                    .or_insert_with_key(|key| self.sums.get(key).cloned().unwrap_or_else(begin));
                sum.figures.add(record);
            }
        }
        Changes(changes)
    }

    /// They are written.
    pub(crate) fn commit(&mut self, changes: Changes) {
        for (key, sum) in changes.0 {
            let step = (key.0, key.1);
            if self.sums.insert(key, sum).is_none() {
                *self.kinds.entry(step).or_default() += 1;
            }
        }
        self.put_away();
    }

    /// Keeps the steps of each level that are the newest, and a few before.
    fn put_away(&mut self) {
        const STEPS: i64 = 3;
        for level in Level::ALL {
            let newest = self.kinds.keys().filter(|(of, _)| *of == level).map(|(_, start)| *start).max();
            let Some(newest) = newest else { continue };
            let oldest = newest - (STEPS - 1) * level.micros();
            self.kinds.retain(|(of, start), _| *of != level || *start >= oldest);
            self.sums.retain(|(of, start, _), _| *of != level || *start >= oldest);
        }
    }
}

impl Changes {
    /// The rows to write: the sums, and what their dimensions are.
    pub(crate) fn rows(&self) -> [Rows; 2] {
        let mut ids: HashMap<&Dimensions, i64> = HashMap::new();
        let sums = self.0.iter().map(|((level, start, dimensions), sum)| {
            let dimensions = *ids.entry(&**dimensions).or_insert_with(|| dimensions.id());
            sum_row(*level, *start, dimensions, sum)
        });
        let sums: Vec<_> = sums.collect();
        let dimensions = ids.iter().map(|(dimensions, id)| dimensions.row(*id)).collect();
        [(DIMENSIONS, dimensions), (ROLLUPS, sums)]
    }
}

fn sum_row(level: Level, start: i64, dimensions: i64, sum: &Sum) -> Vec<Value> {
    let Figures { faults, tokens, .. } = &sum.figures;
    let figures = &sum.figures;
    let counts = [
        figures.requests,
        figures.failed,
        figures.client_gone,
        faults.client,
        faults.us,
        faults.upstream,
        figures.attempts,
        tokens.input,
        tokens.output,
        tokens.cache_read,
        tokens.cache_write,
        tokens.reasoning,
    ];
    let mut row: Vec<Value> = vec![sum.id.into(), level.number().into(), start.into(), dimensions.into()];
    row.extend(counts.map(Value::from));
    row.push(figures.cost.nanos().into());
    row.extend([figures.unpriced, figures.request_bytes, figures.response_bytes].map(Value::from));
    row.push(Value::Bytes(figures.durations.0.to_bytes()));
    row.push(Value::Bytes(figures.first_tokens.0.to_bytes()));
    row
}

/// The query that gives rows for [`of_row`] of a level (`?1`) from a start (`?2`) on and before another (`?3`).
pub(crate) fn select() -> String {
    let columns = COLUMNS.get(2..).unwrap_or_default().join(", ");
    format!("SELECT {columns} FROM rollups WHERE level = ?1 AND start >= ?2 AND start < ?3")
}

/// Start, dimensions and figures of a row.
pub(crate) fn of_row(row: Vec<Value>) -> Result<(i64, i64, Figures), StoreError> {
    let row = &mut Columns::of(row);
    let (start, dimensions) = (row.int()?, row.int()?);
    let figures = Figures {
        requests: row.count()?,
        failed: row.count()?,
        client_gone: row.count()?,
        faults: Faults { client: row.count()?, us: row.count()?, upstream: row.count()? },
        attempts: row.count()?,
        tokens: TokenSums {
            input: row.count()?,
            output: row.count()?,
            cache_read: row.count()?,
            cache_write: row.count()?,
            reasoning: row.count()?,
        },
        cost: Cost::from_nanos(row.int()?),
        unpriced: row.count()?,
        request_bytes: row.count()?,
        response_bytes: row.count()?,
        durations: times(row)?,
        first_tokens: times(row)?,
    };
    Ok((start, dimensions, figures))
}

fn times(row: &mut Columns) -> Result<Percentiles, error::StoreError> {
    let histogram = Histogram::of_bytes(&row.bytes()?);
    histogram.map(Percentiles).ok_or_else(|| StoreError::Content("times that are cut short".to_owned()))
}
