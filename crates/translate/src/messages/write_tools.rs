//! The tools of a request for a provider.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use ccproxy_wire::messages::body::{Block, Body, Tool as Written, ToolChoice as Choice};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::models::Traits;
use super::write_blocks::Blocks;
use crate::Dropped;
use crate::request::{Request, Tool, ToolChoice, ToolKind};

type Raw = Box<RawValue>;

fn raw(json: &str) -> Raw {
    RawValue::from_string(json.to_owned()).unwrap_or_default()
}

/// The schema of a function without arguments.
static NO_ARGUMENTS: LazyLock<Raw> = LazyLock::new(|| raw(r#"{"type":"object","properties":{}}"#));

/// The schema of a function of which nothing is known.
static ANY_ARGUMENTS: LazyLock<Raw> = LazyLock::new(|| raw(r#"{"type":"object"}"#));

/// No arguments.
pub(super) static NOTHING: LazyLock<Raw> = LazyLock::new(|| raw("{}"));

/// The schema of a function that stands for a custom tool.
static FREE_TEXT: LazyLock<Raw> = LazyLock::new(|| {
    raw(
        r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#,
    )
});

/// A name can be had once.
pub(super) fn tools<'a>(request: &'a Request, blocks: &mut Blocks<'_>) -> Vec<Written<'a>> {
    let mut names = BTreeSet::new();
    let mut tools = Vec::with_capacity(request.tools.len());
    for tool in &request.tools {
        match written(tool, blocks) {
            Some(tool) if names.insert(tool.name.clone()) => tools.push(tool),
            Some(tool) => blocks.dropped.note(format!("tools.{}", tool.name)),
            None => {}
        }
    }
    tools
}

fn written<'a>(tool: &'a Tool, blocks: &mut Blocks<'_>) -> Option<Written<'a>> {
    let described = tool.description.as_deref().map(Cow::Borrowed);
    let (description, input_schema, strict) = match &tool.kind {
        ToolKind::Function { schema, strict } => {
            let schema = schema.as_deref().map_or(Cow::Borrowed(&**NO_ARGUMENTS), typed);
            (described, schema, strict.filter(|strict| *strict))
        }
        ToolKind::Custom { format } => {
            let grammar = format.as_deref().and_then(grammar);
            let description = match grammar {
                Some(grammar) => Some(format!("{}{grammar}", described.unwrap_or_default()).into()),
                None => described,
            };
            (description, Cow::Borrowed(&**FREE_TEXT), None)
        }
        ToolKind::Hosted { kind } => {
            blocks.dropped.note(format!("tools.{kind}"));
            return None;
        }
    };
    let name = blocks.names.theirs(&tool.name);
    let cache_control = blocks.mark(tool.cache.as_ref());
    Some(Written { name, description, input_schema, strict, cache_control })
}

/// A schema that says that it is an object's, as all have to.
fn typed(schema: &RawValue) -> Cow<'_, RawValue> {
    #[derive(Deserialize)]
    struct Head {
        r#type: Option<IgnoredAny>,
    }

    match serde_json::from_str(schema.get()) {
        Ok(Head { r#type: Some(_) }) => Cow::Borrowed(schema),
        Ok(Head { r#type: None }) => {
            let rest = schema.get().strip_prefix('{').unwrap_or("}").trim_start();
            let between = if rest.starts_with('}') { "" } else { "," };
            Cow::Owned(raw(&format!(r#"{{"type":"object"{between}{rest}"#)))
        }
        Err(_) => Cow::Borrowed(&NO_ARGUMENTS),
    }
}

/// What a custom tool's input has to look like, in words: Chat has it in an object of its own.
fn grammar(format: &RawValue) -> Option<String> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Format {
        grammar: Option<Box<Self>>,
        syntax: Option<String>,
        definition: Option<String>,
    }

    let format: Format = serde_json::from_str(format.get()).ok()?;
    let format =
        format.grammar.map_or_else(|| (format.syntax, format.definition), |g| (g.syntax, g.definition));
    let (syntax, definition) = (format.0.unwrap_or_default(), format.1?);
    Some(format!("\n\nThe input has to match this grammar ({syntax}):\n{definition}"))
}

/// Which tool to call, and whether one is forced.
pub(super) fn choice<'a>(
    request: &'a Request,
    traits: Traits,
    names: &crate::tools::ToolNames,
    dropped: &mut Dropped,
) -> (Option<Choice<'a>>, bool) {
    let callable = |tool: &&Tool| !matches!(tool.kind, ToolKind::Hosted { .. });
    let mut tools = request.tools.iter().filter(callable);
    let asked = request.tool_choice.as_ref().unwrap_or(&ToolChoice::Auto);
    let forced = match asked {
        ToolChoice::Auto | ToolChoice::None => None,
        ToolChoice::Any => Some(("any", None)).filter(|_| tools.next().is_some()),
        ToolChoice::Named(name) => {
            tools.any(|tool| tool.name == *name).then(|| ("tool", Some(names.theirs(name).into())))
        }
    };
    let forced = forced.filter(|_| traits.forced);
    if !request.tools.iter().any(|tool| callable(&tool)) {
        dropped
            .note_some("tool_choice", matches!(asked, ToolChoice::Any | ToolChoice::Named(_)).then_some(&()));
        return (None, false);
    }
    let single = (request.parallel_tools == Some(false)).then_some(true);
    match (asked, forced) {
        (_, Some((r#type, name))) => (Some(Choice { r#type, name, disable_parallel_tool_use: single }), true),
        (ToolChoice::None, None) => {
            (Some(Choice { r#type: "none", name: None, disable_parallel_tool_use: None }), false)
        }
        (asked, None) => {
            dropped.note_some("tool_choice", (*asked != ToolChoice::Auto).then_some(&()));
            let said = request.tool_choice.is_some() || single.is_some();
            let auto = Choice { r#type: "auto", name: None, disable_parallel_tool_use: single };
            (said.then_some(auto), false)
        }
    }
}

/// Tools that are called in a conversation have to be declared, even where none may be called any more.
pub(super) fn declare_called(body: &mut Body<'_>) {
    if !body.tools.is_empty() {
        return;
    }
    let blocks = body.messages.iter().flat_map(|message| &message.content);
    let called: BTreeSet<String> = blocks
        .filter_map(|block| match block {
            Block::ToolUse { name, .. } => Some(name.clone().into_owned()),
            _ => None,
        })
        .collect();
    if !called.is_empty() {
        body.tool_choice = Some(Choice { r#type: "none", name: None, disable_parallel_tool_use: None });
    }
    body.tools = called
        .into_iter()
        .map(|name| Written {
            name,
            description: None,
            input_schema: Cow::Owned(ANY_ARGUMENTS.clone()),
            strict: None,
            cache_control: None,
        })
        .collect();
}
