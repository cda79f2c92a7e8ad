//! The tools of a client's request, and which of them it wants called.

use std::collections::BTreeSet;

use ccproxy_wire::chat::request::Request as Body;
use ccproxy_wire::chat::tool::{Definition, Tool as Asked, ToolChoice as Choice};
use ccproxy_wire::responses::Str;
use serde_json::value::RawValue;

use crate::error::Error;
use crate::read;
use crate::request::{Request, Tool, ToolChoice, ToolKind};

pub(super) fn tools(body: &mut Body<'_>, request: &mut Request) -> Result<(), Error> {
    for (n, asked) in body.tools.take().into_iter().flatten().enumerate() {
        request.tools.push(tool(asked, &format!("tools.{n}"))?);
    }
    for (n, asked) in body.functions.take().into_iter().flatten().enumerate() {
        request.tools.push(function(asked, &format!("functions.{n}"))?);
        request.functions = true;
    }
    if request.functions {
        // The older form has one call at a time.
        request.parallel_tools = Some(false);
    }
    if let Some(asked) = body.tool_choice {
        request.tool_choice = Some(choice(asked, "tool_choice", request)?);
    } else if let Some(asked) = body.function_call {
        request.tool_choice = Some(choice(asked, "function_call", request)?);
    }
    Ok(())
}

fn tool(asked: Asked<'_>, path: &str) -> Result<Tool, Error> {
    let cache = asked.cache_control.map(ToOwned::to_owned);
    let tool = match asked.r#type.as_deref() {
        None | Some("function") => {
            let path = format!("{path}.function");
            let asked = asked.function.ok_or_else(|| Error::request(path.as_str(), "field required"))?;
            function(asked, &path)?
        }
        Some("custom") => {
            let path = format!("{path}.custom");
            let asked = asked.custom.ok_or_else(|| Error::request(path.as_str(), "field required"))?;
            let kind = ToolKind::Custom { format: asked.format.map(ToOwned::to_owned) };
            named(asked, kind, &path)?
        }
        Some(kind) => {
            let kind = ToolKind::Hosted { kind: kind.to_owned() };
            Tool { name: String::new(), description: None, kind, cache: None }
        }
    };
    Ok(Tool { cache, ..tool })
}

fn function(asked: Definition<'_>, path: &str) -> Result<Tool, Error> {
    let kind = ToolKind::Function { schema: asked.parameters.map(ToOwned::to_owned), strict: asked.strict };
    named(asked, kind, path)
}

fn named(asked: Definition<'_>, kind: ToolKind, path: &str) -> Result<Tool, Error> {
    let name = asked.name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Error::request(format!("{path}.name"), "field required"))?.into_owned();
    Ok(Tool { name, description: asked.description.map(Str::into_owned), kind, cache: None })
}

/// Reads which tool is to be called; leaves those out that may not be.
fn choice(choice: &RawValue, field: &str, request: &mut Request) -> Result<ToolChoice, Error> {
    let wrong = || Error::request(field, "must be auto, required, none, or name a tool");
    let mode = |mode: &str| match mode {
        "auto" => Ok(ToolChoice::Auto),
        "required" | "any" => Ok(ToolChoice::Any),
        "none" => Ok(ToolChoice::None),
        _ => Err(wrong()),
    };
    if choice.get().starts_with('"') {
        return mode(&read::value::<Str<'_>>(field, choice.get())?);
    }
    let choice: Choice<'_> = read::value(field, choice.get())?;
    if let Some(allowed) = choice.allowed_tools {
        let names: Vec<Str<'_>> = allowed.tools.into_iter().filter_map(name_of).collect();
        let names: BTreeSet<&str> = names.iter().map(|name| &**name).collect();
        request.tools.retain(|tool| names.contains(&*tool.name));
        return mode(allowed.mode.as_deref().unwrap_or("auto"));
    }
    let named = choice.function.or(choice.custom).and_then(|tool| tool.name).or(choice.name);
    named.map(|name| ToolChoice::Named(name.into_owned())).ok_or_else(wrong)
}

fn name_of(tool: Asked<'_>) -> Option<Str<'_>> {
    tool.function.or(tool.custom)?.name
}
