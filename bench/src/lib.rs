//! The Rust half of `bench/run`, `bench/health-run` and `bench/soak-run`: a mock upstream, a load generator, a prober, a soak.
//!
//! All are single-threaded, so that on a small machine they take as little as they can from the proxy
//! under test. The first two speak through [`bodies`]: the upstream writes the time of sending into every event,
//! the load generator reads it back and so knows how long the event was under way.

pub mod bodies;
pub mod clock;
pub mod fault;
pub mod load;
pub mod probe;
pub mod shape;
pub mod soak;
pub mod stamps;
mod times;
pub mod upstream;

pub use times::Quantiles;
