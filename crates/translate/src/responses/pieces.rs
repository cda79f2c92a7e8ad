//! The parts of the items of a client's stream.

use ccproxy_wire::responses::body::Part as Written;
use ccproxy_wire::responses::event::{At, Out, Place, What};
use serde::Serialize;

use super::output::{self, Form, Kind as Tool};
use super::write_items::annotation;
use crate::custom::Unpacker;
use crate::delta::Piece;
use crate::part::{Citation, Thinking};

/// Writes numbered events.
pub(super) struct Sink<'s> {
    pub(super) next: &'s mut u64,
    pub(super) out: &'s mut Vec<u8>,
}

impl Sink<'_> {
    pub(super) fn write<T: Serialize>(&mut self, r#type: &'static str, body: T) {
        Out { r#type, sequence_number: *self.next, body }.write(self.out);
        *self.next += 1;
    }

    fn at(&mut self, r#type: &'static str, place: Place<'_>, what: What<'_>) {
        self.write(r#type, At { place, what });
    }
}

/// A text or a refusal.
pub(super) struct Saying {
    pub(super) part: usize,
    pub(super) open: bool,
    pub(super) refusal: bool,
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
}

/// Thoughts.
pub(super) struct Musing {
    pub(super) part: usize,
    pub(super) open: bool,
    pub(super) thinking: Thinking,
    /// Whether the last text goes on.
    pub(super) in_text: bool,
}

/// A call.
pub(super) struct Calling {
    pub(super) part: usize,
    pub(super) open: bool,
    pub(super) form: Form,
    /// Takes the input out of the arguments where the provider knows functions only.
    pub(super) unpacker: Option<Unpacker>,
    pub(super) arguments: String,
}

impl Saying {
    pub(super) fn begin(part: usize, refusal: bool, place: Place<'_>, sink: &mut Sink<'_>) -> Self {
        let said = Self { part, open: true, refusal, text: String::new(), citations: Vec::new() };
        sink.at("response.content_part.added", place, What::Part { part: said.written() });
        said
    }

    pub(super) fn written(&self) -> Written<'_> {
        match self.refusal {
            true => Written::Refusal { refusal: &self.text },
            false => output::text(&self.text, &self.citations),
        }
    }

    pub(super) fn add(&mut self, piece: Piece<'_>, place: Place<'_>, sink: &mut Sink<'_>) {
        match piece {
            Piece::Text(delta) if self.refusal => {
                sink.at("response.refusal.delta", place, What::Delta { delta: &delta });
                self.text.push_str(&delta);
            }
            Piece::Text(delta) => {
                sink.at("response.output_text.delta", place, What::TextDelta { delta: &delta, logprobs: [] });
                self.text.push_str(&delta);
            }
            // Told when the text is whole: without a span it is all of it that is meant.
            Piece::Citation(citation) => self.citations.push(citation),
            _ => {}
        }
    }

    pub(super) fn close(&mut self, place: Place<'_>, sink: &mut Sink<'_>) {
        self.open = false;
        let text = &*self.text;
        if self.refusal {
            sink.at("response.refusal.done", place, What::Refusal { refusal: text });
        } else {
            let named = self.citations.iter().filter_map(|citation| annotation(citation, text));
            for (annotation_index, annotation) in named.enumerate() {
                let what = What::Annotation { annotation_index, annotation };
                sink.at("response.output_text.annotation.added", place, what);
            }
            sink.at("response.output_text.done", place, What::Text { text, logprobs: [] });
        }
        sink.at("response.content_part.done", place, What::Part { part: self.written() });
    }
}

impl Musing {
    pub(super) fn add(&mut self, piece: Piece<'_>, place: Place<'_>, sink: &mut Sink<'_>) {
        match piece {
            Piece::Text(delta) if !delta.is_empty() => {
                if !std::mem::replace(&mut self.in_text, true) {
                    self.thinking.texts.push(String::new());
                    let part = Written::SummaryText { text: "" };
                    sink.at("response.reasoning_summary_part.added", self.last(place), What::Part { part });
                }
                let last = self.last(place);
                sink.at("response.reasoning_summary_text.delta", last, What::Delta { delta: &delta });
                if let Some(text) = self.thinking.texts.last_mut() {
                    text.push_str(&delta);
                }
            }
            Piece::NextText => self.text_over(place, sink),
            Piece::Seal(seal) => self.thinking.seal = Some(seal),
            _ => {}
        }
    }

    pub(super) fn close(&mut self, place: Place<'_>, sink: &mut Sink<'_>) {
        self.open = false;
        self.text_over(place, sink);
    }

    fn last<'p>(&self, place: Place<'p>) -> Place<'p> {
        Place { summary_index: Some(self.thinking.texts.len().saturating_sub(1)), ..place }
    }

    fn text_over(&mut self, place: Place<'_>, sink: &mut Sink<'_>) {
        let was_in_text = std::mem::take(&mut self.in_text);
        let Some(text) = self.thinking.texts.last().filter(|_| was_in_text) else { return };
        let (place, part) = (self.last(place), Written::SummaryText { text });
        sink.at("response.reasoning_summary_text.done", place, What::Summary { text });
        sink.at("response.reasoning_summary_part.done", place, What::Part { part });
    }
}

impl Calling {
    pub(super) fn add(&mut self, piece: &str, place: Place<'_>, sink: &mut Sink<'_>) {
        match &mut self.unpacker {
            Some(unpacker) => {
                let input = unpacker.push(piece);
                self.more(&input, place, sink);
            }
            None => self.more(piece, place, sink),
        }
    }

    fn more(&mut self, delta: &str, place: Place<'_>, sink: &mut Sink<'_>) {
        if delta.is_empty() {
            return;
        }
        self.arguments.push_str(delta);
        match self.form.kind {
            Tool::Function => {
                sink.at("response.function_call_arguments.delta", place, What::Delta { delta });
            }
            Tool::Custom { .. } => {
                sink.at("response.custom_tool_call_input.delta", place, What::Delta { delta });
            }
            // Told with the whole item only.
            Tool::Search => {}
        }
    }

    pub(super) fn close(&mut self, place: Place<'_>, sink: &mut Sink<'_>) {
        self.open = false;
        if let Some(mut unpacker) = self.unpacker.take() {
            self.more(&unpacker.finish(), place, sink);
        }
        if self.arguments.is_empty() && !matches!(self.form.kind, Tool::Custom { .. }) {
            self.more("{}", place, sink);
        }
        match self.form.kind {
            Tool::Function => {
                let what = What::Arguments { name: &self.form.name, arguments: &self.arguments };
                sink.at("response.function_call_arguments.done", place, what);
            }
            Tool::Custom { .. } => {
                let what = What::Input { input: &self.arguments };
                sink.at("response.custom_tool_call_input.done", place, what);
            }
            Tool::Search => {}
        }
    }
}
