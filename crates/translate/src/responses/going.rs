//! An item of a client's stream that is not yet whole.

use ccproxy_wire::responses::event::{ItemEvent, Place};
use serde_json::value::to_raw_value;

use super::output::{self, Form, Head, Kind as Tool, Raw};
use super::pieces::{Calling, Musing, Saying, Sink};
use crate::Exchange;
use crate::custom::Unpacker;
use crate::delta::{Kind, Piece};
use crate::part::Thinking;

pub(super) struct Going {
    /// Its place in the output.
    pub(super) index: usize,
    id: String,
    is: Is,
}

enum Is {
    Message(Vec<Saying>),
    Thinking(Musing),
    Call(Box<Calling>),
}

impl Going {
    /// An item begins with this part.
    pub(super) fn begin(
        index: usize,
        part: usize,
        kind: &Kind<'_>,
        head: &Head,
        exchange: &Exchange,
        sink: &mut Sink<'_>,
    ) -> Self {
        let added = "response.output_item.added";
        match kind {
            Kind::Text | Kind::Refusal => {
                let id = head.item("msg", index);
                let item = output::message(&id, "in_progress", Vec::new());
                sink.write(added, ItemEvent { output_index: index, item });
                let mut going = Self { index, id, is: Is::Message(Vec::new()) };
                going.say(part, kind, sink);
                going
            }
            Kind::Thinking => {
                let (id, thinking) = (head.item("rs", index), Thinking::default());
                let item = output::reasoning(&id, &thinking);
                sink.write(added, ItemEvent { output_index: index, item });
                Self { index, id, is: Is::Thinking(Musing { part, open: true, thinking, in_text: false }) }
            }
            Kind::ToolCall { id: call_id, name, custom } => {
                let form = Form::new(exchange, call_id, name, *custom);
                let id = head.item(form.prefix(), index);
                sink.write(added, ItemEvent { output_index: index, item: form.begun(&id) });
                let packed = form.kind == Tool::Custom { packed: true };
                let unpacker = packed.then(Unpacker::default);
                let calling = Calling { part, open: true, form, unpacker, arguments: String::new() };
                Self { index, id, is: Is::Call(Box::new(calling)) }
            }
        }
    }

    pub(super) fn is_message(&self) -> bool {
        matches!(self.is, Is::Message(_))
    }

    /// Whether it is made of this part, and that part is open.
    pub(super) fn holds(&self, part: usize) -> bool {
        match &self.is {
            Is::Message(parts) => parts.iter().any(|said| said.part == part && said.open),
            Is::Thinking(musing) => musing.part == part && musing.open,
            Is::Call(calling) => calling.part == part && calling.open,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        match &self.is {
            Is::Message(parts) => parts.iter().any(|said| said.open),
            Is::Thinking(musing) => musing.open,
            Is::Call(calling) => calling.open,
        }
    }

    /// A message goes on with another text.
    pub(super) fn say(&mut self, part: usize, kind: &Kind<'_>, sink: &mut Sink<'_>) {
        let Is::Message(parts) = &mut self.is else { return };
        let place = content(&self.id, self.index, parts.len());
        parts.push(Saying::begin(part, *kind == Kind::Refusal, place, sink));
    }

    pub(super) fn add(&mut self, part: usize, piece: Piece<'_>, sink: &mut Sink<'_>) {
        let (id, index) = (&*self.id, self.index);
        match &mut self.is {
            Is::Message(parts) => {
                let said = parts.iter_mut().enumerate().find(|(_, said)| said.part == part);
                if let Some((n, said)) = said {
                    said.add(piece, content(id, index, n), sink);
                }
            }
            Is::Thinking(musing) => musing.add(piece, item(id, index), sink),
            Is::Call(calling) => {
                if let Piece::Arguments(text) = piece {
                    calling.add(&text, item(id, index), sink);
                }
            }
        }
    }

    pub(super) fn close(&mut self, part: usize, sink: &mut Sink<'_>) {
        let (id, index) = (&*self.id, self.index);
        match &mut self.is {
            Is::Message(parts) => {
                let said = parts.iter_mut().enumerate().find(|(_, said)| said.part == part);
                if let Some((n, said)) = said {
                    said.close(content(id, index, n), sink);
                }
            }
            Is::Thinking(musing) => musing.close(item(id, index), sink),
            Is::Call(calling) => calling.close(item(id, index), sink),
        }
    }

    /// Ends what has not been ended.
    pub(super) fn close_all(&mut self, sink: &mut Sink<'_>) {
        let open: Vec<usize> = match &self.is {
            Is::Message(parts) => parts.iter().filter(|said| said.open).map(|said| said.part).collect(),
            Is::Thinking(musing) => musing.open.then_some(musing.part).into_iter().collect(),
            Is::Call(calling) => calling.open.then_some(calling.part).into_iter().collect(),
        };
        open.into_iter().for_each(|part| self.close(part, sink));
    }

    /// The item. Only a message tells the status of its answer.
    pub(super) fn whole(&self, status: &'static str) -> Option<Raw> {
        match &self.is {
            Is::Message(parts) => {
                let parts = parts.iter().map(Saying::written).collect();
                to_raw_value(&output::message(&self.id, status, parts)).ok()
            }
            Is::Thinking(musing) => output::reasoning(&self.id, &musing.thinking),
            Is::Call(calling) => calling.form.whole(&self.id, &calling.arguments),
        }
    }
}

fn item(id: &str, index: usize) -> Place<'_> {
    Place { item_id: id, output_index: index, content_index: None, summary_index: None }
}

fn content(id: &str, index: usize, n: usize) -> Place<'_> {
    Place { content_index: Some(n), ..item(id, index) }
}
