//! The dialects on the wire: what must be read of a request, an answer, a stream; pure.
//!
//! A proxy that speaks the same dialect on both sides needs little of a body: the model, whether to
//! stream, how many tokens were used, whether a stream came to its end. This crate reads just that,
//! borrows where it can, and edits a value in place rather than writing the whole again.

pub mod chat;
pub mod dialect;
pub mod edit;
pub mod error;
pub mod messages;
pub mod models;
pub mod operation;
pub mod request;
pub mod responses;
pub mod sse;
pub mod stream;
pub mod usage;

pub use dialect::{Dialect, Family};
pub use operation::Operation;
pub use request::{RequestError, RequestHead};
pub use usage::Usage;
