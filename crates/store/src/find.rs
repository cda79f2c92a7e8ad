//! Finding requests, the newest first.
//!
//! Sums tell where there are any of those that are looked for: in which days, in which hours of those, in which minutes. Only
//! there the records are read, by the index of their dimensions. So the rare are found as fast as the frequent.

use std::collections::{BTreeMap, HashSet};

use ccproxy_record::Record;
use jiff::Timestamp;

use crate::StoreError;
use crate::condition::Condition;
use crate::cover::Since;
use crate::database::{Database, numbers};
use crate::dimensions::Directory;
use crate::keep::there;
use crate::packed::each_sum;
use crate::query::{Filter, RequestPage, RequestQuery};
use crate::rollup;
use crate::rows::{self, Place};
use crate::step::Level;

/// A page has no more requests.
const MOST_REQUESTS: usize = 1_000;
/// So many records are read where they lie; where there are more, finer sums are asked first.
const FEW: u64 = 4_000;
/// Sums of at most so many days are asked for at once.
const DAYS: i64 = 32;

/// A page of requests.
pub(crate) fn page(
    database: &dyn Database,
    directory: &Directory,
    query: &RequestQuery,
    now: i64,
) -> Result<RequestPage, StoreError> {
    query.filter.check().map_err(StoreError::Query)?;
    let limit = query.limit.clamp(1, MOST_REQUESTS);
    let micros = |at: Option<Timestamp>, or: i64| at.map_or(or, Timestamp::as_microsecond);
    let mut search = Search {
        database,
        filter: &query.filter,
        there: there(database, now)?,
        from: micros(query.since, i64::MIN),
        to: micros(query.until, i64::MAX),
        before: query.cursor.as_deref().map(place).transpose()?,
        ids: None,
        hidden: false,
        wanted: limit + 1,
        found: Vec::new(),
    };
    search.run(directory)?;
    let mut found = search.found;
    let next = (found.len() > limit).then(|| {
        found.truncate(limit);
        found.last().map(|(Place { ended, seq }, _)| format!("{ended}-{seq}"))
    });
    Ok(RequestPage { requests: found.into_iter().map(|(_, record)| record).collect(), next: next.flatten() })
}

/// The place that a cursor tells.
fn place(cursor: &str) -> Result<Place, StoreError> {
    let numbers =
        cursor.split_once('-').and_then(|(ended, seq)| Some((ended.parse().ok()?, seq.parse().ok()?)));
    numbers
        .map(|(ended, seq)| Place { ended, seq })
        .ok_or_else(|| StoreError::Query(format!("cursor: {cursor:?} is none that was given out here")))
}

struct Search<'a> {
    database: &'a dyn Database,
    filter: &'a Filter,
    /// Which sums there are.
    there: Since,
    from: i64,
    to: i64,
    before: Option<Place>,
    /// The dimensions that are meant, where not all are.
    ids: Option<HashSet<i64>>,
    /// Whether some of them hide names that are looked for.
    hidden: bool,
    wanted: usize,
    found: Vec<(Place, Record)>,
}

/// Steps of a level in which there are some, with their dimensions and how many there may be.
type Steps = BTreeMap<i64, (Vec<i64>, u64)>;

impl Search<'_> {
    fn run(&mut self, directory: &Directory) -> Result<(), StoreError> {
        if !self.filter.values.is_empty() {
            let known = directory.read(self.database)?;
            let meant = known.iter().filter(|(_, dimensions)| dimensions.may_pass(self.filter, true));
            let (ids, hidden): (HashSet<i64>, Vec<bool>) =
                meant.map(|(id, dimensions)| (*id, dimensions.hides_names())).unzip();
            self.hidden = hidden.contains(&true);
            self.ids = Some(ids);
        }
        if !self.filter.sessions.is_empty() || (self.ids.is_none() && self.filter.min_duration.is_none()) {
            let ids = self.ids.as_ref().map(|ids| ids.iter().copied().collect());
            let by = if self.filter.sessions.is_empty() { "records_ended" } else { "records_session" };
            return self.read(self.from, self.to, ids, by);
        }
        self.days()
    }

    /// Goes back over the days, more and more of them at once.
    fn days(&mut self) -> Result<(), StoreError> {
        // Apart, each is one look at the index.
        let ends = "SELECT (SELECT min(ended) FROM records), (SELECT max(ended) FROM records)";
        let [Some(oldest), Some(newest)] = numbers(self.database, ends, &[])? else { return Ok(()) };
        let newest =
            self.before.map_or(newest, |place| place.ended.min(newest)).min(self.to.saturating_sub(1));
        let first = Level::Day.start(oldest.max(self.from));
        let mut end = Level::Day.start(newest) + Level::Day.micros();
        let mut days = 1;
        while end > first && self.found.len() < self.wanted {
            let begin = (end - days * Level::Day.micros()).max(first);
            self.steps(Level::Day, begin, end)?;
            end = begin;
            days = (2 * days).min(DAYS);
        }
        Ok(())
    }

    /// Looks into the steps of a level in which there are some, the newest first.
    fn steps(&mut self, level: Level, begin: i64, end: i64) -> Result<(), StoreError> {
        let mut steps = Steps::new();
        let parameters = [level.number().into(), begin.into(), end.into()];
        let (meant, least) = (self.ids.as_ref(), self.filter.min_duration);
        self.database.query(rollup::SELECT, &parameters, &mut |mut row| {
            let start = row.int()?;
            each_sum(&row.bytes()?, |sum| {
                if meant.is_some_and(|meant| !meant.contains(&sum.dimensions)) {
                    return Ok(());
                }
                let count = least.map_or(Ok(sum.requests), |least| sum.at_least(least))?;
                if count > 0 {
                    let (ids, all) = steps.entry(start).or_default();
                    ids.push(sum.dimensions);
                    *all += count;
                }
                Ok(())
            })
        })?;
        for (start, (ids, count)) in steps.into_iter().rev() {
            if self.found.len() >= self.wanted {
                break;
            }
            let end = start + level.micros();
            match level.finer().filter(|finer| count > FEW && start >= self.there.since(*finer)) {
                Some(finer) => self.steps(finer, start, end)?,
                None => self.read(start.max(self.from), end.min(self.to), Some(ids), "records_dimensions")?,
            }
        }
        Ok(())
    }

    /// Reads records between two moments.
    fn read(&mut self, from: i64, to: i64, ids: Option<Vec<i64>>, by: &str) -> Result<(), StoreError> {
        let words = self.database.words();
        let mut condition = Condition::new(words);
        condition.between(from, to);
        if let Some(place) = self.before {
            condition.before(place);
        }
        if let Some(ids) = ids {
            condition.dimensions(ids);
        }
        condition.beyond_dimensions(self.filter);
        if self.hidden {
            condition.hidden_models(self.filter);
        }
        let most = condition.place((self.wanted - self.found.len()) as u64);
        let statement = format!(
            "{}{} ORDER BY r.ended DESC, r.seq DESC LIMIT {most}",
            rows::select(&(words.by)(by)),
            condition.text()
        );
        self.database.query(&statement, &condition.parameters, &mut |mut row| {
            self.found.push(rows::record(&mut row)?);
            Ok(())
        })
    }
}

/// The newest record of an id.
pub(crate) fn one(database: &dyn Database, id: &str) -> Result<Option<Record>, StoreError> {
    let statement = format!(
        "{} AND r.id = ?1 ORDER BY r.seq DESC LIMIT 1",
        rows::select(&(database.words().by)("records_id"))
    );
    let mut found = None;
    database.query(&statement, &[id.into()], &mut |mut row| {
        found = Some(rows::record(&mut row)?.1);
        Ok(())
    })?;
    Ok(found)
}
