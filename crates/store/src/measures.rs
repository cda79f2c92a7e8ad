//! What is counted of each record, packed: some dozens of records in a row, all of the same hour.
//!
//! Usage that no sums tell, such as that of slow exchanges, is counted from these: that is less than a tenth of what the
//! records are, and comes in few rows.

use std::collections::HashMap;

use ccproxy_record::{Cost, Record, Tokens};

use crate::StoreError;
use crate::database::{Conflict, Rows, Table, Value, bytes, int};
use crate::dimensions::plain;
use crate::figures::Measures;
use crate::numbers::{Reader, write, write_part, write_signed};
use crate::packed::cut;
use crate::rows::{Counted, ended};
use crate::step::Level;

/// A row is full that has so many bytes, which are some dozens of records: two such rows lie in a page of PostgreSQL's.
const BYTES: usize = 3_850;

pub(crate) const MEASURES: Table = Table {
    name: "measures",
    columns: &[int("hour"), int("id"), int("longest"), bytes("measures")],
    key: 2,
    conflict: Conflict::Replace,
};

/// The query that gives hour and measures from an hour (`?1`) on and before a moment (`?2`), of all rows where one took this
/// long (`?3`), in their order.
pub(crate) const SELECT: &str = "SELECT m.hour, m.measures FROM measures m \
     WHERE m.hour >= ?1 AND m.hour < ?2 AND m.longest >= ?3 ORDER BY m.hour";

/// The rows that a process is filling, and those that are full and not yet written.
#[derive(Default)]
pub(crate) struct Blocks {
    open: HashMap<i64, Block>,
    full: Vec<(i64, Block)>,
}

struct Block {
    id: i64,
    longest: u64,
    bytes: Vec<u8>,
    changed: bool,
}

impl Blocks {
    /// Adds a record that is counted under these dimensions, which may hide its models.
    pub(crate) fn add(&mut self, record: &Record, dimensions: i64, hides: bool) {
        let at = ended(record);
        let hour = Level::Hour.start(at);
        let begin = || Block {
            id: fastrand::i64(1..),
            longest: 0,
            bytes: Vec::with_capacity(BYTES + 64),
            changed: false,
        };
        let block = self.open.entry(hour).or_insert_with(begin);
        let measures = Measures::of(record);
        write_one(&mut block.bytes, (at - hour).unsigned_abs(), dimensions, &measures, || {
            hides.then(|| [&record.model, &record.served_model].map(|name| name.as_deref().map(plain)))
        });
        block.longest = block.longest.max(measures.duration);
        block.changed = true;
        if block.bytes.len() >= BYTES
            && let Some(block) = self.open.remove(&hour)
        {
            self.full.push((hour, block));
        }
    }

    /// Goes on only with the rows of some hours.
    pub(crate) fn retain(&mut self, goes_on: impl Fn(i64) -> bool) {
        self.open.retain(|hour, _| goes_on(*hour));
    }

    /// What has to be written.
    pub(crate) fn rows(&mut self) -> Rows {
        let mut rows: Vec<_> = self.full.drain(..).map(|(hour, block)| block.row(hour)).collect();
        for (hour, block) in self.open.iter_mut().filter(|(_, block)| block.changed) {
            block.changed = false;
            rows.push(block.row(*hour));
        }
        (MEASURES, rows)
    }
}

impl Block {
    fn row(&self, hour: i64) -> Vec<Value> {
        vec![hour.into(), self.id.into(), self.longest.into(), Value::Bytes(self.bytes.clone())]
    }
}

/// Appends a record: what it is chosen by first, then the rest.
fn write_one(
    bytes: &mut Vec<u8>,
    after: u64,
    dimensions: i64,
    measures: &Measures,
    names: impl FnOnce() -> Option<[Option<String>; 2]>,
) {
    let mut one = Vec::with_capacity(64);
    let Tokens { input, output, cache_read, cache_write, reasoning } = measures.tokens;
    write(&mut one, after);
    write(&mut one, measures.duration);
    one.extend(dimensions.to_le_bytes());
    // As far as the columns of records go.
    let most = |count: u64| count.min(i64::MAX.unsigned_abs());
    for count in [measures.first_token, input, output, cache_read, cache_write, reasoning] {
        write(&mut one, count.map_or(0, |count| most(count) + 1));
    }
    for count in [measures.attempts, measures.request_bytes, measures.response_bytes] {
        write(&mut one, most(count));
    }
    one.push(u8::from(measures.cost.is_some()));
    if let Some(cost) = measures.cost {
        write_signed(&mut one, cost.nanos());
    }
    for name in names().into_iter().flatten() {
        one.push(u8::from(name.is_some()));
        write_part(&mut one, name.unwrap_or_default().as_bytes());
    }
    write_part(bytes, &one);
}

/// Shows the records of a row that ended from a moment on and before another, and took this long.
pub(crate) fn each(
    hour: i64,
    bytes: &[u8],
    (from, to): (i64, i64),
    least: u64,
    mut each: impl FnMut(Counted) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut reader = Reader(bytes);
    while !reader.is_empty() {
        let mut one = Reader(reader.part().ok_or_else(cut)?);
        let after = one.number().ok_or_else(cut)?;
        let duration = one.number().ok_or_else(cut)?;
        let ended = hour.saturating_add_unsigned(after);
        if duration >= least && ended >= from && ended < to {
            each(read_one(one, ended, duration).ok_or_else(cut)?)?;
        }
    }
    Ok(())
}

fn read_one(mut one: Reader<'_>, ended: i64, duration: u64) -> Option<Counted> {
    let dimensions = one.long()?;
    let mut counts = [None; 6];
    for count in &mut counts {
        *count = one.number()?.checked_sub(1);
    }
    let [first_token, input, output, cache_read, cache_write, reasoning] = counts;
    let (attempts, request_bytes, response_bytes) = (one.number()?, one.number()?, one.number()?);
    let cost = if one.byte()? == 0 { None } else { Some(Cost::from_nanos(one.signed()?)) };
    let tokens = Tokens { input, output, cache_read, cache_write, reasoning };
    let measures = Measures { duration, first_token, attempts, tokens, cost, request_bytes, response_bytes };
    let mut models = [None, None];
    if !one.is_empty() {
        for model in &mut models {
            let is = one.byte()? != 0;
            let name = String::from_utf8_lossy(one.part()?);
            *model = is.then(|| name.into_owned());
        }
    }
    Some(Counted { ended, dimensions, measures, models })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], span: (i64, i64), least: u64) -> Result<Vec<Counted>, StoreError> {
        let mut found = Vec::new();
        each(1_000, bytes, span, least, |counted| {
            found.push(counted);
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn what_is_counted_comes_back() {
        let measures = |duration| Measures {
            duration,
            first_token: Some(0),
            attempts: 2,
            tokens: Tokens { input: Some(u64::MAX), output: Some(0), ..Tokens::default() },
            cost: (duration > 5).then(|| Cost::from_nanos(-1)),
            request_bytes: 0,
            response_bytes: 7,
        };
        let mut bytes = Vec::new();
        write_one(&mut bytes, 3, -9, &measures(5), || None);
        write_one(&mut bytes, 0, 8, &measures(6), || Some([None, Some("gpt-5".to_owned())]));
        let found = read(&bytes, (0, 2_000), 0).unwrap();
        assert_eq!(
            found.iter().map(|one| (one.ended, one.dimensions)).collect::<Vec<_>>(),
            [(1_003, -9), (1_000, 8)]
        );
        for (one, duration) in found.iter().zip([5, 6]) {
            let tokens = Tokens { input: Some(i64::MAX.unsigned_abs()), ..measures(duration).tokens };
            assert_eq!(
                format!("{:?}", one.measures),
                format!("{:?}", Measures { tokens, ..measures(duration) })
            );
        }
        assert_eq!((&found[0].models, &found[1].models), (&[None, None], &[None, Some("gpt-5".to_owned())]));
        let check = |span, least, expect| assert_eq!(read(&bytes, span, least).unwrap().len(), expect);
        check((1_001, 1_004), 0, 1);
        check((1_000, 1_003), 0, 1);
        check((0, 2_000), 6, 1);
        check((0, 2_000), 7, 0);
        assert!(read(&bytes[..bytes.len() - 1], (0, 2_000), 0).is_err());
    }
}
