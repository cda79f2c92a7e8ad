//! The tools of a client's request, and which of them it wants called.

use ccproxy_wire::messages::block::Added;
use ccproxy_wire::messages::request::{Tool as Asked, ToolChoice as Choice};
use ccproxy_wire::responses::Str;
use serde_json::value::RawValue;

use super::strict;
use crate::error::Error;
use crate::request::{Request, Tool, ToolChoice, ToolKind};
use crate::{Dropped, read};

pub(super) fn add(list: &[&RawValue], request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    for (n, tool) in list.iter().enumerate() {
        request.tools.push(tool_of(tool, &format!("tools.{n}"), dropped)?);
    }
    Ok(())
}

fn tool_of(tool: &RawValue, path: &str, dropped: &mut Dropped) -> Result<Tool, Error> {
    let asked: Asked<'_> = read::value(path, tool.get())?;
    let name = asked.name.map(Str::into_owned).filter(|name| !name.is_empty());
    let cache = asked.cache_control.map(ToOwned::to_owned);
    match asked.r#type.filter(|kind| &**kind != "custom") {
        None => {
            dropped.note_some("tools.input_examples", asked.input_examples.as_ref());
            dropped.note_some("tools.allowed_callers", asked.allowed_callers.as_ref());
            let schema = asked.input_schema;
            let strict = asked.strict.map(|strict| strict && schema.is_some_and(strict::is_strict));
            dropped.note_some("tools.strict", (strict < asked.strict).then_some(&()));
            let kind = ToolKind::Function { schema: schema.map(ToOwned::to_owned), strict };
            let name = name.ok_or_else(|| Error::request(format!("{path}.name"), "field required"))?;
            Ok(Tool { name, description: asked.description.map(Str::into_owned), kind, cache })
        }
        Some(kind) => {
            let kind = ToolKind::Hosted { kind: kind.into_owned() };
            Ok(Tool { name: name.unwrap_or_default(), description: None, kind, cache })
        }
    }
}

/// A tool that can be called from somewhere in the conversation on: others have to know it from the beginning. Most are
/// among the request's tools already.
pub(super) fn later(
    added: &RawValue,
    path: &str,
    request: &mut Request,
    dropped: &mut Dropped,
) -> Result<(), Error> {
    let added: Added<'_> = read::value(path, added.get())?;
    match (added.r#type.as_deref(), added.definition) {
        (Some("tool_definition"), Some(tool)) => {
            request.add_tool(tool_of(tool, &format!("{path}.definition"), dropped)?);
        }
        (Some("tool_reference"), _) => {}
        _ => dropped.note("messages.content.tool_addition"),
    }
    Ok(())
}

pub(super) fn choice(choice: Choice<'_>, request: &mut Request) -> Result<(), Error> {
    request.parallel_tools = choice.disable_parallel_tool_use.map(|disabled| !disabled);
    request.tool_choice = Some(match (choice.r#type.as_deref(), choice.name) {
        (Some("auto"), _) => ToolChoice::Auto,
        (Some("any"), _) => ToolChoice::Any,
        (Some("none"), _) => ToolChoice::None,
        (Some("tool"), Some(name)) => ToolChoice::Named(name.into_owned()),
        (Some("tool"), None) => return Err(Error::request("tool_choice.name", "field required")),
        _ => return Err(Error::request("tool_choice.type", "must be auto, any, none or tool")),
    });
    Ok(())
}
