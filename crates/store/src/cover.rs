//! Which sums, and which records, make up a span of time exactly.

use crate::step::Level;

/// A part of a span, in microseconds since 1970: from a moment on, and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Whose sums tell of it; without one, the records do.
    pub(crate) level: Option<Level>,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// From when on there is what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Since {
    pub(crate) minutes: i64,
    pub(crate) hours: i64,
    pub(crate) records: i64,
    /// What is counted of each record, apart from it.
    pub(crate) measures: i64,
}

impl Since {
    /// The finest level whose step a moment has to lie at the edge of; none where records tell.
    fn edge(&self, at: i64) -> Option<Level> {
        if at >= self.records {
            None
        } else if at >= self.minutes {
            Some(Level::Minute)
        } else if at >= self.hours {
            Some(Level::Hour)
        } else {
            Some(Level::Day)
        }
    }

    /// From when on there are all sums of a level.
    pub(crate) const fn since(&self, level: Level) -> i64 {
        match level {
            Level::Minute => self.minutes,
            Level::Hour => self.hours,
            Level::Day => i64::MIN,
        }
    }

    /// The span that can be told for one that is asked for, in steps of a level: wider where what is asked for lies so far back
    /// that only sums are left, later where even those are too wide.
    pub(crate) fn told(&self, from: i64, to: i64, step: Level) -> (i64, i64) {
        let from = match step {
            Level::Minute => from.max(self.minutes.min(self.records)),
            Level::Hour => from.max(self.hours.min(self.records)),
            Level::Day => from,
        };
        let wider = |at: i64| self.edge(at).filter(|level| level.start(at) != at);
        let from = wider(from).map_or(from, |level| level.start(from));
        let to = wider(to).map_or(to, |level| level.next(to));
        (from, to.max(from))
    }

    /// The pieces of a span that [`told`](Self::told) has given, the earliest first.
    pub(crate) fn cover(&self, from: i64, to: i64, step: Level) -> Vec<Piece> {
        let mut pieces = Vec::new();
        self.add(Some(step), from, to, &mut pieces);
        pieces
    }

    fn add(&self, level: Option<Level>, from: i64, to: i64, pieces: &mut Vec<Piece>) {
        if from >= to {
            return;
        }
        let Some(steps) = level else {
            pieces.push(Piece { level, from, to });
            return;
        };
        let first = steps.next(from.max(self.since(steps))).min(to);
        let last = steps.start(to).max(first);
        self.add(steps.finer(), from, first, pieces);
        if first < last {
            pieces.push(Piece { level, from: first, to: last });
        }
        self.add(steps.finer(), last, to, pieces);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = Level::Minute.micros();
    const HOUR: i64 = Level::Hour.micros();
    const DAY: i64 = Level::Day.micros();

    /// `d` for days, `h` for hours, `m` for minutes, `r` for records, each with where it begins and ends, in minutes.
    fn check(since: Since, from: i64, to: i64, step: Level, expect: &str) {
        let (from, to) = since.told(from, to, step);
        let minutes = |at: i64| at as f64 / MINUTE as f64;
        let told = since.cover(from, to, step).into_iter().map(|piece| {
            let of = piece.level.map_or('r', |level| ['m', 'h', 'd'][level.number() as usize]);
            format!("{of}{}-{}", minutes(piece.from), minutes(piece.to))
        });
        assert_eq!(told.collect::<Vec<_>>().join(" "), expect);
    }

    #[test]
    fn a_span_is_made_of_the_widest_steps() {
        let all = Since::default();
        check(all, 0, 2 * DAY, Level::Day, "d0-2880");
        check(all, 0, 2 * DAY, Level::Hour, "h0-2880");
        check(all, HOUR, 2 * DAY + HOUR, Level::Day, "h60-1440 d1440-2880 h2880-2940");
        check(all, MINUTE / 2, HOUR + MINUTE, Level::Day, "r0.5-1 m1-60 m60-61");
        check(all, MINUTE / 2, 3 * HOUR, Level::Hour, "r0.5-1 m1-60 h60-180");
        check(all, MINUTE / 4, MINUTE / 2, Level::Day, "r0.25-0.5");
        check(all, 5, 5, Level::Day, "");
    }

    #[test]
    fn what_is_gone_is_told_by_wider_steps() {
        let since = Since { minutes: 3 * DAY, hours: 2 * DAY, records: DAY, measures: 0 };
        check(since, DAY + MINUTE / 2, DAY + 2 * HOUR, Level::Hour, "r1440.5-1560");
        check(since, 0, DAY + HOUR, Level::Hour, "r1440-1500");
        check(since, 2 * DAY + MINUTE / 2, 2 * DAY + 2 * HOUR, Level::Hour, "r2880.5-2940 h2940-3000");
        let since = Since { minutes: 3 * DAY, hours: DAY, records: 2 * DAY, measures: 0 };
        check(since, HOUR, DAY + HOUR + 1, Level::Day, "d0-1440 h1440-1560");
        check(since, DAY + 1, 2 * DAY, Level::Hour, "h1440-2880");
        check(since, 0, 2 * DAY, Level::Hour, "h1440-2880");
        check(since, 0, 3 * DAY + MINUTE, Level::Minute, "r2880-4320 m4320-4321");
        let since = Since { minutes: DAY, hours: 0, records: 2 * DAY, measures: 0 };
        check(since, DAY + HOUR + MINUTE + 1, DAY + 2 * HOUR, Level::Hour, "m1501-1560");
    }
}
