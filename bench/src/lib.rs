//! The Rust half of `bench/run`: a mock upstream and a load generator.
//!
//! Both are single-threaded, so that on a small machine they take as little as they can from the proxy
//! under test, and both speak through [`chat`]: the upstream writes the time of sending into every event,
//! the load generator reads it back and so knows how long the event was under way.

pub mod chat;
pub mod clock;
pub mod load;
pub mod stamps;
pub mod upstream;
