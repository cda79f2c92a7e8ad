//! What holds for every body and every stream.
//!
//! `CCPROXY_CASES` sets how many random states the suites look at, as it does for health (100,000 unless set); a case here
//! is worth some hundreds of those. None sees more than the public functions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

pub(crate) mod gathered;
mod hostile;
mod played;
mod round_trips;
pub(crate) mod shared;
mod streams;
mod talk;
mod told;
