//! Requests, answers and streams, read and written.

mod answers;
mod read_requests;
mod read_streams;
mod round_trips;
mod write_requests;
mod write_settings;
mod write_streams;

use ccproxy_wire::Dialect;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::part::{Part, Text, Thinking, ToolCall, ToolResult};
use crate::request::{Request, Role, Tool, ToolKind, Turn};
use crate::responses::Echo;
use crate::seal::Seal;
use crate::tools::ToolNames;
use crate::{Exchange, Profile, Stamp};

fn json(text: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(text.as_ref()).unwrap()
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn profile() -> Profile {
    Profile::of(Dialect::Messages)
}

/// A client of Messages, and a provider that speaks something else.
fn exchange() -> Exchange {
    let long = Tool {
        name: "a tool".into(),
        description: None,
        kind: ToolKind::Function { schema: None, strict: None },
        cache: None,
    };
    let request = Request { tools: vec![long], ..Request::default() };
    Exchange {
        client: Dialect::Messages,
        provider: Dialect::Responses,
        model: "mine".into(),
        tools: ToolNames::of(&request, Dialect::Responses),
        stream_usage: false,
        echo: Echo::default(),
        stamp: Stamp { id: "stamp".into(), created: 7 },
        kept: None,
    }
}

fn text(text: &str) -> Part {
    Part::Text(Text { text: text.into(), ..Text::default() })
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::ToolCall(ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        custom: false,
        cache: None,
    })
}

fn result(id: &str, parts: Vec<Part>) -> Part {
    Part::ToolResult(ToolResult { id: id.into(), parts, is_error: false, custom: false, cache: None })
}

fn thinking(text: &str, seal: Option<Seal>) -> Part {
    Part::Thinking(Thinking { texts: vec![text.into()], seal })
}

fn sealed(text: &str) -> Part {
    thinking(text, Some(Seal::Anthropic { signature: "EqQB".into() }))
}

fn turn(role: Role, parts: Vec<Part>) -> Turn {
    Turn { role, parts }
}

fn function(name: &str, schema: Option<&str>) -> Tool {
    let kind = ToolKind::Function { schema: schema.map(raw), strict: None };
    Tool { name: name.into(), description: None, kind, cache: None }
}
