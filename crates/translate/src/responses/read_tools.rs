//! The tools of a client's request, and which of them it wants called.

use std::collections::BTreeSet;

use ccproxy_wire::responses::Str;
use ccproxy_wire::responses::request::{Allowed, Tool as Asked, ToolChoice as Choice};
use serde_json::value::RawValue;

use super::spaces::{SEARCH, Spaces, Way};
use crate::error::Error;
use crate::request::{Request, Tool, ToolChoice, ToolKind};
use crate::{Dropped, read};

/// The name of a namespace is told with each of its tools.
const MAX_NAMESPACE: usize = 256;
/// So is its description where they have none, unless that would make more of a request than anybody has sent.
const MAX_COPIES: usize = 4 * 1024 * 1024;

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
                request.add_tool(function(search, SEARCH.to_owned()));
            }
            Some("function" | "custom") => {
                let name = named(&tool, &path)?;
                names.push(name.clone());
                dropped.note_some("tools.output_schema", tool.output_schema.as_ref());
                request.add_tool(tool_of(tool, name));
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
    if namespace.len() > MAX_NAMESPACE {
        return Err(Error::request(format!("{path}.name"), "must be no longer than 256 bytes"));
    }
    let tools = space.tools.unwrap_or_default();
    let mut shared = space.description;
    if shared.as_deref().is_some_and(|text| text.len().saturating_mul(tools.len()) > MAX_COPIES) {
        dropped.note("tools.namespace.description");
        shared = None;
    }
    for (n, tool) in tools.into_iter().enumerate() {
        let path = format!("{path}.tools.{n}");
        let mut tool: Asked<'_> = read::typed(&path, tool.get())?;
        let name = named(&tool, &path)?;
        if tool.description.is_none() {
            tool.description.clone_from(&shared);
        } else {
            dropped.note_some("tools.namespace.description", shared.as_ref());
        }
        let flat = Spaces::flat(&namespace, &name);
        let way = Way::Within { namespace: namespace.clone(), name };
        dropped.note_some("tools.output_schema", tool.output_schema.as_ref());
        if request.add_tool(tool_of(tool, flat.clone())) {
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
            let allows = Allows::of(&choice.tools);
            request.tools.retain(|tool| allows.tool(tool, &request.spaces));
            mode(choice.mode.as_deref().unwrap_or("auto"))?
        }
        // A tool that the provider is to run; no other has it.
        _ => return Err(Error::NotCarried { field: field.to_owned() }),
    });
    Ok(())
}

/// What may be called, in sets: a client may name very many tools, here and there.
#[derive(Default)]
struct Allows<'a> {
    types: BTreeSet<&'a str>,
    names: BTreeSet<&'a str>,
    spaces: BTreeSet<&'a str>,
    /// By namespace and name.
    within: BTreeSet<(&'a str, &'a str)>,
    /// By a name that says nothing of a namespace.
    flat: BTreeSet<&'a str>,
}

impl<'a> Allows<'a> {
    fn of(list: &'a [Allowed<'a>]) -> Self {
        let mut allows = Self::default();
        for allowed in list {
            let (kind, name) = (allowed.r#type.as_deref(), allowed.name.as_deref().unwrap_or_default());
            allows.types.extend(kind);
            allows.names.insert(name);
            match (kind, allowed.namespace.as_deref()) {
                (Some("namespace"), _) => allows.spaces.insert(name),
                (_, Some(space)) => allows.within.insert((space, name)),
                (_, None) => allows.flat.insert(name),
            };
        }
        allows
    }

    fn tool(&self, tool: &Tool, spaces: &Spaces) -> bool {
        let flat = tool.name.as_str();
        match (&tool.kind, spaces.way(flat)) {
            (ToolKind::Hosted { kind }, _) => self.types.contains(kind.as_str()),
            (_, Some(Way::Search)) => self.types.contains(SEARCH),
            (_, Some(Way::Within { namespace, name })) => {
                let whole = self.spaces.contains(namespace.as_str()) || self.flat.contains(flat);
                whole || self.within.contains(&(namespace.as_str(), name.as_str()))
            }
            (_, None) => self.names.contains(flat),
        }
    }
}
