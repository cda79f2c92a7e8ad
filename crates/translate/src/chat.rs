//! Chat Completions.

mod answer;
mod going;
mod head;
mod open;
mod read_messages;
mod read_parts;
mod read_request;
mod read_stream;
mod read_tools;
#[cfg(test)]
mod tests;
mod thoughts;
mod trouble;
mod write_messages;
mod write_parts;
mod write_request;
mod write_stream;
mod write_tools;

use ccproxy_wire::Dialect;

pub(crate) use answer::{read_answer, write_answer};
pub(crate) use read_request::read_request;
pub(crate) use read_stream::StreamReader;
pub(crate) use write_request::write_request;
pub(crate) use write_stream::StreamWriter;

const D: Dialect = Dialect::Chat;
