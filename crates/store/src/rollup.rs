//! Sums that are kept while exchanges come in, so that nobody has to count them again.
//!
//! A process has the sums of the steps at hand in memory, some dozens [packed](crate::packed) in each row, and writes each row
//! that has changed as a whole: writing it twice does no harm. When it starts anew, or a step has been put away, other rows of
//! the same step are begun; whoever reads adds them up, and [`keep`](crate::keep) puts them together when the step is long past.

use std::collections::{BTreeMap, HashMap};

use ccproxy_record::Record;

use crate::StoreError;
use crate::database::{Conflict, Rows, Table, Value, bytes, int};
use crate::dimensions::{DIMENSIONS, Dimensions};
use crate::figures::Figures;
use crate::measures::Blocks;
use crate::packed::write_sum;
use crate::rows::{self, RECORDS, ended};
use crate::step::Level;

/// More kinds of exchanges in a day than this are told apart by no name that a client can make up.
const KINDS: usize = 2_000;
/// So many sums are in a row: few enough that a row lies in one page, so many that a step has few rows.
const SUMS: usize = 32;
/// For how long after its end a process goes on with its sum of a step, in microseconds.
pub(crate) const AT_HAND: i64 = 24 * 3600 * 1_000_000;
/// How long the sums of minutes are kept, in microseconds.
pub(crate) const MINUTES: i64 = 48 * 3600 * 1_000_000;

pub(crate) const PACKS: Table = Table {
    name: "packs",
    columns: &[int("level"), int("start"), int("id"), int("requests"), bytes("sums")],
    key: 3,
    conflict: Conflict::Replace,
};

/// The query that gives start and sums of a level (`?1`) from a start (`?2`) on and before another (`?3`), in their order.
pub(crate) const SELECT: &str = "SELECT s.start, s.sums FROM packs s \
     WHERE s.level = ?1 AND s.start >= ?2 AND s.start < ?3 ORDER BY s.start";

/// The same with their ids.
pub(crate) const SELECT_WITH_IDS: &str = "SELECT s.start, s.id, s.sums FROM packs s \
     WHERE s.level = ?1 AND s.start >= ?2 AND s.start < ?3 ORDER BY s.start";

/// The sums of the steps at hand.
#[derive(Default)]
pub(crate) struct Rollups {
    steps: HashMap<(Level, i64), Step>,
    blocks: Blocks,
}

/// The sums of a step.
#[derive(Default)]
struct Step {
    /// Where the sum of each dimensions is: the row, and its place there.
    places: HashMap<i64, (usize, usize)>,
    packs: Vec<Pack>,
}

/// Sums that are in one row.
struct Pack {
    id: i64,
    sums: Vec<(i64, Figures)>,
    changed: bool,
}

/// Dimensions and the last day they are of, by their ids.
type Used = BTreeMap<i64, (Dimensions, i64)>;

impl Rollups {
    /// Adds records, and gives what has to be written for them: what their dimensions are, the records, the sums, and what is
    /// counted of each. Where it is not written, all has to be [forgotten](Self::forget).
    pub(crate) fn add<'r>(
        &mut self,
        records: impl Iterator<Item = &'r Record>,
        now: i64,
    ) -> Result<Vec<Rows>, StoreError> {
        self.steps.retain(|(level, start), _| at_hand(*level, *start, now));
        self.blocks.retain(|hour| at_hand(Level::Hour, hour, now));
        let (mut used, mut rows) = (Used::new(), Vec::new());
        for record in records {
            let at = ended(record);
            let (id, hides) = self.kind(record, Level::Day.start(at), now, &mut used);
            rows.push(rows::row(record, id, hides)?);
            self.blocks.add(record, id, hides);
            for level in Level::ALL {
                let start = level.start(at);
                if level == Level::Minute && start < now - MINUTES {
                    continue;
                }
                self.steps.entry((level, start)).or_default().add(id, record);
            }
        }
        let dimensions = used.iter().map(|(id, (dimensions, day))| dimensions.row(*id, *day)).collect();
        let mut packs: Vec<_> = self.steps.iter_mut().flat_map(|(step, sums)| sums.rows(*step)).collect();
        packs.sort_unstable_by_key(|(key, _)| *key);
        let packs = packs.into_iter().map(|(_, row)| row).collect();
        Ok(vec![(DIMENSIONS, dimensions), (RECORDS, rows), (PACKS, packs), self.blocks.rows()])
    }

    /// The dimensions under which a record is counted, and whether they hide its models.
    fn kind(&self, record: &Record, day: i64, now: i64, used: &mut Used) -> (i64, bool) {
        let mut dimensions = Dimensions::of(record);
        let mut id = dimensions.id();
        let step = self.steps.get(&(Level::Day, day));
        let known = |id| step.is_some_and(|step| step.places.contains_key(&id));
        let hides = !known(id) && step.is_some_and(|step| step.places.len() >= KINDS);
        if hides {
            dimensions = dimensions.without_names();
            id = dimensions.id();
        }
        let hides = hides && dimensions.hides_names();
        // Those of today are in the store since this process has first seen them, and stay there.
        if day < Level::Day.start(now) || !known(id) {
            let (_, last) = used.entry(id).or_insert((dimensions, day));
            *last = day.max(*last);
        }
        (id, hides)
    }

    /// Nobody knows whether what was to be written has been: other rows are begun.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Whether a process goes on with its sum of a step.
fn at_hand(level: Level, start: i64, now: i64) -> bool {
    // Minutes and hours are begun anew soon, which costs a row, and not kept in memory, which costs more.
    let past = match level {
        Level::Day => AT_HAND,
        Level::Hour | Level::Minute => 2 * level.micros(),
    };
    start + level.micros() + past > now
}

impl Step {
    fn add(&mut self, id: i64, record: &Record) {
        let (pack, at) = *self.places.entry(id).or_insert_with(|| {
            if self.packs.last().is_none_or(|pack| pack.sums.len() >= SUMS) {
                self.packs.push(Pack { id: fastrand::i64(1..), sums: Vec::new(), changed: true });
            }
            let pack = self.packs.len() - 1;
            let sums = self.packs.last_mut().map(|pack| &mut pack.sums);
            let at = sums.map_or(0, |sums| {
                sums.push((id, Figures::default()));
                sums.len() - 1
            });
            (pack, at)
        });
        let Some(pack) = self.packs.get_mut(pack) else { return };
        pack.changed = true;
        if let Some((_, figures)) = pack.sums.get_mut(at) {
            figures.add(record);
        }
    }

    /// The rows that have changed, with their keys.
    fn rows(
        &mut self,
        (level, start): (Level, i64),
    ) -> impl Iterator<Item = ((Level, i64, i64), Vec<Value>)> {
        self.packs.iter_mut().filter(|pack| pack.changed).map(move |pack| {
            pack.changed = false;
            ((level, start, pack.id), row((level, start), pack.id, &pack.sums))
        })
    }
}

/// The rows of sums of a step, under new ids.
pub(crate) fn rows(step: (Level, i64), sums: &[(i64, Figures)]) -> impl Iterator<Item = Vec<Value>> {
    sums.chunks(SUMS).map(move |sums| row(step, fastrand::i64(1..), sums))
}

/// How many rows so many sums take.
pub(crate) const fn packs(sums: usize) -> usize {
    sums.div_ceil(SUMS)
}

fn row((level, start): (Level, i64), id: i64, sums: &[(i64, Figures)]) -> Vec<Value> {
    let requests = sums.iter().fold(0_u64, |all, (_, figures)| all.saturating_add(figures.requests));
    let mut bytes = Vec::with_capacity(128 * sums.len());
    sums.iter().for_each(|(dimensions, figures)| write_sum(&mut bytes, *dimensions, figures));
    vec![level.number().into(), start.into(), id.into(), requests.into(), Value::Bytes(bytes)]
}
