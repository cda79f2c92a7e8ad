//! Responses.

mod answer;
mod going;
mod open;
mod output;
mod pieces;
mod read_items;
mod read_parts;
mod read_request;
mod read_stream;
mod read_tools;
mod spaces;
#[cfg(test)]
mod tests;
mod told;
mod write_items;
mod write_request;
mod write_stream;
mod write_tools;

use ccproxy_wire::Dialect;
use ccproxy_wire::responses::echo;

pub(crate) use answer::{read_answer, write_answer};
pub(crate) use read_request::read_request;
pub(crate) use read_stream::StreamReader;
pub(crate) use spaces::Spaces;
pub(crate) use write_request::write_request;
pub(crate) use write_stream::StreamWriter;

use spaces::Way;

const D: Dialect = Dialect::Responses;

/// What an answer has to know of its request: what it repeats of it, and how the client calls its tools.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    fields: echo::Echo,
    spaces: Spaces,
}

impl Echo {
    pub(crate) fn of(body: &[u8], spaces: Spaces) -> Self {
        Self { fields: echo::Echo::of(body), spaces }
    }

    pub(crate) fn fields_mut(&mut self) -> &mut echo::Echo {
        &mut self.fields
    }

    fn fields(&self) -> &echo::Echo {
        &self.fields
    }

    fn way(&self, flat: &str) -> Option<&Way> {
        self.spaces.way(flat)
    }
}
