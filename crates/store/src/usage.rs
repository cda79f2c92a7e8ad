//! What exchanges used.

use std::collections::HashMap;

use ccproxy_record::{Ending, Fault};
use jiff::Timestamp;

use crate::StoreError;
use crate::condition::Condition;
use crate::cover::Piece;
use crate::database::Database;
use crate::dimensions::{Dimensions, Directory, Known};
use crate::figures::Figures;
use crate::keep::there;
use crate::measures;
use crate::packed::{Sum, each_sum};
use crate::query::{Bucket, Dimension, UsageQuery, UsageReport, UsageRow};
use crate::rollup;
use crate::rows::{self, Counted, timestamp};
use crate::step::{Level, step};

/// More rows than this are not told.
pub(crate) const MOST_ROWS: usize = 10_000;
/// More steps than this are not counted.
const MOST_STEPS: i64 = 2_000;

/// Answers a query; `most` rows are told.
pub(crate) fn report(
    database: &dyn Database,
    directory: &Directory,
    query: &UsageQuery,
    now: i64,
    most: usize,
) -> Result<UsageReport, StoreError> {
    query.filter.check().map_err(StoreError::Query)?;
    if query.until <= query.since {
        return Err(StoreError::Query("until must be after since".to_owned()));
    }
    let there = there(database, now)?;
    let finest = Level::of(query.bucket);
    let (from, to) = there.told(query.since.as_microsecond(), query.until.as_microsecond(), finest);
    if (to - from) / width(query.bucket) >= MOST_STEPS {
        return Err(StoreError::Query(format!(
            "that is more than {MOST_STEPS} steps; take a wider bucket, or less time"
        )));
    }
    let plain = query.filter.is_plain();
    let mut sums = Sums::new(query, directory.read(database)?, plain, most);
    if plain {
        for piece in there.cover(from, to, finest) {
            match piece.level {
                Some(level) => add_sums(database, level, piece, &mut sums)?,
                None => add_records(database, piece.from, piece.to, &mut sums)?,
            }
        }
    } else {
        let (from, to) = (from.max(there.records), to.max(there.records));
        // Who belongs to a session is told by the index of records alone; within an hour measures have no order.
        let by_records = !query.filter.sessions.is_empty() || query.bucket == Bucket::Minute;
        let edge = if by_records { to } else { there.measures.clamp(from, to) };
        if from < edge {
            add_records(database, from, edge, &mut sums)?;
        }
        if edge < to {
            add_measures(database, edge, to, &mut sums)?;
        }
    }
    sums.report(timestamp(from)?, timestamp(to)?)
}

/// How wide the steps of a bucket are at least, in microseconds.
const fn width(bucket: Bucket) -> i64 {
    match bucket {
        Bucket::None => i64::MAX,
        Bucket::Week => 7 * Level::Day.micros(),
        Bucket::Month => 28 * Level::Day.micros(),
        Bucket::Minute | Bucket::Hour | Bucket::Day => Level::of(bucket).micros(),
    }
}

fn add_sums(
    database: &dyn Database,
    level: Level,
    Piece { from, to, .. }: Piece,
    sums: &mut Sums<'_>,
) -> Result<(), StoreError> {
    let parameters = [level.number().into(), from.into(), to.into()];
    database.query(rollup::SELECT, &parameters, &mut |mut row| {
        let start = row.int()?;
        each_sum(&row.bytes()?, |sum| sums.add_sum(start, sum))
    })
}

fn add_records(database: &dyn Database, from: i64, to: i64, sums: &mut Sums<'_>) -> Result<(), StoreError> {
    let mut condition = Condition::new(database.words());
    condition.between(from, to);
    condition.beyond_dimensions(&sums.query.filter);
    let statement = format!("{}{} ORDER BY r.ended", rows::select_counted(""), condition.whole());
    database
        .query(&statement, &condition.parameters, &mut |mut row| sums.add_record(rows::counted(&mut row)?))
}

fn add_measures(database: &dyn Database, from: i64, to: i64, sums: &mut Sums<'_>) -> Result<(), StoreError> {
    let least = sums.query.filter.min_duration.unwrap_or(0);
    let parameters = [Level::Hour.start(from).into(), to.into(), least.into()];
    database.query(measures::SELECT, &parameters, &mut |mut row| {
        let hour = row.int()?;
        measures::each(hour, &row.bytes()?, (from, to), least, |counted| sums.add_record(counted))
    })
}

/// What is known of the exchanges of the same dimensions.
#[derive(Clone, Copy)]
struct Place {
    /// The number of their group.
    group: usize,
    /// Whether their records alone tell their models.
    hides: bool,
    ending: Ending,
    fault: Option<Fault>,
}

/// Sums while they are added up, the earliest first.
struct Sums<'q> {
    query: &'q UsageQuery,
    known: Known,
    /// Whether what dimensions hide stays hidden, as it does in sums.
    hidden: bool,
    most: usize,
    /// By the dimensions' id; none if its exchanges are not meant.
    places: HashMap<i64, Option<Place>>,
    groups: Vec<Vec<Option<String>>>,
    numbers: HashMap<Vec<Option<String>>, usize>,
    /// Where the finest step begins that is being added up, and where its bucket does.
    at: Option<(i64, Option<Timestamp>)>,
    bucket: HashMap<usize, Figures>,
    rows: Vec<UsageRow>,
    truncated: bool,
    total: Figures,
}

impl<'q> Sums<'q> {
    fn new(query: &'q UsageQuery, known: Known, hidden: bool, most: usize) -> Self {
        Self {
            query,
            known,
            hidden,
            most,
            places: HashMap::new(),
            groups: Vec::new(),
            numbers: HashMap::new(),
            at: None,
            bucket: HashMap::new(),
            rows: Vec::new(),
            truncated: false,
            total: Figures::default(),
        }
    }

    /// The number of the group that these dimensions belong to.
    fn group(&mut self, dimensions: &Dimensions) -> usize {
        let values = self.query.group.iter().map(|dimension| dimensions.get(*dimension).map(str::to_owned));
        let values: Vec<_> = values.collect();
        *self.numbers.entry(values).or_insert_with_key(|values| {
            self.groups.push(values.clone());
            self.groups.len() - 1
        })
    }

    fn place(&mut self, id: i64) -> Option<Place> {
        if let Some(place) = self.places.get(&id) {
            return *place;
        }
        let known = Known::clone(&self.known);
        let meant = known.get(&id).filter(|dimensions| dimensions.may_pass(&self.query.filter, !self.hidden));
        let place = meant.map(|dimensions| Place {
            group: self.group(dimensions),
            hides: dimensions.hides_names(),
            ending: dimensions
                .get(Dimension::Ending)
                .and_then(|word| word.parse().ok())
                .unwrap_or(Ending::Done),
            fault: dimensions.get(Dimension::Fault).and_then(|word| word.parse().ok()),
        });
        self.places.insert(id, place);
        place
    }

    fn add_sum(&mut self, start: i64, sum: &Sum<'_>) -> Result<(), StoreError> {
        let Some(place) = self.place(sum.dimensions) else { return Ok(()) };
        self.turn_to(start)?;
        sum.add_to(self.bucket.entry(place.group).or_default())
    }

    fn add_record(&mut self, record: Counted) -> Result<(), StoreError> {
        let Some(mut place) = self.place(record.dimensions) else { return Ok(()) };
        if !self.hidden && place.hides {
            let known = Known::clone(&self.known);
            let told = known.get(&record.dimensions).map(|known| known.clone().with_models(record.models));
            let Some(told) = told.filter(|told| told.may_pass(&self.query.filter, false)) else {
                return Ok(());
            };
            place.group = self.group(&told);
        }
        self.turn_to(record.ended)?;
        self.bucket.entry(place.group).or_default().add_one(place.ending, place.fault, &record.measures);
        Ok(())
    }

    /// Goes on to the bucket of a moment.
    fn turn_to(&mut self, at: i64) -> Result<(), StoreError> {
        let begin = Level::of(self.query.bucket).start(at);
        if self.query.bucket == Bucket::None || self.at.is_some_and(|(known, _)| known == begin) {
            return Ok(());
        }
        let start = step(self.query.bucket, begin)?;
        if self.at.is_some_and(|(_, known)| known != start) {
            self.end_bucket();
        }
        self.at = Some((begin, start));
        Ok(())
    }

    /// Makes rows of the bucket that was added up.
    fn end_bucket(&mut self) {
        let start = self.at.and_then(|(_, start)| start);
        let total = &mut self.total;
        let mut groups: Vec<_> = self
            .bucket
            .drain()
            .inspect(|(_, figures)| total.merge(figures))
            .filter_map(|(number, figures)| Some((self.groups.get(number)?, figures)))
            .collect();
        groups.sort_by(|(one, of_one), (other, of_other)| {
            of_other.requests.cmp(&of_one.requests).then_with(|| one.cmp(other))
        });
        let room = self.most - self.rows.len();
        self.truncated |= groups.len() > room;
        self.rows.extend(groups.into_iter().take(room).map(|(values, figures)| UsageRow {
            start,
            group: self.query.group.iter().copied().zip(values.iter().cloned()).collect(),
            figures,
        }));
    }

    fn report(mut self, since: Timestamp, until: Timestamp) -> Result<UsageReport, StoreError> {
        self.end_bucket();
        Ok(UsageReport {
            since,
            until,
            bucket: self.query.bucket,
            group: self.query.group.clone(),
            rows: self.rows,
            total: self.total,
            truncated: self.truncated,
        })
    }
}
