//! The conversation of a request for a provider.

use std::borrow::Cow;

use ccproxy_wire::chat::body::{Call, Content, Function, Message, Part as Written};

use super::write_parts;
use super::write_request::short;
use crate::part::{Part, ToolCall, ToolResult};
use crate::request::{Request, Role, Turn};
use crate::tools::ToolNames;
use crate::{Dropped, Profile, custom};

/// Some of OpenAI's models take no longer ids of calls.
const MAX_ID: usize = 40;

/// The conversation, mended: what answers a call comes right after it, and who speaks again goes on.
pub(super) fn messages<'a>(
    request: &'a Request,
    names: &ToolNames,
    profile: &Profile,
    dropped: &mut Dropped,
) -> Vec<Message<'a>> {
    let mut writer = Writer { out: Vec::new(), leading: 0, said: Vec::new(), names, profile, dropped };
    for turns in request.turns.chunk_by(|a, b| (a.role == Role::Assistant) == (b.role == Role::Assistant)) {
        match turns.first().map(|turn| turn.role) {
            Some(Role::Assistant) => writer.assistant(turns),
            _ => writer.others(turns),
        }
    }
    writer.user();
    writer.out
}

struct Writer<'a, 'w> {
    out: Vec<Message<'a>>,
    /// How many of them are the operator's, before anybody else has spoken.
    leading: usize,
    /// What has been said of a user's message that goes on.
    said: Vec<Written<'a>>,
    names: &'w ToolNames,
    profile: &'w Profile,
    dropped: &'w mut Dropped,
}

impl<'a> Writer<'a, '_> {
    /// All that comes before the model's next turn: the results first.
    fn others(&mut self, turns: &'a [Turn]) {
        for part in turns.iter().flat_map(|turn| &turn.parts) {
            if let Part::ToolResult(result) = part {
                self.result(result);
            }
        }
        for turn in turns {
            match turn.role {
                Role::System | Role::Developer => self.system(turn),
                Role::User | Role::Assistant => {
                    let parts = turn.parts.iter().filter(|part| !matches!(part, Part::ToolResult(_)));
                    self.said.extend(parts.filter_map(|part| write_parts::input(part, self.dropped)));
                }
            }
        }
    }

    fn system(&mut self, turn: &'a Turn) {
        let mut texts = Vec::new();
        for part in &turn.parts {
            match part {
                Part::Text(text) if text.is_billing() => {}
                Part::Text(text) => texts.push(&*text.text),
                _ => self.dropped.note("system.content"),
            }
        }
        let text = texts.join("\n\n");
        if text.is_empty() {
            return;
        }
        let developer = turn.role == Role::Developer && self.profile.developer;
        let role = if developer { "developer" } else { "system" };
        let at_the_beginning = self.said.is_empty() && self.out.len() == self.leading;
        if !at_the_beginning && !self.profile.developer {
            // Many models take this role at the beginning only.
            let text = format!("<system-reminder>\n{text}\n</system-reminder>");
            return self.said.push(Written::Text { text: text.into() });
        }
        self.user();
        match self.out.last_mut().filter(|last| last.role == role).and_then(|last| last.content.as_mut()) {
            Some(Content::Text(before)) => {
                let before = before.to_mut();
                before.push_str("\n\n");
                before.push_str(&text);
            }
            _ => self.push(role, Content::Text(text.into())),
        }
        if at_the_beginning {
            self.leading = self.out.len();
        }
    }

    fn push(&mut self, role: &'static str, content: Content<'a>) {
        self.out.push(Message { role, content: Some(content), ..Message::default() });
    }

    /// Ends the user's message at hand. Text alone goes in the form that every server takes.
    fn user(&mut self) {
        let said = std::mem::take(&mut self.said);
        if said.is_empty() {
            return;
        }
        let text: Option<Vec<&str>> = said
            .iter()
            .map(|part| match part {
                Written::Text { text } => Some(&**text),
                _ => None,
            })
            .collect();
        let content = match text.map(|texts| texts.join("\n\n")) {
            Some(text) => Content::Text(text.into()),
            None => Content::Parts(said),
        };
        self.push("user", content);
    }

    /// A result holds text only: what else it has follows in the user's name.
    fn result(&mut self, result: &'a ToolResult) {
        self.user_before_result();
        let mut texts: Vec<Cow<'a, str>> = Vec::new();
        let mut media = Vec::new();
        for part in result.parts.iter().filter_map(|part| write_parts::input(part, self.dropped)) {
            match part {
                Written::Text { text } => texts.push(text),
                other => media.push(other),
            }
        }
        if texts.is_empty() && !media.is_empty() {
            texts.push("The result follows.".into());
        }
        if !media.is_empty() {
            self.said.push(Written::Text { text: format!("The result of {}:", result.id).into() });
            self.said.append(&mut media);
        }
        let mut text = texts.join("\n\n");
        let says_so = text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error"));
        if result.is_error && !says_so {
            text = if text.is_empty() { "Error".to_owned() } else { format!("Error: {text}") };
        }
        let content = Some(Content::Text(text.into()));
        let tool_call_id = Some(short(&result.id, "call_", MAX_ID));
        self.out.push(Message { role: "tool", content, tool_call_id, ..Message::default() });
    }

    /// What an earlier turn has left to say, unless it is what belongs to the results at hand.
    fn user_before_result(&mut self) {
        if self.out.last().is_none_or(|last| last.role != "tool" && last.role != "assistant") {
            self.user();
        }
    }

    fn assistant(&mut self, turns: &'a [Turn]) {
        let mut message = Message { role: "assistant", ..Message::default() };
        let (mut text, mut thoughts) = (String::new(), Vec::new());
        let mut thought = false;
        // Whether what was said last names no sources: where it does, a sentence goes on from part to part.
        let mut whole = false;
        for part in turns.iter().flat_map(|turn| &turn.parts) {
            match part {
                Part::Text(said) => {
                    if whole && said.citations.is_empty() {
                        text.push_str("\n\n");
                    }
                    whole = said.citations.is_empty();
                    text.push_str(&said.text);
                    self.dropped.note_some("content.text.citations", said.citations.first());
                }
                Part::Refusal(refusal) if self.profile.developer => message.refusal = Some(refusal),
                Part::Refusal(refusal) => text.push_str(refusal),
                Part::ToolCall(call) => message.tool_calls.push(self.call(call)),
                Part::Thinking(thinking) => {
                    thought = true;
                    thoughts.extend(thinking.texts.iter().map(String::as_str));
                }
                Part::Image(_) => self.dropped.note("content.image"),
                Part::Document(_) => self.dropped.note("content.document"),
                Part::Audio(_) => self.dropped.note("content.audio"),
                Part::ToolResult(_) => self.dropped.note("content.tool_result"),
            }
        }
        let silent = text.is_empty() && message.refusal.is_none() && message.tool_calls.is_empty();
        let told = self.profile.thoughts && !silent && !thoughts.is_empty();
        self.dropped.note_some("content.thinking", (thought && !told).then_some(&()));
        if silent {
            return;
        }
        self.user();
        // Where thoughts are wanted they are after each call of a tool, even if there are none.
        let wanted = told || (self.profile.thoughts && !message.tool_calls.is_empty());
        message.reasoning_content = wanted.then(|| thoughts.join("\n\n"));
        message.content = (!text.is_empty()).then(|| Content::Text(text.into()));
        self.out.push(message);
    }

    fn call(&self, call: &'a ToolCall) -> Call<'a> {
        let id = short(&call.id, "call_", MAX_ID);
        let name = self.names.theirs(&call.name).into();
        let arguments = match call.arguments.as_str() {
            input if call.custom => custom::pack(input).into(),
            arguments if arguments.trim().is_empty() => "{}".into(),
            arguments => arguments.into(),
        };
        Call::Function { id, function: Function { name, arguments } }
    }
}
