//! An item of a provider's stream that is not yet whole.

use std::collections::BTreeMap;

use ccproxy_wire::responses;
use ccproxy_wire::responses::Str;
use ccproxy_wire::responses::event::Event;
use ccproxy_wire::responses::item::{Content, Item, Part};
use serde_json::value::RawValue;

use super::told::{Call, Emit, Text, Thoughts};
use super::{D, read_parts};
use crate::delta::Delta;
use crate::error::Error;

/// An item that is not yet whole. Nothing is opened before there is something to say.
#[derive(Debug, Default)]
pub(super) struct Open {
    kind: String,
    id: Option<String>,
    texts: BTreeMap<u64, Text>,
    thoughts: Thoughts,
    call: Call,
}

impl Open {
    pub(super) fn item_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether an item at the same place is another one: some servers number all of them alike. Ids do not tell, for
    /// other servers have a new one in every event.
    pub(super) fn is_other_than(&self, item: &Item<'_>) -> bool {
        let calls = self.call.id.as_deref().zip(item.call_id.as_deref());
        (!self.kind.is_empty() && self.kind != item.kind()) || calls.is_some_and(|(own, other)| own != other)
    }

    pub(super) fn begin(&mut self, item: &Item<'_>, emit: &mut Emit<'_>) {
        item.kind().clone_into(&mut self.kind);
        self.id = item.id.as_deref().map(str::to_owned);
        self.call.learn(item, emit);
    }

    /// An event about the item's parts.
    pub(super) fn event(&mut self, kind: &str, event: Event<'_>, emit: &mut Emit<'_>) -> Result<(), Error> {
        let content = event.content_index.unwrap_or(0);
        let summary = (true, event.summary_index.unwrap_or(0));
        let delta = event.delta.as_deref().unwrap_or_default();
        let all = |text: Option<Str<'_>>| text.map(Str::into_owned).unwrap_or_default();
        match kind {
            "output_text.delta" => self.texts.entry(content).or_default().more(delta, false, emit),
            "refusal.delta" => self.texts.entry(content).or_default().more(delta, true, emit),
            "output_text.done" => {
                self.texts.entry(content).or_default().rest(&all(event.text), false, emit);
            }
            "refusal.done" => {
                self.texts.entry(content).or_default().rest(&all(event.refusal), true, emit);
            }
            "output_text.annotation.added" => {
                let text = self.texts.entry(content).or_default();
                text.cite(event.annotation.into_iter().collect(), emit);
            }
            "content_part.done" => {
                if let Some(part) = event.part {
                    self.text_done(content, read_part(part)?, emit);
                }
            }
            "reasoning_summary_text.delta" => self.thoughts.more(summary, delta, emit),
            "reasoning_summary_text.done" => self.thoughts.rest(summary, &all(event.text), emit),
            "reasoning_text.delta" => self.thoughts.more((false, content), delta, emit),
            "reasoning_text.done" => self.thoughts.rest((false, content), &all(event.text), emit),
            "function_call_arguments.delta" | "custom_tool_call_input.delta" => self.call.more(delta, emit),
            "function_call_arguments.done" => self.call.rest(&all(event.arguments), emit),
            "custom_tool_call_input.done" => {
                self.call.custom = true;
                self.call.rest(&all(event.input), emit);
            }
            _ => {}
        }
        Ok(())
    }

    /// The item is whole.
    pub(super) fn complete(&mut self, mut item: Item<'_>, emit: &mut Emit<'_>) -> Result<(), Error> {
        match item.kind() {
            "message" => {
                for (index, part) in (0..).zip(parts(item.content.take())) {
                    self.text_done(index, part, emit);
                }
            }
            "reasoning" => self.thoughts.complete(item, emit),
            "function_call" | "custom_tool_call" => {
                self.call.learn(&item, emit);
                self.call.last_chance(&item, emit)?;
                let arguments = read_parts::arguments(item, "item.arguments")
                    .map_err(|error| Error::Answer { dialect: D, message: error.to_string() })?;
                self.call.rest(&arguments, emit);
            }
            _ => {}
        }
        self.close(emit);
        Ok(())
    }

    /// What will never be whole ends here.
    pub(super) fn close(&mut self, emit: &mut Emit<'_>) {
        self.texts.values_mut().for_each(|text| text.close(emit));
        for part in [self.thoughts.part.take(), self.call.part.take()].into_iter().flatten() {
            (emit.each)(Delta::Close(part));
        }
    }

    fn text_done(&mut self, index: u64, part: Part<'_>, emit: &mut Emit<'_>) {
        let refusal = part.r#type.as_deref() == Some("refusal");
        let said = match part.r#type.as_deref() {
            Some("output_text" | "refusal") => part.text.or(part.refusal),
            // Thoughts are told by events of their own.
            _ => return,
        };
        let text = self.texts.entry(index).or_default();
        text.rest(&said.unwrap_or_default(), refusal, emit);
        text.cite(part.annotations.unwrap_or_default().into_iter().skip(text.citations).collect(), emit);
        text.close(emit);
    }
}

fn read_part(part: &RawValue) -> Result<Part<'_>, Error> {
    responses::read(part.get()).map_err(|error| Error::answer(D, &error))
}

/// The texts of an item's content, each with its place.
pub(super) fn parts<'a>(content: Option<Content<'a>>) -> Vec<Part<'a>> {
    match content {
        Some(Content::Text(text)) => {
            vec![Part { r#type: Some(Str("output_text".into())), text: Some(Str(text)), ..Part::default() }]
        }
        Some(Content::Parts(list)) => {
            list.into_iter().map(|part| responses::read(part.get()).unwrap_or_default()).collect()
        }
        None => Vec::new(),
    }
}
