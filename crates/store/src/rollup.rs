//! Sums that are kept while exchanges come in, so that nobody has to count them again.
//!
//! A process has the sums of the steps at hand in memory, and writes each that has changed as a whole: writing it twice does
//! no harm. When it starts anew, or a step has been put away, another row of the same step is begun; whoever reads adds them
//! up, and [`keep`](crate::keep) makes one of them when the step is long past.

use std::collections::{BTreeMap, HashMap};

use ccproxy_record::{Cost, Record};

use crate::StoreError;
use crate::database::{Columns, Conflict, Rows, Table, Value, bytes, int};
use crate::dimensions::{DIMENSIONS, Dimensions};
use crate::figures::{Faults, Figures, Percentiles, TokenSums};
use crate::histogram::Histogram;
use crate::rows::{self, RECORDS, ended};
use crate::step::Level;

/// More kinds of exchanges in a day than this are told apart by no name that a client can make up.
const KINDS: usize = 2_000;
/// For how long after its end a process goes on with its sum of a step, in microseconds.
pub(crate) const AT_HAND: i64 = 24 * 3600 * 1_000_000;
/// How long the sums of minutes are kept, in microseconds.
pub(crate) const MINUTES: i64 = 48 * 3600 * 1_000_000;

pub(crate) const ROLLUPS: Table = Table {
    name: "rollups",
    columns: &[
        int("level"),
        int("start"),
        int("id"),
        int("dimensions"),
        int("requests"),
        int("failed"),
        int("client_gone"),
        int("client_faults"),
        int("our_faults"),
        int("upstream_faults"),
        int("attempts"),
        int("input_tokens"),
        int("output_tokens"),
        int("cache_read_tokens"),
        int("cache_write_tokens"),
        int("reasoning_tokens"),
        int("cost"),
        int("unpriced"),
        int("request_bytes"),
        int("response_bytes"),
        bytes("durations"),
        bytes("first_tokens"),
    ],
    key: 3,
    conflict: Conflict::Replace,
};

/// A level, a start and the dimensions' id.
type Key = (Level, i64, i64);

/// The sums of the steps at hand.
#[derive(Default)]
pub(crate) struct Rollups {
    sums: HashMap<Key, Sum>,
    /// How many kinds a day has.
    kinds: BTreeMap<i64, usize>,
}

#[derive(Clone)]
struct Sum {
    id: i64,
    figures: Figures,
}

/// What a batch of records comes to, until it is written.
pub(crate) struct Changes {
    sums: HashMap<Key, Sum>,
    dimensions: BTreeMap<i64, Dimensions>,
    records: Vec<Vec<Value>>,
    now: i64,
}

impl Rollups {
    /// What these records change.
    pub(crate) fn changes<'r>(
        &self,
        records: impl Iterator<Item = &'r Record>,
        now: i64,
    ) -> Result<Changes, StoreError> {
        let mut changes =
            Changes { sums: HashMap::new(), dimensions: BTreeMap::new(), records: Vec::new(), now };
        for record in records {
            let at = ended(record);
            let (id, hides) = self.kind(record, Level::Day.start(at), &mut changes);
            changes.records.push(rows::row(record, id, hides)?);
            for level in Level::ALL {
                let start = level.start(at);
                if level == Level::Minute && start < now - MINUTES {
                    continue;
                }
                let key = (level, start, id);
                let begin = || Sum { id: fastrand::i64(1..), figures: Figures::default() };
                let known = || self.sums.get(&key).filter(|_| at_hand(key, now)).cloned();
                let sum = changes.sums.entry(key).or_insert_with(|| known().unwrap_or_else(begin));
                sum.figures.add(record);
            }
        }
        Ok(changes)
    }

    /// The dimensions under which a record is counted, and whether they hide its models.
    fn kind(&self, record: &Record, day: i64, changes: &mut Changes) -> (i64, bool) {
        let mut dimensions = Dimensions::of(record);
        let mut id = dimensions.id();
        let key = (Level::Day, day, id);
        let known = self.sums.contains_key(&key) || changes.sums.contains_key(&key);
        let kinds = self.kinds.get(&day).copied().unwrap_or(0);
        let hides = !known && kinds + changes.dimensions.len() >= KINDS;
        if hides {
            dimensions = dimensions.without_names();
            id = dimensions.id();
        }
        let hides = hides && dimensions.hides_names();
        changes.dimensions.entry(id).or_insert(dimensions);
        (id, hides)
    }

    /// They are written.
    pub(crate) fn commit(&mut self, changes: Changes) {
        let now = changes.now;
        for (key, sum) in changes.sums {
            if !at_hand(key, now) {
                continue;
            }
            if self.sums.insert(key, sum).is_none() && key.0 == Level::Day {
                *self.kinds.entry(key.1).or_default() += 1;
            }
        }
        self.sums.retain(|key, _| at_hand(*key, now));
        self.kinds.retain(|day, _| at_hand((Level::Day, *day, 0), now));
    }

    /// Nobody knows whether what was to be written has been: other rows are begun.
    pub(crate) fn forget(&mut self) {
        self.sums.clear();
        self.kinds.clear();
    }
}

/// Whether a process goes on with its sum of a step.
fn at_hand((level, start, _): Key, now: i64) -> bool {
    // Minutes and hours are begun anew soon, which costs a row, and not kept in memory, which costs more.
    let past = match level {
        Level::Day => AT_HAND,
        Level::Hour | Level::Minute => 2 * level.micros(),
    };
    start + level.micros() + past > now
}

impl Changes {
    /// The rows to write: records, what their dimensions are, and the sums, each in the order of its key.
    pub(crate) fn rows(&mut self) -> [Rows; 3] {
        let dimensions = self.dimensions.iter().map(|(id, dimensions)| dimensions.row(*id)).collect();
        let mut sums: Vec<_> = self.sums.iter().collect();
        sums.sort_unstable_by_key(|(key, _)| **key);
        let sums = sums.into_iter().map(|(key, sum)| row(*key, sum.id, &sum.figures)).collect();
        [(DIMENSIONS, dimensions), (RECORDS, std::mem::take(&mut self.records)), (ROLLUPS, sums)]
    }
}

/// The row of a sum.
pub(crate) fn row((level, start, dimensions): Key, id: i64, figures: &Figures) -> Vec<Value> {
    let Figures { faults, tokens, .. } = figures;
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
    let mut row: Vec<Value> = vec![level.number().into(), start.into(), id.into(), dimensions.into()];
    row.extend(counts.map(Value::from));
    row.push(figures.cost.nanos().into());
    row.extend([figures.unpriced, figures.request_bytes, figures.response_bytes].map(Value::from));
    row.push(Value::Bytes(figures.durations.0.to_bytes()));
    row.push(Value::Bytes(figures.first_tokens.0.to_bytes()));
    row
}

/// The query that gives rows for [`of_row`] of a level (`?1`) from a start (`?2`) on and before another (`?3`), in their order.
pub(crate) fn select() -> String {
    format!(
        "SELECT {} FROM rollups s WHERE s.level = ?1 AND s.start >= ?2 AND s.start < ?3 ORDER BY s.start",
        ROLLUPS.select(1, "s")
    )
}

/// Gives start, dimensions, requests and durations of the same.
pub(crate) const COUNTS: &str = "SELECT s.start, s.dimensions, s.requests, s.durations FROM rollups s \
     WHERE s.level = ?1 AND s.start >= ?2 AND s.start < ?3";

/// A sum as it was written.
pub(crate) struct Written {
    pub(crate) start: i64,
    pub(crate) id: i64,
    pub(crate) dimensions: i64,
    pub(crate) figures: Figures,
}

/// What a row says.
pub(crate) fn of_row(row: &mut Columns) -> Result<Written, StoreError> {
    let (start, id, dimensions) = (row.int()?, row.int()?, row.int()?);
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
    Ok(Written { start, id, dimensions, figures })
}

pub(crate) fn times(row: &mut Columns) -> Result<Percentiles, StoreError> {
    let histogram = Histogram::of_bytes(&row.bytes()?);
    histogram.map(Percentiles).ok_or_else(|| StoreError::Content("times that are cut short".to_owned()))
}
