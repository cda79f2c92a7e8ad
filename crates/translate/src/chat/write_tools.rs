//! The tools of a request for a provider.

use std::borrow::Cow;

use ccproxy_wire::chat::body::{Body, Definition, Named, Tool as Written, ToolChoice as Choice};

use crate::request::{Request, Tool, ToolChoice, ToolKind};
use crate::tools::{ToolNames, openai_schema};
use crate::{Dropped, custom};

pub(super) fn write<'a>(request: &'a Request, names: &ToolNames, body: &mut Body<'a>, dropped: &mut Dropped) {
    body.tools = request.tools.iter().filter_map(|tool| written(tool, names, dropped)).collect();
    if body.tools.is_empty() {
        // Refused without tools.
        let wants = matches!(request.tool_choice, Some(ToolChoice::Any | ToolChoice::Named(_)));
        dropped.note_some("tool_choice", wants.then_some(&()));
        return;
    }
    // What is so anyway is not said: not every model knows the word.
    body.parallel_tool_calls = request.parallel_tools.filter(|parallel| !parallel);
    body.tool_choice = request.tool_choice.as_ref().map(|choice| match choice {
        ToolChoice::Auto => Choice::Mode("auto"),
        ToolChoice::Any => Choice::Mode("required"),
        ToolChoice::None => Choice::Mode("none"),
        ToolChoice::Named(name) => {
            Choice::Tool { r#type: "function", function: Named { name: names.theirs(name) } }
        }
    });
}

fn written<'a>(tool: &'a Tool, names: &ToolNames, dropped: &mut Dropped) -> Option<Written<'a>> {
    let described = tool.description.as_deref();
    let (description, parameters, strict) = match &tool.kind {
        ToolKind::Function { schema, strict } => {
            (described.map(Into::into), openai_schema(schema.as_deref()), strict.filter(|strict| *strict))
        }
        ToolKind::Custom { format } => {
            (custom::description(described, format.as_deref()), Cow::Borrowed(custom::schema()), None)
        }
        ToolKind::Hosted { kind } => {
            dropped.note(format!("tools.{kind}"));
            return None;
        }
    };
    let function = Definition { name: names.theirs(&tool.name), description, parameters, strict };
    Some(Written { r#type: "function", function })
}
