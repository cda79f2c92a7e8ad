//! What is promised of health, over very many states. Every module is a promise; none sees more than the public API.
//!
//! `CCPROXY_CASES` sets how many random states the wide ones look at (100,000 unless set).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

mod draft;
mod flapping;
mod herd;
mod shared;
mod stale;
mod world;
