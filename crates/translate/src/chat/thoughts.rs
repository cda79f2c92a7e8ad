//! Thoughts and their seals, as OpenRouter has them in `reasoning_details`: the format names the maker.

use ccproxy_wire::chat::event;
use ccproxy_wire::chat::message::{Detail, Loose, Message};

use crate::part::Thinking;
use crate::seal::Seal;

const ANTHROPIC: &str = "anthropic-claude-v1";
const OPENAI: &str = "openai-responses-v1";

pub(super) const TEXT: &str = "reasoning.text";
pub(super) const SUMMARY: &str = "reasoning.summary";
const ENCRYPTED: &str = "reasoning.encrypted";

/// What a message holds of thoughts, and whether there was a seal that is nobody's we know.
pub(super) fn read(message: &Message<'_>) -> (Vec<Thinking>, bool) {
    let mut reading = Reading::default();
    message.details().into_iter().for_each(|detail| reading.add(detail));
    let Reading { mut thoughts, foreign, .. } = reading;
    let told = thoughts.iter().any(|thinking| !thinking.texts.is_empty());
    if let Some(text) = message.thoughts().filter(|_| !told) {
        let texts = vec![text.clone().into_owned()];
        match thoughts.first_mut() {
            None => thoughts.push(Thinking { texts, seal: None }),
            Some(first) if matches!(first.seal, Some(Seal::OpenAi { .. })) => first.texts = texts,
            // The others seal the very words, or none.
            Some(_) => {}
        }
    }
    (thoughts, foreign)
}

/// The details so far. Clients send back what a stream told in pieces, put together or not.
#[derive(Default)]
struct Reading {
    thoughts: Vec<Thinking>,
    /// What the last of them is made of, while more of it may come.
    open: Option<Open>,
    foreign: bool,
}

#[derive(Clone, Copy)]
struct Open {
    summary: bool,
    index: Option<u64>,
}

impl Reading {
    fn add(&mut self, detail: Detail<'_>) {
        match detail.r#type.0.as_deref() {
            Some(TEXT) => self.text(detail),
            Some(SUMMARY) => self.summary(detail),
            _ => {
                let sealed = sealed(&detail);
                self.seal(sealed);
            }
        }
    }

    fn text(&mut self, detail: Detail<'_>) {
        let sealed = sealed(&detail);
        // One that says nothing yet may be the beginning of the next.
        if detail.text.0.is_none() && matches!(sealed, Sealed::Nothing) {
            return;
        }
        let goes_on = self.open.is_some_and(|open| {
            !open.summary && (detail.text.0.is_none() || (open.index.is_some() && open.index == detail.index))
        });
        if !goes_on {
            self.thoughts.push(Thinking::default());
        }
        self.open = Some(Open { summary: false, index: detail.index });
        if let (Some(thinking), Some(more)) = (self.thoughts.last_mut(), detail.text.0) {
            match thinking.texts.last_mut() {
                Some(text) => text.push_str(&more),
                None => thinking.texts.push(more.into_owned()),
            }
        }
        self.seal(sealed);
    }

    fn summary(&mut self, Detail { summary: Loose(more), index, .. }: Detail<'_>) {
        let Some(more) = more else { return };
        let before = self.open.replace(Open { summary: true, index });
        let before = before.filter(|open| open.summary);
        if before.is_none() {
            self.thoughts.push(Thinking::default());
        }
        let Some(thinking) = self.thoughts.last_mut() else { return };
        let same_text = before.is_some_and(|open| open.index.is_some() && open.index == index);
        match thinking.texts.last_mut().filter(|_| same_text) {
            Some(text) => text.push_str(&more),
            None => thinking.texts.push(more.into_owned()),
        }
    }

    fn seal(&mut self, sealed: Sealed) {
        let (seal, texts) = match sealed {
            Sealed::Nothing => return,
            Sealed::Foreign => {
                self.foreign = true;
                return;
            }
            Sealed::By(seal, texts) => (seal, texts),
        };
        let is_of_open = |open: Open| match &seal {
            Seal::Anthropic { .. } => !open.summary,
            Seal::OpenAi { .. } => open.summary,
            Seal::Redacted { .. } => false,
        };
        if !self.open.take().is_some_and(is_of_open) {
            self.thoughts.push(Thinking::default());
        }
        if let Some(thinking) = self.thoughts.last_mut() {
            thinking.seal = Some(seal);
            if !texts.is_empty() {
                thinking.texts = texts;
            }
        }
    }
}

/// What a detail holds of a seal.
pub(super) enum Sealed {
    Nothing,
    /// One that is nobody's we know.
    Foreign,
    /// And the thoughts that it seals, where they came with it.
    By(Seal, Vec<String>),
}

pub(super) fn sealed(detail: &Detail<'_>) -> Sealed {
    let is_text = detail.r#type.0.as_deref() == Some(TEXT);
    let Some(seal) = detail.signature.0.as_deref().or(detail.data.0.as_deref()) else {
        return Sealed::Nothing;
    };
    if Seal::is_envelope(seal) {
        return Seal::open(seal).map_or(Sealed::Foreign, |(seal, texts)| Sealed::By(seal, texts));
    }
    let own = seal.to_owned();
    let seal = match (is_text, detail.format.0.as_deref()) {
        // OpenRouter's own client takes this for the format where there is none.
        (true, None | Some(ANTHROPIC)) => Seal::Anthropic { signature: own },
        (false, Some(ANTHROPIC)) => Seal::Redacted { data: own },
        (false, Some(OPENAI)) => {
            Seal::OpenAi { id: detail.id.0.as_deref().map(str::to_owned), encrypted: own }
        }
        _ => return Sealed::Foreign,
    };
    Sealed::By(seal, Vec::new())
}

/// The details of thoughts, each text with an index of its own, as a stream has them. Texts that nobody has sealed are
/// of this type.
pub(super) fn details<'a>(
    thoughts: impl Iterator<Item = &'a Thinking>,
    unsealed: &'static str,
) -> Vec<event::Detail<'a>> {
    let mut details: Vec<event::Detail<'a>> = Vec::new();
    let mut next = 0;
    for thinking in thoughts {
        let r#type = match thinking.seal {
            None => unsealed,
            Some(Seal::OpenAi { .. }) => SUMMARY,
            Some(_) => TEXT,
        };
        let mut at = None;
        for said in thinking.texts.iter().filter(|text| !text.is_empty()) {
            at = Some(next);
            details.push(text(said, r#type, next));
            next += 1;
        }
        let Some(sealed) = &thinking.seal else { continue };
        let seal = seal(sealed, at.unwrap_or(next));
        match details.last_mut().filter(|last| at.is_some() && seal.r#type == last.r#type) {
            Some(last) => *last = event::Detail { text: last.text, ..seal },
            None => {
                details.push(event::Detail { index: next, ..seal });
                next += 1;
            }
        }
    }
    details
}

/// The detail of a text, or of a piece of it.
pub(super) fn text<'a>(said: &'a str, r#type: &'static str, index: usize) -> event::Detail<'a> {
    let detail = event::Detail { r#type, index, ..event::Detail::default() };
    match r#type {
        SUMMARY => event::Detail { summary: Some(said), ..detail },
        _ => event::Detail { text: Some(said), ..detail },
    }
}

/// The detail of a seal.
pub(super) fn seal(seal: &Seal, index: usize) -> event::Detail<'_> {
    let detail = event::Detail { index, ..event::Detail::default() };
    match seal {
        Seal::Anthropic { signature } => {
            event::Detail { r#type: TEXT, signature: Some(signature), format: Some(ANTHROPIC), ..detail }
        }
        Seal::Redacted { data } => {
            event::Detail { r#type: ENCRYPTED, data: Some(data), format: Some(ANTHROPIC), ..detail }
        }
        Seal::OpenAi { id, encrypted } => event::Detail {
            r#type: ENCRYPTED,
            data: Some(encrypted),
            id: id.as_deref(),
            format: Some(OPENAI),
            ..detail
        },
    }
}
