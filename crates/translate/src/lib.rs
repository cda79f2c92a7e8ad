//! From dialect to dialect: requests, answers, streams and errors; pure.
//!
//! Each dialect is read into, and written from, what all of them understand: [`request::Request`], [`answer::Answer`], and
//! for streams [`delta::Delta`]. A reader and a writer make a pair, so six pairs take three of each. What a writer has no
//! place for it [notes](Dropped); what only the client's own dialect has never gets that far, for where both sides
//! speak the same dialect nothing is translated at all.

mod answer;
mod chat;
mod count;
mod custom;
mod delta;
mod dropped;
mod error;
mod exchange;
mod mend;
mod messages;
mod part;
mod read;
mod request;
mod responses;
mod seal;
mod stream;
mod tools;

pub use count::count_tokens;
pub use dropped::Dropped;
pub use error::{Error, Failed, error};
pub use exchange::{Exchange, Limits, Profile, Stamp, Translated, request};
pub use seal::ENVELOPE;
pub use stream::{Progress, Stream};
