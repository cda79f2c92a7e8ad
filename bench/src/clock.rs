//! A clock that two processes on one machine share.

use rustix::time::{ClockId, clock_gettime};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Nanoseconds of `CLOCK_MONOTONIC`.
///
/// `Instant` cannot be sent to another process and the wall clock may be set back, so neither will do.
#[must_use]
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    part(now.tv_sec) * NANOS_PER_SECOND + part(now.tv_nsec)
}
