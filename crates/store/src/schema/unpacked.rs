//! The sums of a store before schema 3, each in a row of its own.

use std::collections::BTreeMap;

use ccproxy_record::Cost;

use crate::StoreError;
use crate::database::{Batch, Columns, Database, numbers};
use crate::figures::Figures;
use crate::packed::cut;
use crate::rollup::{self, PACKS};
use crate::step::Level;

/// In the order of the columns.
const SELECT: &str = "SELECT start, dimensions, requests, failed, client_gone, client_faults, our_faults, upstream_faults, \
     attempts, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, unpriced, \
     request_bytes, response_bytes, cost, durations, first_tokens FROM rollups_unpacked \
     WHERE level = ?1 AND start >= ?2 AND start < ?3 ORDER BY start";

/// Packs them, some at a time, each of them once: whoever is interrupted, or does it together with others, goes on.
pub(super) fn pack(database: &dyn Database) -> Result<(), StoreError> {
    for level in Level::ALL {
        let width = match level {
            Level::Minute => Level::Hour.micros(),
            Level::Hour => Level::Day.micros(),
            Level::Day => 30 * Level::Day.micros(),
        };
        let first = "SELECT min(start) FROM rollups_unpacked WHERE level = ?1";
        while let [Some(from)] = numbers(database, first, &[level.number().into()])? {
            pack_steps(database, level, from, from + width)?;
        }
    }
    Ok(())
}

fn pack_steps(database: &dyn Database, level: Level, from: i64, to: i64) -> Result<(), StoreError> {
    let mut steps: BTreeMap<i64, BTreeMap<i64, Figures>> = BTreeMap::new();
    let mut found = 0;
    let parameters = [level.number().into(), from.into(), to.into()];
    database.query(SELECT, &parameters, &mut |mut row| {
        found += 1;
        let sums = steps.entry(row.int()?).or_default();
        sums.entry(row.int()?).or_default().merge(&figures(&mut row)?);
        Ok(())
    })?;
    let rows = steps.into_iter().flat_map(|(start, sums)| {
        rollup::rows((level, start), &sums.into_iter().collect::<Vec<_>>()).collect::<Vec<_>>()
    });
    let statement = "DELETE FROM rollups_unpacked WHERE level = ?1 AND start >= ?2 AND start < ?3";
    database.insert(&Batch {
        once: None,
        instead: Some((statement, &parameters, found)),
        rows: &[(PACKS, rows.collect())],
    })
}

fn figures(row: &mut Columns) -> Result<Figures, StoreError> {
    let mut figures = Figures { requests: row.count()?, ..Figures::default() };
    for count in figures.counts_mut() {
        *count = row.count()?;
    }
    figures.spent.cost = Cost::from_nanos(row.int()?);
    for times in [&mut figures.durations, &mut figures.first_tokens] {
        times.0.merge_bytes(&row.bytes()?).ok_or_else(cut)?;
    }
    Ok(figures)
}
