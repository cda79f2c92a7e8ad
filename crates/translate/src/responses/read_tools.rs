//! The tools of a client's request, and which of them it wants called.

use ccproxy_wire::responses::Str;
use ccproxy_wire::responses::request::{Allowed, Tool as Asked, ToolChoice as Choice};
use serde_json::value::RawValue;

use super::spaces::{SEARCH, Spaces, Way};
use crate::error::Error;
use crate::request::{Request, Tool, ToolChoice, ToolKind};
use crate::{Dropped, read};

/// Adds tools that stand at this path, and gives the names by which they can be called.
pub(crate) fn add(
    list: &[&RawValue],
    path: &str,
    request: &mut Request,
    dropped: &mut Dropped,
) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for (n, tool) in list.iter().enumerate() {
        let path = format!("{path}.{n}");
        let tool: Asked<'_> = read::typed(&path, tool.get())?;
        match tool.r#type.as_deref() {
            Some("namespace") => names.extend(namespace(tool, &path, request, dropped)?),
            Some("tool_search") if tool.execution.as_deref() == Some("client") => {
                request.spaces.learn(SEARCH, Way::Search);
                let search = Asked { name: Some(Str(SEARCH.into())), ..tool };
                push(function(search, SEARCH.to_owned()), request);
            }
            Some("function" | "custom") => {
                let name = named(&tool, &path)?;
                names.push(name.clone());
                dropped.note_some("tools.output_schema", tool.output_schema.as_ref());
                push(tool_of(tool, name), request);
            }
            None => return Err(Error::request(format!("{path}.type"), "field required")),
            Some(kind) => {
                let kind = ToolKind::Hosted { kind: kind.to_owned() };
                let name = tool.name.map(Str::into_owned).unwrap_or_default();
                request.tools.push(Tool { name, description: None, kind, cache: None });
            }
        }
    }
    Ok(names)
}

fn namespace(
    space: Asked<'_>,
    path: &str,
    request: &mut Request,
    dropped: &mut Dropped,
) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let namespace = named(&space, path)?;
    for (n, tool) in space.tools.unwrap_or_default().into_iter().enumerate() {
        let path = format!("{path}.tools.{n}");
        let mut tool: Asked<'_> = read::typed(&path, tool.get())?;
        let name = named(&tool, &path)?;
        if tool.description.is_none() {
            tool.description.clone_from(&space.description);
        } else {
            dropped.note_some("tools.namespace.description", space.description.as_ref());
        }
        let flat = Spaces::flat(&namespace, &name);
        let way = Way::Within { namespace: namespace.clone(), name };
        dropped.note_some("tools.output_schema", tool.output_schema.as_ref());
        if push(tool_of(tool, flat.clone()), request) {
            request.spaces.learn(&flat, way);
        } else if request.spaces.way(&flat) != Some(&way) {
            dropped.note(format!("tools.{flat}"));
        }
        names.push(flat);
    }
    Ok(names)
}

fn named(tool: &Asked<'_>, path: &str) -> Result<String, Error> {
    let name = tool.name.as_deref().filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| Error::request(format!("{path}.name"), "field required"))
}

fn tool_of(tool: Asked<'_>, name: String) -> Tool {
    match tool.r#type.as_deref() {
        Some("custom") => {
            let kind = ToolKind::Custom { format: tool.format.map(ToOwned::to_owned) };
            Tool { name, description: tool.description.map(Str::into_owned), kind, cache: None }
        }
        _ => function(tool, name),
    }
}

fn function(tool: Asked<'_>, name: String) -> Tool {
    let kind = ToolKind::Function { schema: tool.parameters.map(ToOwned::to_owned), strict: tool.strict };
    Tool { name, description: tool.description.map(Str::into_owned), kind, cache: None }
}

/// Adds a tool unless there is one of the same name: a search may find the same one again.
fn push(tool: Tool, request: &mut Request) -> bool {
    let new = request.tools.iter().all(|known| known.name != tool.name);
    if new {
        request.tools.push(tool);
    }
    new
}

/// Reads which tool is to be called; leaves those out that may not be.
pub(crate) fn choice(choice: &RawValue, request: &mut Request) -> Result<(), Error> {
    let field = "tool_choice";
    let mode = |mode: &str| match mode {
        "auto" => Ok(ToolChoice::Auto),
        "required" => Ok(ToolChoice::Any),
        "none" => Ok(ToolChoice::None),
        _ => Err(Error::request(field, "must be auto, required, none, or name a tool")),
    };
    if choice.get().starts_with('"') {
        request.tool_choice = Some(mode(&read::value::<Str<'_>>(field, choice.get())?)?);
        return Ok(());
    }
    let choice: Choice<'_> = read::value(field, choice.get())?;
    request.tool_choice = Some(match choice.r#type.as_deref() {
        Some("function" | "custom") => {
            let name = choice.name.ok_or_else(|| Error::request("tool_choice.name", "field required"))?;
            ToolChoice::Named(name.into_owned())
        }
        Some("tool_search") if request.spaces.way(SEARCH).is_some() => ToolChoice::Named(SEARCH.to_owned()),
        Some("allowed_tools") => {
            request
                .tools
                .retain(|tool| choice.tools.iter().any(|allowed| allows(allowed, tool, &request.spaces)));
            mode(choice.mode.as_deref().unwrap_or("auto"))?
        }
        // A tool that the provider is to run; no other has it.
        _ => return Err(Error::NotCarried { field: field.to_owned() }),
    });
    Ok(())
}

fn allows(allowed: &Allowed<'_>, tool: &Tool, spaces: &Spaces) -> bool {
    let name = allowed.name.as_deref().unwrap_or_default();
    match (&tool.kind, spaces.way(&tool.name)) {
        (ToolKind::Hosted { kind }, _) => allowed.r#type.as_deref() == Some(kind),
        (_, Some(Way::Search)) => allowed.r#type.as_deref() == Some(SEARCH),
        (_, Some(Way::Within { namespace, name: inner })) => {
            match (allowed.r#type.as_deref(), allowed.namespace.as_deref()) {
                (Some("namespace"), _) => name == namespace,
                (_, Some(space)) => space == namespace && name == inner,
                (_, None) => name == tool.name,
            }
        }
        (_, None) => name == tool.name,
    }
}
