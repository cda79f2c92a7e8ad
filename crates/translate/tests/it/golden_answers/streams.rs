//! What each dialect demands of a stream, told without a word of the translator's: the order of its events, what each
//! of them says, and that it ends in one of two ways.

mod chat;
mod messages;
mod responses;
mod tests;

use ccproxy_wire::Dialect;
use serde_json::Value;

use crate::golden::demand::demand;

/// Whether the stream looks complete; if it does not, the client has been told of an error. `usage` says whether a client
/// of Chat has asked for it.
pub(super) fn check(dialect: Dialect, events: &[(String, String)], usage: bool) -> Result<bool, String> {
    if dialect == Dialect::Chat {
        return chat::check(events, usage);
    }
    let mut parsed = Vec::new();
    for (name, data) in events {
        let event = parse(data)?;
        demand(event["type"] == **name, format!("an event that is called {name}: {data}"))?;
        if dialect == Dialect::Responses || name != "ping" {
            parsed.push(event);
        }
    }
    if dialect == Dialect::Messages { messages::check(&parsed) } else { responses::check(&parsed) }
}

fn parse(data: &str) -> Result<Value, String> {
    serde_json::from_str(data).map_err(|error| format!("{error}: {data}"))
}

/// A text that comes with every piece.
fn piece<'a>(value: &'a Value, what: &str) -> Result<&'a str, String> {
    crate::golden::demand::text(value, what)
}
