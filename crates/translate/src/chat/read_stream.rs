//! A provider's stream.
//!
//! A chunk does not say what ends and what begins, so a part is over when another kind begins, a call when its arguments
//! are whole and something else begins, and all of it when the reason to finish is told.

use std::borrow::Cow;
use std::mem::take;

use ccproxy_wire::chat::answer::{Answer, Choice};
use ccproxy_wire::chat::message::{Detail, Message, Part, ToolCall as Asked};
use ccproxy_wire::responses::item::Content;
use ccproxy_wire::responses::{self, Str};

use super::open::{Calls, Emit};
use super::thoughts::{Sealed, sealed};
use super::{D, answer, head, read_parts, trouble};
use crate::delta::{Delta, Kind, Piece};
use crate::error::Error;
use crate::part::Citation;
use crate::seal::Seal;
use crate::stream::Reader;

/// No answer has more sources before its text.
const MAX_SOURCES: usize = 1024;

type Each<'e> = dyn FnMut(Delta<'_>) + 'e;

/// Where the stream stands.
#[derive(Default)]
pub(crate) struct StreamReader {
    started: bool,
    /// The answer's id.
    id: String,
    parts: usize,
    /// The text at hand.
    saying: Option<Saying>,
    /// Sources that some servers tell before there is any text: of the text that comes.
    sources: Vec<Citation>,
    calls: Calls,
    refused: bool,
    finish: Option<String>,
    /// The client's sequence that came.
    sequence: Option<String>,
    over: bool,
}

struct Saying {
    part: usize,
    what: What,
    /// Of thoughts: which of several.
    index: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Text,
    Refusal,
    Thinking,
}

impl Reader for StreamReader {
    fn event(&mut self, name: &str, data: &str, each: &mut Each<'_>) -> Result<(), Error> {
        let data = data.trim_ascii();
        if data.is_empty() || self.over {
            return Ok(());
        }
        if data == "[DONE]" {
            return self.done(each);
        }
        let mut chunk: Answer<'_> = serde_json::from_str(data).map_err(|error| Error::answer(D, &error))?;
        let failure = chunk.failure(data);
        let unsaid = || (name == "error").then(|| serde_json::from_str(data).unwrap_or_default());
        if let Some(failure) = failure.or_else(unsaid) {
            self.over = true;
            if let Some(usage) = chunk.usage().filter(|_| self.started) {
                each(Delta::Usage(usage));
            }
            each(Delta::Error(trouble::of(&failure)));
            return Ok(());
        }
        self.start(&chunk, each);
        if let Some(usage) = chunk.usage() {
            each(Delta::Usage(usage));
        }
        chunk.choice().map_or(Ok(()), |choice| self.choice(choice, each))
    }

    /// Whoever has told why the answer ends may leave out that it does.
    fn end(&mut self, each: &mut Each<'_>) {
        if self.finish.is_some() && !self.over {
            self.stop(each);
        }
    }
}

impl StreamReader {
    /// The first chunk that names the answer or says something. What comes before tells of a filter.
    fn start(&mut self, chunk: &Answer<'_>, each: &mut Each<'_>) {
        let says = chunk.choices.as_ref().is_some_and(|choices| !choices.is_empty());
        if self.started || !(says || chunk.id.0.is_some()) {
            return;
        }
        self.started = true;
        self.id = chunk.id.0.as_deref().unwrap_or_default().to_owned();
        let text = |text: &Option<Cow<'_, str>>| Cow::Owned(text.as_deref().unwrap_or_default().to_owned());
        each(Delta::Start {
            id: text(&chunk.id.0),
            model: text(&chunk.model.0),
            created: answer::created(chunk.created),
            service_tier: chunk.service_tier.0.as_deref().map(Cow::Borrowed),
        });
    }

    fn choice(&mut self, mut choice: Choice<'_>, each: &mut Each<'_>) -> Result<(), Error> {
        let sequence = choice.sequence();
        if let Some(message) = choice.delta.or(choice.message) {
            self.message(message, each)?;
        }
        let Some(reason) = choice.finish_reason.0 else { return Ok(()) };
        if self.finish.is_none() {
            self.finish = Some(reason.into_owned());
            self.sequence = sequence.map(Cow::into_owned);
        }
        self.close(each)
    }

    fn message(&mut self, mut message: Message<'_>, each: &mut Each<'_>) -> Result<(), Error> {
        self.thoughts(&message, each);
        match message.content.take() {
            Some(Content::Text(text)) => self.say(What::Text, text, each),
            Some(Content::Parts(list)) => {
                let parts = list.iter().filter_map(|part| responses::read(part.get()).ok());
                parts.for_each(|part| self.part(part, each));
            }
            None => {}
        }
        if let Some(text) = message.transcript() {
            self.say(What::Text, text, each);
        }
        if let Some(refusal) = message.refusal.take() {
            self.refused |= !refusal.is_empty();
            self.say(What::Refusal, refusal.0, each);
        }
        self.cite(&message, each);
        for asked in message.tool_calls.into_iter().flatten() {
            self.call(asked, each)?;
        }
        if let Some(function) = message.function_call {
            // The older form has one call, and no id for it.
            let id = Some(Str(answer::made_id(&self.id, 0).into()));
            self.call(Asked { id, function: Some(function), ..Asked::default() }, each)?;
        }
        Ok(())
    }

    /// Mistral has its thoughts among the parts.
    fn part(&mut self, part: Part<'_>, each: &mut Each<'_>) {
        if let Some(thinking) = part.thinking {
            self.say(What::Thinking, read_parts::plain(thinking).into(), each);
        }
        if let Some(text) = part.text {
            self.say(What::Text, text.0, each);
        }
    }

    fn thoughts(&mut self, message: &Message<'_>, each: &mut Each<'_>) {
        let details = message.details();
        let told = details.iter().any(|detail| detail.text.0.is_some() || detail.summary.0.is_some());
        if let Some(text) = message.thoughts().filter(|_| !told) {
            self.say(What::Thinking, text.clone(), each);
        }
        details.into_iter().for_each(|detail| self.detail(detail, each));
    }

    fn detail(&mut self, detail: Detail<'_>, each: &mut Each<'_>) {
        let sealed = sealed(&detail);
        let says = detail.summary.0.is_some() || detail.text.0.is_some();
        let before = self.saying.as_ref().filter(|saying| saying.what == What::Thinking);
        let other = before.is_some_and(|saying| saying.index.is_some() && saying.index != detail.index);
        if let Some(text) = detail.summary.0 {
            if let Some(part) = before.map(|saying| saying.part).filter(|_| other) {
                self.emit(each).add(part, Piece::NextText);
            }
            self.say(What::Thinking, text, each);
        } else if let Some(text) = detail.text.0 {
            if other {
                self.hush(each);
            }
            self.say(What::Thinking, text, each);
        }
        match sealed {
            Sealed::By(seal, _) => self.seal(seal, each),
            // One that says nothing yet may be the beginning of the next.
            _ if says => {
                if let Some(saying) = self.saying.as_mut().filter(|saying| saying.what == What::Thinking) {
                    saying.index = detail.index;
                }
            }
            _ => {}
        }
    }

    /// Thoughts end with their seal. Redacted ones are nothing else.
    fn seal(&mut self, seal: Seal, each: &mut Each<'_>) {
        if matches!(seal, Seal::Redacted { .. }) {
            self.hush(each);
        }
        let part = self.ensure(What::Thinking, each);
        self.emit(each).add(part, Piece::Seal(seal));
        self.hush(each);
    }

    /// Sources are told of the text at hand, or at the end of the one that comes: they may name any place in it.
    fn cite(&mut self, message: &Message<'_>, each: &mut Each<'_>) {
        let pages = message.annotations().into_iter().filter_map(|annotation| annotation.url_citation);
        let pages = pages.filter_map(read_parts::citation);
        if let Some(Saying { part, what: What::Text, .. }) = self.saying {
            let mut emit = self.emit(each);
            pages.for_each(|citation| emit.add(part, Piece::Citation(citation)));
        } else {
            let room = MAX_SOURCES.saturating_sub(self.sources.len());
            self.sources.extend(pages.take(room));
        }
    }

    fn emit<'e>(&'e mut self, each: &'e mut Each<'_>) -> Emit<'e> {
        Emit { parts: &mut self.parts, each }
    }

    fn say(&mut self, what: What, text: Cow<'_, str>, each: &mut Each<'_>) {
        if !text.is_empty() {
            let part = self.ensure(what, each);
            self.emit(each).add(part, Piece::Text(text));
        }
    }

    /// The part in which this is said: the one at hand, or a new one.
    fn ensure(&mut self, what: What, each: &mut Each<'_>) -> usize {
        if let Some(saying) = self.saying.as_ref().filter(|saying| saying.what == what) {
            return saying.part;
        }
        self.hush(each);
        let Self { calls, parts, .. } = self;
        calls.close_whole(&mut Emit { parts, each });
        let part = self.emit(each).open(match what {
            What::Text => Kind::Text,
            What::Refusal => Kind::Refusal,
            What::Thinking => Kind::Thinking,
        });
        self.saying = Some(Saying { part, what, index: None });
        part
    }

    /// Ends the text at hand.
    fn hush(&mut self, each: &mut Each<'_>) {
        if let Some(saying) = self.saying.take() {
            let sources = if saying.what == What::Text { take(&mut self.sources) } else { Vec::new() };
            let mut emit = self.emit(each);
            sources.into_iter().for_each(|citation| emit.add(saying.part, Piece::Citation(citation)));
            emit.close(saying.part);
        }
    }

    fn call(&mut self, asked: Asked<'_>, each: &mut Each<'_>) -> Result<(), Error> {
        self.hush(each);
        let Self { calls, parts, .. } = self;
        calls.take(asked, &mut Emit { parts, each })
    }

    /// Ends all that is open.
    fn close(&mut self, each: &mut Each<'_>) -> Result<(), Error> {
        self.hush(each);
        let Self { calls, parts, id, .. } = self;
        calls.finish(id, &mut Emit { parts, each })
    }

    fn done(&mut self, each: &mut Each<'_>) -> Result<(), Error> {
        self.start(&Answer { choices: Some(vec![Choice::default()]), ..Answer::default() }, each);
        self.close(each)?;
        self.stop(each);
        Ok(())
    }

    fn stop(&mut self, each: &mut Each<'_>) {
        self.over = true;
        let reason = self.finish.as_deref().unwrap_or_default();
        let sequence = self.sequence.as_deref();
        each(Delta::Stop(head::stop(reason, sequence, self.calls.any(), self.refused)));
        each(Delta::End);
    }
}
