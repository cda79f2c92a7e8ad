//! Requests, answers and streams, read and written.

mod answers;
mod read_requests;
mod read_streams;
mod write_requests;
mod write_streams;

use ccproxy_wire::Dialect;
use serde_json::Value;

use crate::part::{Part, Text, ToolCall, ToolResult};
use crate::request::Request;
use crate::{Dropped, Error, Exchange, Profile, Stamp, Translated};

/// OpenAI's own models.
fn openai() -> Profile {
    Profile { max_completion_tokens: true, developer: true, ..Profile::of(Dialect::Chat) }
}

fn stamp() -> Stamp {
    Stamp { id: "stamp".into(), created: 7 }
}

/// From Chat to Chat: what is read is written again.
fn through(body: &str) -> Result<Translated, Error> {
    crate::request(Dialect::Chat, body.as_bytes(), "theirs", &openai(), stamp())
}

fn read(body: &str) -> Result<(Request, String), Error> {
    let mut dropped = Dropped::default();
    let request = super::read_request(body.as_bytes(), &mut dropped)?;
    request.others.iter().for_each(|field| dropped.note(field));
    Ok((request, dropped.to_string()))
}

/// An exchange with a provider of this dialect that the client began with this request.
fn exchange(provider: Dialect, body: &str) -> Exchange {
    Exchange { provider, ..through(body).unwrap().exchange }
}

fn json(text: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(text.as_ref()).unwrap()
}

fn text(text: &str) -> Part {
    Part::Text(Text { text: text.into(), ..Text::default() })
}

fn call(id: &str, name: &str, arguments: &str, custom: bool) -> Part {
    let [id, name, arguments] = [id, name, arguments].map(str::to_owned);
    Part::ToolCall(ToolCall { id, name, arguments, custom, cache: None })
}

fn result(id: &str, parts: Vec<Part>, is_error: bool) -> Part {
    Part::ToolResult(ToolResult { id: id.into(), parts, is_error, custom: false, cache: None })
}
