//! The conversation of a client's request.

use std::collections::BTreeSet;

use ccproxy_wire::chat::message::{Function, Message, ToolCall as Asked};

use super::{read_parts, thoughts};
use crate::Dropped;
use crate::error::Error;
use crate::part::{Part, ToolCall, ToolResult};
use crate::request::{Request, Role, Turn};

pub(super) fn read(
    messages: Vec<Message<'_>>,
    request: &mut Request,
    dropped: &mut Dropped,
) -> Result<(), Error> {
    let mut reader = Reader { request, dropped, custom: BTreeSet::new(), function: None };
    for (n, message) in messages.into_iter().enumerate() {
        reader.one(message, &format!("messages.{n}"))?;
    }
    Ok(())
}

struct Reader<'r> {
    request: &'r mut Request,
    dropped: &'r mut Dropped,
    /// The calls of custom tools.
    custom: BTreeSet<String>,
    /// The last call in the older form, which has no id.
    function: Option<String>,
}

impl Reader<'_> {
    fn one(&mut self, message: Message<'_>, path: &str) -> Result<(), Error> {
        match message.role.as_deref() {
            Some("system") => self.said(Role::System, message, path),
            Some("developer") => self.said(Role::Developer, message, path),
            Some("user") => self.said(Role::User, message, path),
            Some("assistant") => self.assistant(message, path),
            Some("tool") => {
                let id = message.tool_call_id.as_deref().filter(|id| !id.is_empty());
                let id = id.ok_or_else(|| required(path, "tool_call_id"))?.to_owned();
                self.result(id, message, path)
            }
            Some("function") => {
                let id = self.function.take().ok_or_else(|| {
                    Error::request(
                        format!("{path}.role"),
                        "a function message has to follow its function_call",
                    )
                })?;
                self.result(id, message, path)
            }
            _ => Err(Error::request(
                format!("{path}.role"),
                "must be system, developer, user, assistant or tool",
            )),
        }
    }

    fn said(&mut self, role: Role, message: Message<'_>, path: &str) -> Result<(), Error> {
        self.dropped.note_some("messages.name", message.name.as_ref());
        let content = message.content.ok_or_else(|| required(path, "content"))?;
        let parts = read_parts::content(content, &format!("{path}.content"), self.dropped)?;
        self.request.turns.push(Turn { role, parts });
        Ok(())
    }

    fn assistant(&mut self, message: Message<'_>, path: &str) -> Result<(), Error> {
        self.dropped.note_some("messages.name", message.name.as_ref());
        self.dropped.note_some("messages.audio", message.audio.as_ref());
        self.dropped.note_some("messages.annotations", message.annotations().first());
        let (thoughts, foreign) = thoughts::read(&message);
        self.dropped.note_some("messages.reasoning_details", foreign.then_some(&()));
        let mut parts: Vec<Part> = thoughts.into_iter().map(Part::Thinking).collect();
        if let Some(content) = message.content {
            parts.extend(read_parts::content(content, &format!("{path}.content"), self.dropped)?);
        }
        let refusal = message.refusal.filter(|refusal| !refusal.is_empty());
        parts.extend(refusal.map(|refusal| Part::Refusal(refusal.into_owned())));
        for (n, asked) in message.tool_calls.into_iter().flatten().enumerate() {
            parts.push(Part::ToolCall(self.call(asked, &format!("{path}.tool_calls.{n}"))?));
        }
        if let Some(function) = message.function_call {
            parts.push(Part::ToolCall(self.function(function, path)?));
        }
        if !parts.is_empty() {
            self.request.turns.push(Turn { role: Role::Assistant, parts });
        }
        Ok(())
    }

    fn call(&mut self, asked: Asked<'_>, path: &str) -> Result<ToolCall, Error> {
        let id = asked.id.as_deref().filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| required(path, "id"))?.to_owned();
        let name = if asked.custom.is_some() { "custom.name" } else { "function.name" };
        let call = read_parts::call(asked, id).ok_or_else(|| required(path, name))?;
        if call.custom {
            self.custom.insert(call.id.clone());
        }
        Ok(call)
    }

    /// A call in the older form: its place in the conversation is its id.
    fn function(&mut self, function: Function<'_>, path: &str) -> Result<ToolCall, Error> {
        let id = format!("call_{}", self.request.turns.len());
        self.function = Some(id.clone());
        let asked = Asked { function: Some(function), ..Asked::default() };
        read_parts::call(asked, id).ok_or_else(|| required(path, "function_call.name"))
    }

    /// Results that follow each other are one turn.
    fn result(&mut self, id: String, message: Message<'_>, path: &str) -> Result<(), Error> {
        let parts = match message.content {
            Some(content) => read_parts::content(content, &format!("{path}.content"), self.dropped)?,
            None => Vec::new(),
        };
        let custom = self.custom.contains(&id);
        let part = Part::ToolResult(ToolResult { id, parts, is_error: false, custom, cache: None });
        let is_result = |part: Option<&Part>| matches!(part, Some(Part::ToolResult(_)));
        match self.request.turns.last_mut().filter(|turn| is_result(turn.parts.last())) {
            Some(turn) => turn.parts.push(part),
            None => self.request.turns.push(Turn { role: Role::User, parts: vec![part] }),
        }
        Ok(())
    }
}

fn required(path: &str, field: &str) -> Error {
    Error::request(format!("{path}.{field}"), "field required")
}
