//! The store from outside, on every database that it knows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

#[cfg(feature = "postgres")]
mod cluster;
mod durability;
mod keeping;
mod opening;
#[cfg(feature = "postgres")]
mod postgres;
mod random;
mod requests;
mod support;
mod upgrade;
mod usage;
