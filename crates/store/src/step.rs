//! Steps of time, in UTC.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};

use crate::StoreError;
use crate::query::Bucket;
use crate::rows::timestamp;

/// How wide the steps of a sum are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Level {
    Minute,
    Hour,
    Day,
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

    /// Where the first step begins that begins at a moment or later.
    pub(crate) const fn next(self, micros: i64) -> i64 {
        self.start(micros + self.micros() - 1)
    }

    /// The level whose steps make up this one.
    pub(crate) const fn finer(self) -> Option<Self> {
        match self {
            Self::Minute => None,
            Self::Hour => Some(Self::Minute),
            Self::Day => Some(Self::Hour),
        }
    }

    /// The widest level whose steps a bucket is made of.
    pub(crate) const fn of(bucket: Bucket) -> Self {
        match bucket {
            Bucket::Minute => Self::Minute,
            Bucket::Hour => Self::Hour,
            Bucket::None | Bucket::Day | Bucket::Week | Bucket::Month => Self::Day,
        }
    }
}

/// Where the step of a bucket begins that a moment lies in.
pub(crate) fn step(bucket: Bucket, micros: i64) -> Result<Option<Timestamp>, StoreError> {
    let start = timestamp(Level::of(bucket).start(micros))?;
    let content = |error: jiff::Error| StoreError::Content(error.to_string());
    match bucket {
        Bucket::None => Ok(None),
        Bucket::Minute | Bucket::Hour | Bucket::Day => Ok(Some(start)),
        Bucket::Week => {
            let past = start.to_zoned_datetime(TimeZone::UTC).weekday().to_monday_zero_offset();
            start.checked_sub((i64::from(past) * 24).hours()).map(Some).map_err(content)
        }
        Bucket::Month => {
            let day = start.to_zoned_datetime(TimeZone::UTC);
            day.first_of_month()
                .and_then(|first| first.round(Unit::Second))
                .map(|first| Some(first.timestamp()))
                .map_err(content)
        }
    }
}
