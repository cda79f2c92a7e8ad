//! How much has been told of an item of a provider's stream.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ccproxy_wire::responses::Str;
use ccproxy_wire::responses::item::{Annotation, Item};

use super::{D, open, read_parts};
use crate::delta::{Delta, Kind, Piece};
use crate::error::Error;
use crate::seal::Seal;

/// What has been told of all the items.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// How many parts have been opened.
    parts: usize,
    pub(super) calls: bool,
    pub(super) refused: bool,
}

/// Tells steps.
pub(super) struct Emit<'e> {
    pub(super) kinds: &'e mut Kinds,
    pub(super) each: &'e mut (dyn FnMut(Delta<'_>) + 'e),
}

impl Emit<'_> {
    fn open(&mut self, kind: Kind<'_>) -> usize {
        match kind {
            Kind::ToolCall { .. } => self.kinds.calls = true,
            Kind::Refusal => self.kinds.refused = true,
            Kind::Text | Kind::Thinking => {}
        }
        let part = self.kinds.parts;
        self.kinds.parts += 1;
        (self.each)(Delta::Open(part, kind));
        part
    }

    fn add(&mut self, part: usize, piece: Piece<'_>) {
        (self.each)(Delta::Add(part, piece));
    }
}

/// A text or a refusal.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) part: Option<usize>,
    /// How much of it has been told, in bytes.
    told: usize,
    pub(super) citations: usize,
    closed: bool,
}

/// A reasoning item.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    pub(super) part: Option<usize>,
    /// How much of each text has been told; summaries and the thoughts themselves are counted apart.
    told: BTreeMap<(bool, u64), usize>,
    /// The text at hand.
    at: Option<(bool, u64)>,
}

/// A call.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub(super) part: Option<usize>,
    pub(super) id: Option<String>,
    name: Option<String>,
    pub(super) custom: bool,
    told: usize,
    /// Arguments that came before the id or the name.
    held: String,
}

/// What of the whole has not been told.
fn untold(whole: &str, told: usize) -> &str {
    whole.get(told..).unwrap_or_default()
}

impl Text {
    pub(super) fn more(&mut self, text: &str, refusal: bool, emit: &mut Emit<'_>) {
        if text.is_empty() || self.closed {
            return;
        }
        let part =
            *self.part.get_or_insert_with(|| emit.open(if refusal { Kind::Refusal } else { Kind::Text }));
        self.told += text.len();
        emit.add(part, Piece::Text(text.into()));
    }

    pub(super) fn rest(&mut self, whole: &str, refusal: bool, emit: &mut Emit<'_>) {
        self.more(untold(whole, self.told), refusal, emit);
    }

    pub(super) fn cite(&mut self, annotations: Vec<Annotation<'_>>, emit: &mut Emit<'_>) {
        let Some(part) = self.part.filter(|_| !self.closed) else { return };
        self.citations += annotations.len();
        for citation in annotations.into_iter().filter_map(read_parts::citation) {
            emit.add(part, Piece::Citation(citation));
        }
    }

    pub(super) fn close(&mut self, emit: &mut Emit<'_>) {
        if let Some(part) = self.part.filter(|_| !std::mem::replace(&mut self.closed, true)) {
            (emit.each)(Delta::Close(part));
        }
    }
}

impl Thoughts {
    pub(super) fn more(&mut self, at: (bool, u64), text: &str, emit: &mut Emit<'_>) {
        if text.is_empty() {
            return;
        }
        let part = *self.part.get_or_insert_with(|| emit.open(Kind::Thinking));
        if self.at.replace(at).is_some_and(|before| before != at) {
            emit.add(part, Piece::NextText);
        }
        *self.told.entry(at).or_default() += text.len();
        emit.add(part, Piece::Text(text.into()));
    }

    pub(super) fn rest(&mut self, at: (bool, u64), whole: &str, emit: &mut Emit<'_>) {
        let told = self.told.get(&at).copied().unwrap_or(0);
        self.more(at, untold(whole, told), emit);
    }

    pub(super) fn complete(&mut self, item: Item<'_>, emit: &mut Emit<'_>) {
        for (index, text) in (0..).zip(item.summary.into_iter().flatten()) {
            self.rest((true, index), &text.text, emit);
        }
        for (index, part) in (0..).zip(open::parts(item.content)) {
            self.rest((false, index), &part.text.unwrap_or_default(), emit);
        }
        if let Some(encrypted) = item.encrypted_content.filter(|seal| !seal.is_empty()) {
            let part = *self.part.get_or_insert_with(|| emit.open(Kind::Thinking));
            let seal = Seal::OpenAi { id: item.id.map(Str::into_owned), encrypted: encrypted.into_owned() };
            emit.add(part, Piece::Seal(seal));
        }
    }
}

impl Call {
    /// Opens the call as soon as its id and its name are known.
    pub(super) fn learn(&mut self, item: &Item<'_>, emit: &mut Emit<'_>) {
        if !matches!(item.kind(), "function_call" | "custom_tool_call") {
            return;
        }
        let known = |text: Option<String>| text.filter(|text| !text.is_empty());
        self.id = self.id.take().or_else(|| known(item.call_id.as_deref().map(str::to_owned)));
        self.name = self.name.take().or_else(|| known(read_parts::called(item)));
        self.custom = item.kind() == "custom_tool_call";
        self.open(emit);
    }

    /// The item is whole: its own id has to do where it has none that is shared with the output.
    pub(super) fn last_chance(&mut self, item: &Item<'_>, emit: &mut Emit<'_>) -> Result<(), Error> {
        self.id = self.id.take().or_else(|| item.id.as_deref().map(str::to_owned));
        self.open(emit);
        let nameless = || Error::Answer { dialect: D, message: "a call lacks its id or its name".to_owned() };
        self.part.map(|_| ()).ok_or_else(nameless)
    }

    pub(super) fn open(&mut self, emit: &mut Emit<'_>) {
        let (None, Some(id), Some(name)) = (self.part, &self.id, &self.name) else { return };
        let part = emit.open(Kind::ToolCall { id: id.into(), name: name.into(), custom: self.custom });
        self.part = Some(part);
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            emit.add(part, Piece::Arguments(Cow::Owned(held)));
        }
    }

    pub(super) fn more(&mut self, text: &str, emit: &mut Emit<'_>) {
        if text.is_empty() {
            return;
        }
        self.told += text.len();
        match self.part {
            Some(part) => emit.add(part, Piece::Arguments(text.into())),
            None => self.held.push_str(text),
        }
    }

    pub(super) fn rest(&mut self, whole: &str, emit: &mut Emit<'_>) {
        self.more(untold(whole, self.told), emit);
    }
}
