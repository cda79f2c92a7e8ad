//! Messages.

mod answer;
mod going;
mod ids;
mod models;
mod pairs;
mod read_blocks;
mod read_request;
mod read_stream;
mod read_tools;
mod read_turns;
mod strict;
#[cfg(test)]
mod tests;
mod write_blocks;
mod write_request;
mod write_settings;
mod write_stream;
mod write_tools;
mod write_turns;

use ccproxy_wire::Dialect;

pub(crate) use answer::{read_answer, write_answer};
pub(crate) use read_request::read_request;
pub(crate) use read_stream::StreamReader;
pub(crate) use write_request::write_request;
pub(crate) use write_stream::StreamWriter;

const D: Dialect = Dialect::Messages;

/// The signature of thoughts that nobody has sealed: an envelope with nothing in it. Clients throw away thoughts that
/// have no signature, while some providers want theirs back.
const UNSEALED: &str = crate::seal::ENVELOPE;
