//! The conversation of a client's request.

use ccproxy_wire::responses::Str;
use ccproxy_wire::responses::item::Item;
use serde_json::value::RawValue;

use super::spaces::SEARCH;
use super::{read_parts, read_tools};
use crate::error::Error;
use crate::part::{Part, Text, ToolResult};
use crate::request::{Request, Role, Turn};
use crate::{Dropped, read};

/// Without these a conversation would be another one, and nobody but OpenAI has what they stand for.
const ELSEWHERE: [&str; 3] = ["item_reference", "compaction", "compaction_trigger"];

/// Reads the items into turns: what the model has said before it was the other's turn is one, and so are the results
/// of the tools that it called.
pub(crate) fn read(items: &[&RawValue], request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    for (n, item) in items.iter().enumerate() {
        let path = format!("input.{n}");
        let item: Item<'_> = read::typed(&path, item.get())?;
        one(item, &path, request, dropped)?;
    }
    Ok(())
}

fn one(item: Item<'_>, path: &str, request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    match item.kind() {
        "message" => message(item, path, request, dropped)?,
        "reasoning" => {
            let thinking = read_parts::thinking(item, true, dropped);
            assistant(request, thinking.map(Part::Thinking));
        }
        "function_call" | "custom_tool_call" => {
            let call = read_parts::call(item, path)?;
            assistant(request, [Part::ToolCall(call)]);
        }
        "tool_search_call" if item.call_id.is_some() => {
            let search = Item { name: Some(Str(SEARCH.into())), ..item };
            let call = read_parts::call(search, path)?;
            assistant(request, [Part::ToolCall(call)]);
        }
        "function_call_output" | "custom_tool_call_output" => output(item, path, request, dropped)?,
        "tool_search_output" if item.call_id.is_some() => found(item, path, request, dropped)?,
        "additional_tools" => {
            let tools = item.tools.unwrap_or_default();
            read_tools::add(&tools, &format!("{path}.tools"), request, dropped)?;
        }
        "" => return Err(Error::request(format!("{path}.type"), "field required")),
        kind if ELSEWHERE.contains(&kind) => {
            return Err(Error::NotCarried { field: format!("{path}.{kind}") });
        }
        kind => dropped.note(format!("input.{kind}")),
    }
    Ok(())
}

fn message(item: Item<'_>, path: &str, request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    let role = match item.role.as_deref() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        Some("developer") => Role::Developer,
        _ => {
            return Err(Error::request(
                format!("{path}.role"),
                "must be user, assistant, system or developer",
            ));
        }
    };
    dropped.note_some("input.phase", item.phase.as_ref());
    let content = item.content.ok_or_else(|| Error::request(format!("{path}.content"), "field required"))?;
    let parts = read_parts::content(content, &format!("{path}.content"), dropped)?;
    match role {
        Role::Assistant => assistant(request, parts),
        _ => request.turns.push(Turn { role, parts }),
    }
    Ok(())
}

fn assistant(request: &mut Request, parts: impl IntoIterator<Item = Part>) {
    let mut parts = parts.into_iter().peekable();
    match request.turns.last_mut() {
        Some(turn) if turn.role == Role::Assistant => turn.parts.extend(parts),
        _ if parts.peek().is_none() => {}
        _ => request.turns.push(Turn { role: Role::Assistant, parts: parts.collect() }),
    }
}

fn output(item: Item<'_>, path: &str, request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    let custom = item.kind() == "custom_tool_call_output";
    let id = read_parts::call_id(&item, path)?;
    let content = item.output.ok_or_else(|| Error::request(format!("{path}.output"), "field required"))?;
    let parts = read_parts::content(content, &format!("{path}.output"), dropped)?;
    result(request, ToolResult { id, parts, is_error: false, custom, cache: None });
    Ok(())
}

/// What the client's search for tools has found can be called from now on.
fn found(item: Item<'_>, path: &str, request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    let id = read_parts::call_id(&item, path)?;
    let names = read_tools::add(&item.tools.unwrap_or_default(), &format!("{path}.tools"), request, dropped)?;
    let text = match names.is_empty() {
        true => "No tools were found.".to_owned(),
        false => format!("These tools can be called now: {}", names.join(", ")),
    };
    let parts = vec![Part::Text(Text { text, ..Text::default() })];
    result(request, ToolResult { id, parts, is_error: false, custom: false, cache: None });
    Ok(())
}

fn result(request: &mut Request, result: ToolResult) {
    // A turn that begins with a result holds nothing else.
    let is_results = |turn: &Turn| matches!(turn.parts.first(), Some(Part::ToolResult(_)));
    let part = Part::ToolResult(result);
    match request.turns.last_mut().filter(|turn| is_results(turn)) {
        Some(turn) => turn.parts.push(part),
        None => request.turns.push(Turn { role: Role::User, parts: vec![part] }),
    }
}
