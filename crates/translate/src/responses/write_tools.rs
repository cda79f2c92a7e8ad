//! The tools of a request for a provider.

use std::borrow::Cow;

use ccproxy_wire::responses::body::{Body, Tool as Written, ToolChoice as Choice};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Dropped;
use crate::request::{Request, Tool, ToolChoice, ToolKind};
use crate::tools::{ToolNames, openai_schema};

pub(super) fn write<'a>(request: &'a Request, names: &ToolNames, body: &mut Body<'a>, dropped: &mut Dropped) {
    body.tools = request.tools.iter().filter_map(|tool| written(tool, names, dropped)).collect();
    if body.tools.is_empty() {
        // OpenAI refuses these without tools.
        let wants = matches!(request.tool_choice, Some(ToolChoice::Any | ToolChoice::Named(_)));
        dropped.note_some("tool_choice", wants.then_some(&()));
        return;
    }
    body.parallel_tool_calls = request.parallel_tools;
    body.tool_choice = request.tool_choice.as_ref().map(|choice| match choice {
        ToolChoice::Auto => Choice::Mode("auto"),
        ToolChoice::Any => Choice::Mode("required"),
        ToolChoice::None => Choice::Mode("none"),
        ToolChoice::Named(name) => {
            let custom = request
                .tools
                .iter()
                .any(|tool| tool.name == *name && matches!(tool.kind, ToolKind::Custom { .. }));
            Choice::Tool { r#type: if custom { "custom" } else { "function" }, name: names.theirs(name) }
        }
    });
}

fn written<'a>(tool: &'a Tool, names: &ToolNames, dropped: &mut Dropped) -> Option<Written<'a>> {
    let description = tool.description.as_deref();
    match &tool.kind {
        ToolKind::Function { schema, strict } => Some(Written::Function {
            name: names.theirs(&tool.name),
            description,
            parameters: openai_schema(schema.as_deref()),
            // Only here a function is strict unless told otherwise.
            strict: strict.unwrap_or(false),
        }),
        ToolKind::Custom { format } => Some(Written::Custom {
            name: names.theirs(&tool.name),
            description,
            format: format.as_deref().map(flat),
        }),
        ToolKind::Hosted { kind } => {
            dropped.note(format!("tools.{kind}"));
            None
        }
    }
}

/// Chat has a grammar in an object of its own.
fn flat(format: &RawValue) -> Cow<'_, RawValue> {
    #[derive(Deserialize)]
    struct Nested<'a> {
        #[serde(borrow)]
        grammar: &'a RawValue,
    }

    let nested = serde_json::from_str(format.get()).ok();
    let fields = nested.and_then(|Nested { grammar }| grammar.get().strip_prefix('{'));
    let flat = fields.map(|fields| format!(r#"{{"type":"grammar",{fields}"#));
    flat.and_then(|flat| RawValue::from_string(flat).ok()).map_or(Cow::Borrowed(format), Cow::Owned)
}
