//! The conversation of a request for a provider.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ccproxy_wire::responses::body::{Annotation, Audio, Content, Item, Part as Written};

use super::write_request::short;
use crate::Dropped;
use crate::part::{Media, Part, Source, Text, Thinking, ToolCall, ToolResult};
use crate::request::{Request, Role, Turn};
use crate::seal::Seal;
use crate::tools::ToolNames;

/// What is said, as a provider has it.
#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    /// What the operator says before all.
    pub(super) instructions: Vec<&'a str>,
    pub(super) items: Vec<Item<'a>>,
    /// Whether thoughts of the provider's own are among them.
    pub(super) sealed: bool,
}

struct Writer<'a, 'w> {
    out: Conversation<'a>,
    names: &'w ToolNames,
    dropped: &'w mut Dropped,
    /// The calls of custom tools: their results are items of another type.
    custom: BTreeSet<&'a str>,
    /// What has been said of a message that goes on.
    said: Vec<Written<'a>>,
}

impl<'a> Conversation<'a> {
    pub(super) fn of(request: &'a Request, names: &ToolNames, dropped: &mut Dropped) -> Self {
        let mut writer =
            Writer { out: Self::default(), names, dropped, custom: BTreeSet::new(), said: Vec::new() };
        let is_operator = |turn: &&Turn| matches!(turn.role, Role::System | Role::Developer);
        let mut leading = request.turns.iter().take_while(is_operator).count();
        // OpenAI wants some input besides.
        if leading == request.turns.len() && request.previous_response.is_none() {
            leading = leading.saturating_sub(1);
        }
        let (first, rest) = request.turns.split_at_checked(leading).unwrap_or_default();
        first.iter().for_each(|turn| writer.instructions(turn));
        rest.iter().for_each(|turn| writer.turn(turn));
        writer.unfinished();
        writer.out
    }
}

impl<'a> Writer<'a, '_> {
    fn instructions(&mut self, turn: &'a Turn) {
        for part in &turn.parts {
            match part {
                Part::Text(text) if text.is_billing() => {}
                Part::Text(text) => self.out.instructions.push(&text.text),
                _ => self.dropped.note("system.content"),
            }
        }
    }

    fn turn(&mut self, turn: &'a Turn) {
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::System | Role::Developer => "developer",
        };
        if turn.role != Role::Assistant {
            self.unfinished();
        }
        for part in &turn.parts {
            match part {
                Part::Thinking(thinking) => self.thinking(thinking, role),
                Part::ToolCall(call) => self.call(call, role),
                Part::ToolResult(result) => self.result(result, role),
                part if turn.role == Role::Assistant => self.say(part),
                part => self.said.extend(input(part, self.dropped)),
            }
        }
        self.message(role);
    }

    /// Ends the message at hand.
    fn message(&mut self, role: &'static str) {
        let mut parts = std::mem::take(&mut self.said);
        let content = match (parts.as_mut_slice(), role) {
            ([], _) => return,
            // The form that every server takes.
            ([Written::OutputText { text, annotations, .. }], _) if annotations.is_empty() => {
                Content::Text((*text).into())
            }
            ([Written::InputText { text }], "user") => Content::Text(std::mem::take(text)),
            _ => Content::Parts(parts),
        };
        self.out.items.push(Item::Message { id: None, status: None, role, content });
    }

    fn say(&mut self, part: &'a Part) {
        match part {
            Part::Text(Text { text, citations, .. }) => {
                // A file of another provider's is no source here.
                let named = citations.iter().filter(|citation| citation.url.is_some());
                let annotations: Vec<_> = named.filter_map(|citation| annotation(citation, text)).collect();
                self.dropped.note_some(
                    "content.text.citations",
                    (annotations.len() < citations.len()).then_some(&()),
                );
                self.said.push(Written::OutputText { text, annotations, logprobs: None });
            }
            Part::Refusal(refusal) => self.said.push(Written::Refusal { refusal }),
            Part::Image(_) => self.dropped.note("content.image"),
            Part::Document(_) => self.dropped.note("content.document"),
            _ => self.dropped.note("content.audio"),
        }
    }

    fn thinking(&mut self, thinking: &'a Thinking, role: &'static str) {
        self.message(role);
        // Thoughts of others, and unsealed ones, are refused.
        let Some(Seal::OpenAi { id, encrypted }) = &thinking.seal else {
            return self.dropped.note("content.thinking");
        };
        self.out.sealed = true;
        self.out.items.push(Item::Reasoning {
            id: id.as_deref().filter(|id| (1..=64).contains(&id.len())),
            summary: thinking.texts.iter().map(|text| Written::SummaryText { text }).collect(),
            encrypted_content: Some(encrypted),
        });
    }

    /// Thoughts that nothing has come of are refused, too.
    fn unfinished(&mut self) {
        while matches!(self.out.items.last(), Some(Item::Reasoning { .. })) {
            self.out.items.pop();
            self.dropped.note("content.thinking");
        }
    }

    fn call(&mut self, call: &'a ToolCall, role: &'static str) {
        self.message(role);
        let (call_id, name) = (short(&call.id, "call_"), self.names.theirs(&call.name).into());
        self.out.items.push(if call.custom {
            self.custom.insert(&call.id);
            let input = &call.arguments;
            Item::CustomToolCall { id: None, status: None, call_id, name, namespace: None, input }
        } else {
            let arguments = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
            Item::FunctionCall { id: None, status: None, call_id, name, namespace: None, arguments }
        });
    }

    fn result(&mut self, result: &'a ToolResult, role: &'static str) {
        self.message(role);
        let mut parts: Vec<Written<'a>> =
            result.parts.iter().filter_map(|part| input(part, self.dropped)).collect();
        if result.is_error {
            mark(&mut parts);
        }
        let output = match parts.as_mut_slice() {
            [] => Content::Text("".into()),
            [Written::InputText { text }] => Content::Text(std::mem::take(text)),
            _ => Content::Parts(parts),
        };
        let call_id = short(&result.id, "call_");
        self.out.items.push(if result.custom || self.custom.contains(&*result.id) {
            Item::CustomToolCallOutput { call_id, output }
        } else {
            Item::FunctionCallOutput { call_id, output }
        });
    }
}

/// An output has no field for its being an error: its text says so.
fn mark(parts: &mut Vec<Written<'_>>) {
    match parts.first_mut() {
        Some(Written::InputText { text }) => {
            if !text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error")) {
                *text = format!("Error: {text}").into();
            }
        }
        _ => parts.insert(0, Written::InputText { text: "Error".into() }),
    }
}

/// What goes in.
fn input<'a>(part: &'a Part, dropped: &mut Dropped) -> Option<Written<'a>> {
    match part {
        Part::Text(text) => {
            (!text.is_billing()).then(|| Written::InputText { text: Cow::Borrowed(&text.text) })
        }
        Part::Refusal(text) => Some(Written::InputText { text: text.into() }),
        Part::Image(image) => image_of(image),
        Part::Document(document) => Some(file(document)),
        Part::Audio(Media { source: Source::Data { media_type, data }, .. }) => {
            let format = media_type.strip_prefix("audio/").unwrap_or(media_type);
            let format = if format == "mpeg" { "mp3" } else { format };
            Some(Written::InputAudio { input_audio: Audio { data, format } })
        }
        Part::Audio(_) => {
            dropped.note("content.audio");
            None
        }
        Part::Thinking(_) | Part::ToolCall(_) | Part::ToolResult(_) => {
            dropped.note("content");
            None
        }
    }
}

fn image_of(image: &Media) -> Option<Written<'_>> {
    let file_id = match &image.source {
        Source::File(id) => Some(id.as_str()),
        _ => None,
    };
    let image_url = image.source.url();
    let detail = image.detail.as_deref().unwrap_or("auto");
    (image_url.is_some() || file_id.is_some()).then_some(Written::InputImage { detail, image_url, file_id })
}

fn file(document: &Media) -> Written<'_> {
    let name = document.name.as_deref();
    let (mut filename, mut file_data, mut file_url, mut file_id) = (None, None, None, None);
    match &document.source {
        // Not every model reads files of plain text; every one reads text.
        Source::Text(text) => {
            let text = name.map_or(Cow::Borrowed(text.as_str()), |name| format!("{name}\n\n{text}").into());
            return Written::InputText { text };
        }
        Source::Data { media_type, .. } => {
            filename = Some(file_name(name, media_type));
            file_data = document.source.url();
        }
        Source::Url(url) => file_url = Some(url.as_str()),
        Source::File(id) => file_id = Some(id.as_str()),
    }
    Written::InputFile { filename, file_data, file_url, file_id }
}

/// OpenAI goes by the name's ending.
fn file_name<'a>(name: Option<&'a str>, media_type: &str) -> Cow<'a, str> {
    let name = name.filter(|name| !name.is_empty()).unwrap_or("document");
    match media_type {
        "application/pdf" if !name.to_ascii_lowercase().ends_with(".pdf") => format!("{name}.pdf").into(),
        _ => name.into(),
    }
}

/// A source of a text; one without an address has no place here.
pub(super) fn annotation<'a>(citation: &'a crate::part::Citation, text: &str) -> Option<Annotation<'a>> {
    let title = citation.title.as_deref().unwrap_or_default();
    let whole = || (0, text.chars().count() as u64);
    match (&citation.url, &citation.file) {
        (Some(url), _) => {
            let (start_index, end_index) = citation.span.unwrap_or_else(whole);
            Some(Annotation::UrlCitation { url, title, start_index, end_index })
        }
        (None, Some(file_id)) => Some(Annotation::FileCitation { file_id, filename: title, index: 0 }),
        (None, None) => None,
    }
}
