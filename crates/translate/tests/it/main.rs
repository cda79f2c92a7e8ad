//! What translation owes, seen from outside.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test that cannot go on fails; the targets are a crate's root elsewhere"
)]

mod carried;
mod corpus;
mod golden;
mod golden_answers;
mod golden_requests;
mod growth;
mod properties;
#[path = "../../../../fuzz/src/lib.rs"]
mod targets;
