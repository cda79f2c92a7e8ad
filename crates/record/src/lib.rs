//! What is known of one exchange when it has ended, in the form in which it is logged, stored, counted and told.
//!
//! A [`Record`] is made once, by whoever served the exchange. It holds nothing of what was asked or answered: no
//! prompt, no completion, no key, no query.

mod cost;
mod ending;
mod record;
mod tokens;
mod trace;
mod visit;

pub use cost::Cost;
pub use ending::{Ending, Fault, Unknown};
pub use record::{Attempt, Millis, Record};
pub use tokens::Tokens;
pub use trace::{SpanId, TraceContext, TraceId};
pub use visit::{Event, Visit};
