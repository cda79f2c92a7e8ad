//! What goes when it is too old or too much, a little at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::StoreError;
use crate::cover::Since;
use crate::database::{Batch, Database, Value, numbers};
use crate::figures::Figures;
use crate::kind::Kept;
use crate::packed::each_sum;
use crate::rollup::{self, AT_HAND, MINUTES, PACKS};
use crate::step::Level;

/// So many records are deleted at a time, so that writing does not stand still.
const DELETED: u64 = 2_000;
/// So many days are deleted at a time, of the sums of days.
const DAYS: i64 = 30;
/// So many days back it is looked for sums that can be put together.
const MERGED: i64 = 35;

/// From when on there is what.
pub(crate) fn there(database: &dyn Database, now: i64) -> Result<Since, StoreError> {
    let statement = "SELECT (SELECT since FROM kept_since WHERE what = 'hours'), \
                     (SELECT since FROM kept_since WHERE what = 'records'), \
                     (SELECT since FROM kept_since WHERE what = 'measures')";
    let [hours, records, measures] = numbers(database, statement, &[])?;
    // The last hour may be being deleted.
    let minutes = Level::Hour.next(now - MINUTES + Level::Hour.micros());
    Ok(Since {
        minutes,
        hours: hours.unwrap_or(0),
        records: records.unwrap_or(0),
        measures: measures.unwrap_or(i64::MIN),
    })
}

/// Goes through a store.
pub(crate) struct Keeper<'a> {
    pub(crate) database: &'a dyn Database,
    pub(crate) kept: Kept,
    pub(crate) now: i64,
}

impl Keeper<'_> {
    fn before(&self, age: Duration) -> i64 {
        self.now.saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX))
    }

    /// Deletes a little of what is too old, or too much; tells whether there is more.
    pub(crate) fn clean(&self) -> Result<bool, StoreError> {
        let oldest = self.before(self.kept.records);
        let mut more = self.records(oldest)?;
        more |= self.steps(
            Level::Minute,
            Level::Hour.start(self.before(Duration::from_micros(MINUTES.unsigned_abs()))),
        )?;
        more |= self.steps(Level::Hour, Level::Day.start(oldest))?;
        more |= self.steps(Level::Day, Level::Day.start(self.before(self.kept.usage)))?;
        self.database.execute("DELETE FROM transitions WHERE at < ?1", &[oldest.into()])?;
        let writers = self.now - MINUTES;
        self.database.execute("DELETE FROM writers WHERE at < ?1", &[writers.into()])?;
        if !more && self.database.size()? > self.kept.size {
            // The oldest records go first, then the finest sums.
            more = self.records(i64::MAX)?
                || self.steps(Level::Minute, i64::MAX)?
                || self.steps(Level::Hour, Level::Day.start(self.now))?
                || self.steps(Level::Day, Level::Day.start(self.now))?;
        }
        Ok(self.database.shrink()? || more)
    }

    /// Deletes the oldest records of those that ended before a moment.
    fn records(&self, before: i64) -> Result<bool, StoreError> {
        let statement = "SELECT max(ended) FROM (SELECT ended FROM records WHERE ended < ?1 ORDER BY ended LIMIT ?2) AS oldest";
        let [Some(last)] = numbers(self.database, statement, &[before.into(), DELETED.into()])? else {
            return Ok(false);
        };
        let hours = last + 1 - Level::Hour.micros();
        self.delete(
            &format!("records WHERE ended <= {last}; DELETE FROM measures WHERE hour <= {hours}"),
            Some(("records", last + 1)),
        )
    }

    /// Deletes the oldest sums of a level of those that begin before a moment.
    fn steps(&self, level: Level, before: i64) -> Result<bool, StoreError> {
        let number = level.number();
        let statement = "SELECT min(start) FROM packs WHERE level = ?1 AND start < ?2";
        let [Some(oldest)] = numbers(self.database, statement, &[number.into(), before.into()])? else {
            return Ok(false);
        };
        let end = match level {
            Level::Minute => Level::Hour.start(oldest) + Level::Hour.micros(),
            Level::Hour => Level::Day.start(oldest) + Level::Day.micros(),
            Level::Day => oldest + DAYS * Level::Day.micros(),
        };
        let end = end.min(before);
        let mark = (level == Level::Hour).then_some(("hours", end));
        self.delete(&format!("packs WHERE level = {number} AND start < {end}"), mark)?;
        if level == Level::Day {
            self.dimensions(end)?;
        }
        Ok(true)
    }

    /// Deletes what nothing is told apart by any more, where the sums of days are there from a moment on.
    fn dimensions(&self, from: i64) -> Result<(), StoreError> {
        // A day later, as clocks differ.
        let seen = from - Level::Day.micros();
        self.database.execute("DELETE FROM dimensions WHERE seen < ?1", &[seen.into()])?;
        Ok(())
    }

    /// Deletes, and notes that all of it is there only from a moment on.
    fn delete(&self, what: &str, mark: Option<(&str, i64)>) -> Result<bool, StoreError> {
        let mark = mark.map(|(what, since)| {
            format!(
                "INSERT INTO kept_since (what, since) VALUES ('{what}', {since}) ON CONFLICT (what) DO UPDATE \
                 SET since = excluded.since WHERE excluded.since > kept_since.since;"
            )
        });
        self.database.script(&format!("DELETE FROM {what};{}", mark.unwrap_or_default()))?;
        Ok(true)
    }

    /// Makes one sum of those that several processes have written, or one after its restart, on a day that is long past. `from`
    /// is the first day that it has not been done for; tells whether there is more.
    pub(crate) fn merge(&self, from: &mut i64) -> Result<bool, StoreError> {
        let day = Level::Day.micros();
        let end = Level::Day.start(self.now - 2 * AT_HAND);
        let first = (*from).max(end - MERGED * day);
        if first >= end {
            return Ok(false);
        }
        self.merge_steps(Level::Hour, first, first + day)?;
        self.merge_steps(Level::Day, first, first + day)?;
        *from = first + day;
        Ok(*from < end)
    }

    fn merge_steps(&self, level: Level, from: i64, to: i64) -> Result<(), StoreError> {
        let mut steps: BTreeMap<i64, (Vec<i64>, BTreeMap<i64, Figures>)> = BTreeMap::new();
        let parameters = [level.number().into(), from.into(), to.into()];
        self.database.query(rollup::SELECT_WITH_IDS, &parameters, &mut |mut row| {
            let (ids, sums) = steps.entry(row.int()?).or_default();
            ids.push(row.int()?);
            each_sum(&row.bytes()?, |sum| sum.add_to(sums.entry(sum.dimensions).or_default()))
        })?;
        steps.retain(|_, (ids, sums)| ids.len() > rollup::packs(sums.len()));
        if steps.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = steps.values().flat_map(|(ids, _)| ids).copied().collect();
        let expected = ids.len() as u64;
        let rows = steps.into_iter().flat_map(|(start, (_, sums))| {
            rollup::rows((level, start), &sums.into_iter().collect::<Vec<_>>()).collect::<Vec<_>>()
        });
        let any = (self.database.words().any)("?4");
        let statement =
            format!("DELETE FROM packs WHERE level = ?1 AND start >= ?2 AND start < ?3 AND id {any}");
        let parameters: [Value; 4] = [level.number().into(), from.into(), to.into(), ids.into()];
        self.database.insert(&Batch {
            once: None,
            instead: Some((&statement, &parameters, expected)),
            rows: &[(PACKS, rows.collect())],
        })
    }
}
