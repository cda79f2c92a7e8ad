//! A block of a client's stream that goes on, or waits for its turn.

use std::borrow::Cow;

use ccproxy_wire::messages::body::Block;
use ccproxy_wire::messages::event::{Written, WrittenDelta};

use super::answer;
use super::write_tools::NOTHING;
use crate::delta::{Kind, Piece};
use crate::part::Citation;
use crate::seal::Seal;
use crate::{Exchange, custom};

/// What a block is, and how far it has come. Texts and thoughts begin when there is something to say: clients send back
/// what they have got, and nothing is refused.
enum Form {
    Text { said: String },
    Thinking { said: bool, seal: Option<Seal> },
    Call { arguments: Arguments },
}

/// The arguments of a call.
enum Arguments {
    /// None has come, or white space.
    None,
    /// An object, which goes out as it comes.
    Object,
    /// Something else, which is looked at when all of it is there.
    Other(String),
}

pub(super) struct Going {
    pub(super) part: usize,
    /// Once it has begun.
    index: Option<usize>,
    form: Form,
}

/// A part that waits.
pub(super) struct Held {
    pub(super) part: usize,
    pub(super) closed: bool,
    kind: Kind<'static>,
    pieces: Vec<Piece<'static>>,
}

impl Held {
    pub(super) fn new(part: usize, kind: &Kind<'_>) -> Self {
        let kind = match kind {
            Kind::Text => Kind::Text,
            Kind::Refusal => Kind::Refusal,
            Kind::Thinking => Kind::Thinking,
            Kind::ToolCall { id, name, custom } => Kind::ToolCall {
                id: id.clone().into_owned().into(),
                name: name.clone().into_owned().into(),
                custom: *custom,
            },
        };
        Self { part, closed: false, kind, pieces: Vec::new() }
    }

    pub(super) fn add(&mut self, piece: Piece<'_>) {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        self.pieces.push(match piece {
            Piece::Text(text) => Piece::Text(own(text)),
            Piece::Arguments(text) => Piece::Arguments(own(text)),
            Piece::NextText => Piece::NextText,
            Piece::Citation(citation) => Piece::Citation(citation),
            Piece::Seal(seal) => Piece::Seal(seal),
        });
    }

    /// It is its turn: the block, what has come meanwhile, and whether that was all.
    pub(super) fn begin(
        self,
        exchange: &Exchange,
        next: &mut usize,
        out: &mut Vec<u8>,
    ) -> (Going, Vec<Piece<'static>>, bool) {
        let mut going = Going { part: self.part, index: None, form: Form::Text { said: String::new() } };
        match &self.kind {
            Kind::Text | Kind::Refusal => {}
            Kind::Thinking => going.form = Form::Thinking { said: false, seal: None },
            Kind::ToolCall { id, name, custom } => {
                going.form = Form::Call {
                    // A custom tool's input is no object.
                    arguments: if *custom { Arguments::Other(String::new()) } else { Arguments::None },
                };
                let block = Block::ToolUse {
                    id: answer::call_id(exchange, id, self.part),
                    name: exchange.tools.clients(name).into(),
                    input: Cow::Borrowed(&**NOTHING),
                    cache_control: None,
                };
                going.begin(block, next, out);
            }
        }
        (going, self.pieces, self.closed)
    }
}

impl Going {
    fn begin(&mut self, content_block: Block<'_>, next: &mut usize, out: &mut Vec<u8>) -> usize {
        let index = *next;
        *next += 1;
        self.index = Some(index);
        Written::ContentBlockStart { index, content_block }.write(out);
        index
    }

    fn text(&mut self, next: &mut usize, out: &mut Vec<u8>) -> usize {
        let block = Block::Text { text: "".into(), citations: Vec::new(), cache_control: None };
        self.index.unwrap_or_else(|| self.begin(block, next, out))
    }

    fn thinking(&mut self, next: &mut usize, out: &mut Vec<u8>) -> usize {
        let block = Block::Thinking { thinking: "".into(), signature: "".into() };
        self.index.unwrap_or_else(|| self.begin(block, next, out))
    }

    pub(super) fn add(&mut self, piece: Piece<'_>, next: &mut usize, out: &mut Vec<u8>) {
        match (&mut self.form, piece) {
            (_, Piece::Text(text)) if text.is_empty() => {}
            (Form::Text { said }, Piece::Text(text)) => {
                said.push_str(&text);
                let index = self.text(next, out);
                Written::ContentBlockDelta { index, delta: WrittenDelta::TextDelta { text: &text } }
                    .write(out);
            }
            (Form::Text { said }, Piece::Citation(citation)) => {
                let said = std::mem::take(said);
                self.cite(&citation, &said, out);
                self.form = Form::Text { said };
            }
            (Form::Thinking { said, .. }, Piece::Text(text)) => {
                *said = true;
                self.think(&text, next, out);
            }
            (Form::Thinking { said: true, .. }, Piece::NextText) => self.think("\n\n", next, out),
            (Form::Thinking { seal, .. }, Piece::Seal(told)) => *seal = Some(told),
            (Form::Call { arguments }, Piece::Arguments(json)) => {
                let index = self.index.unwrap_or_default();
                arguments.add(&json, index, out);
            }
            _ => {}
        }
    }

    fn think(&mut self, thinking: &str, next: &mut usize, out: &mut Vec<u8>) {
        let index = self.thinking(next, out);
        Written::ContentBlockDelta { index, delta: WrittenDelta::ThinkingDelta { thinking } }.write(out);
    }

    fn cite(&self, citation: &Citation, said: &str, out: &mut Vec<u8>) {
        if let (Some(index), Some(citation)) = (self.index, answer::cited(citation, said)) {
            Written::ContentBlockDelta { index, delta: WrittenDelta::CitationsDelta { citation } }.write(out);
        }
    }

    pub(super) fn close(mut self, next: &mut usize, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Text { .. } => {}
            Form::Thinking { said, seal } => {
                let (said, seal) = (*said, seal.take());
                self.sign(said, seal.as_ref(), next, out);
            }
            Form::Call { arguments } => {
                let index = self.index.unwrap_or_default();
                arguments.close(index, out);
            }
        }
        if let Some(index) = self.index {
            Written::ContentBlockStop { index }.write(out);
        }
    }

    /// The end of thoughts.
    fn sign(&mut self, said: bool, seal: Option<&Seal>, next: &mut usize, out: &mut Vec<u8>) {
        match seal {
            Some(Seal::Redacted { data }) if !said => {
                self.begin(Block::RedactedThinking { data: data.into() }, next, out);
            }
            None if !said => {}
            seal => {
                let index = self.thinking(next, out);
                let signature = &answer::signature(seal, &[]);
                let delta = WrittenDelta::SignatureDelta { signature };
                Written::ContentBlockDelta { index, delta }.write(out);
            }
        }
    }
}

impl Arguments {
    fn add(&mut self, json: &str, index: usize, out: &mut Vec<u8>) {
        match self {
            Self::None if json.trim_start().is_empty() => {}
            Self::None if json.trim_start().starts_with('{') => {
                *self = Self::Object;
                write(json, index, out);
            }
            Self::None => *self = Self::Other(json.to_owned()),
            Self::Object => write(json, index, out),
            Self::Other(all) => all.push_str(json),
        }
    }

    fn close(&mut self, index: usize, out: &mut Vec<u8>) {
        let Self::Other(all) = self else { return };
        // Some servers write no arguments so.
        if all.trim() != "null" {
            write(&custom::pack(all), index, out);
        }
    }
}

fn write(partial_json: &str, index: usize, out: &mut Vec<u8>) {
    if !partial_json.is_empty() {
        let delta = WrittenDelta::InputJsonDelta { partial_json };
        Written::ContentBlockDelta { index, delta }.write(out);
    }
}
