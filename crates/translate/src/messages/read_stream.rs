//! A provider's stream.

use std::collections::BTreeMap;

use ccproxy_wire::messages::answer::{Answer, Failure};
use ccproxy_wire::messages::block::{Block, Citation as Cited};
use ccproxy_wire::messages::event::{Delta as More, Event, Tally};
use ccproxy_wire::responses;
use serde_json::value::RawValue;

use super::{D, answer, read_blocks};
use crate::delta::{Delta, Kind, Piece, Trouble};
use crate::error::Error;
use crate::seal::Seal;
use crate::stream::Reader;

type Each<'e> = dyn FnMut(Delta<'_>) + 'e;

/// Where the stream stands.
#[derive(Default)]
pub(crate) struct StreamReader {
    tally: Tally,
    /// The number of the next part.
    next: usize,
    /// The blocks that go on, by their index.
    open: BTreeMap<u64, Open>,
    calls: bool,
    started: bool,
    stopped: bool,
}

/// A block that goes on.
struct Open {
    /// None of the provider's own tools.
    part: Option<usize>,
    /// Of a call: its input, as long as only the beginning has told it.
    input: Option<String>,
    /// Of thoughts.
    seal: Option<Seal>,
}

impl Reader for StreamReader {
    fn event(&mut self, name: &str, data: &str, each: &mut Each<'_>) -> Result<(), Error> {
        // Some proxies end every stream as Chat does.
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        let broken = |error| Error::answer(D, &error);
        let kind = responses::event::kind(name, data).map_err(broken)?;
        if !Event::KNOWN.contains(&&*kind) {
            return Ok(());
        }
        let mut event: Event<'_> = serde_json::from_str(data).map_err(broken)?;
        match &*kind {
            "message_start" => self.start(event.message.as_ref(), each),
            "content_block_start" => self.begin(event.index, event.content_block, each)?,
            "content_block_delta" => self.add(event.index, &event.delta.take().unwrap_or_default(), each),
            "content_block_stop" => {
                let index = self.place(event.index);
                if let Some(open) = self.open.remove(&index) {
                    open.close(each);
                }
            }
            "ping" => each(Delta::Ping),
            "error" => fail(&event.error.take().unwrap_or_default(), each),
            _ => {}
        }
        if let Some(usage) = self.tally.add(&event) {
            each(Delta::Usage(usage));
        }
        match &*kind {
            "message_delta" => self.stop(&event.delta.unwrap_or_default(), each),
            "message_stop" => {
                if !self.stopped {
                    self.close(each);
                    each(Delta::Stop(answer::stop(None, None, self.calls)));
                }
                each(Delta::End);
            }
            _ => {}
        }
        Ok(())
    }

    /// Nobody leaves out the last event but who was cut short.
    fn end(&mut self, _each: &mut Each<'_>) {}
}

impl StreamReader {
    fn start(&mut self, message: Option<&Answer<'_>>, each: &mut Each<'_>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let nothing = Answer::default();
        let message = message.unwrap_or(&nothing);
        let tier = message.service_tier();
        each(Delta::Start {
            id: message.id.as_deref().unwrap_or_default().into(),
            model: message.model.as_deref().unwrap_or_default().into(),
            created: None,
            service_tier: tier.as_deref().map(|tier| answer::served(tier).into()),
        });
    }

    /// The index that an event says, else that of the newest block.
    fn place(&self, said: Option<u64>) -> u64 {
        said.or_else(|| self.open.keys().next_back().copied()).unwrap_or_default()
    }

    fn begin(
        &mut self,
        index: Option<u64>,
        block: Option<&RawValue>,
        each: &mut Each<'_>,
    ) -> Result<(), Error> {
        let Some(block) = block else { return Ok(()) };
        let block: Block<'_> = responses::read(block.get()).map_err(|error| Error::answer(D, &error))?;
        // One block goes on at a time, whatever the server forgets to say.
        self.start(None, each);
        self.close(each);
        let index = index.unwrap_or_default();
        match block.r#type.as_deref() {
            Some("text") => {
                let open = self.open(index, Kind::Text, each);
                open.say(block.text.as_deref(), each);
                for citation in read_blocks::citations(block.citations) {
                    open.tell(Piece::Citation(citation), each);
                }
            }
            Some("thinking") => {
                let open = self.open(index, Kind::Thinking, each);
                open.say(block.thinking.as_deref(), each);
                open.sign(block.signature.as_deref());
            }
            Some("redacted_thinking") => {
                let data = block.data.as_deref().unwrap_or_default().to_owned();
                self.open(index, Kind::Thinking, each).seal = Some(Seal::Redacted { data });
            }
            Some("tool_use") => {
                let id = block.id.as_deref().unwrap_or_default().into();
                let name = block.name.as_deref().unwrap_or_default().into();
                self.calls = true;
                let open = self.open(index, Kind::ToolCall { id, name, custom: false }, each);
                open.input = Some(block.input.map_or("{}", RawValue::get).to_owned());
            }
            _ => {
                self.open.insert(index, Open { part: None, input: None, seal: None });
            }
        }
        Ok(())
    }

    fn open(&mut self, index: u64, kind: Kind<'_>, each: &mut Each<'_>) -> &mut Open {
        let part = self.next;
        self.next += 1;
        each(Delta::Open(part, kind));
        let open = Open { part: Some(part), input: None, seal: None };
        self.open.entry(index).insert_entry(open).into_mut()
    }

    fn add(&mut self, index: Option<u64>, more: &More<'_>, each: &mut Each<'_>) {
        self.start(None, each);
        let index = self.place(index);
        if !self.open.contains_key(&index) {
            // Some servers do not say when a block begins.
            match (&more.text, &more.thinking) {
                (Some(_), _) => self.open(index, Kind::Text, each),
                (None, Some(_)) => self.open(index, Kind::Thinking, each),
                (None, None) => return,
            };
        }
        let Some(open) = self.open.get_mut(&index) else { return };
        open.say(more.text.as_deref(), each);
        open.say(more.thinking.as_deref(), each);
        open.sign(more.signature.as_deref());
        if let Some(json) = more.partial_json.as_deref().filter(|json| !json.is_empty()) {
            // What the beginning has told comes again, in pieces.
            open.input = None;
            open.tell(Piece::Arguments(json.into()), each);
        }
        let cited = more.citation.and_then(|json| serde_json::from_str::<Cited<'_>>(json.get()).ok());
        if let Some(cited) = cited {
            open.tell(Piece::Citation(read_blocks::citation(cited)), each);
        }
    }

    fn stop(&mut self, more: &More<'_>, each: &mut Each<'_>) {
        if more.stop_reason.is_none() || std::mem::replace(&mut self.stopped, true) {
            return;
        }
        self.start(None, each);
        self.close(each);
        let why = more.stop_details.as_ref().and_then(|details| details.explanation.as_deref());
        if let Some(why) = why.filter(|why| !why.is_empty()) {
            let part = self.next;
            self.next += 1;
            each(Delta::Open(part, Kind::Refusal));
            each(Delta::Add(part, Piece::Text(why.into())));
            each(Delta::Close(part));
        }
        let (reason, sequence) = (more.stop_reason.as_deref(), more.stop_sequence.as_deref());
        each(Delta::Stop(answer::stop(reason, sequence, self.calls)));
    }

    fn close(&mut self, each: &mut Each<'_>) {
        for (_, open) in std::mem::take(&mut self.open) {
            open.close(each);
        }
    }
}

impl Open {
    fn tell(&self, piece: Piece<'_>, each: &mut Each<'_>) {
        if let Some(part) = self.part {
            each(Delta::Add(part, piece));
        }
    }

    fn say(&self, text: Option<&str>, each: &mut Each<'_>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.tell(Piece::Text(text.into()), each);
        }
    }

    fn sign(&mut self, signature: Option<&str>) {
        if let Some(signature) = signature.filter(|signature| !signature.is_empty()) {
            self.seal = Some(Seal::Anthropic { signature: signature.to_owned() });
        }
    }

    fn close(mut self, each: &mut Each<'_>) {
        if let Some(input) = self.input.take() {
            self.tell(Piece::Arguments(input.into()), each);
        }
        if let Some(seal) = self.seal.take() {
            self.tell(Piece::Seal(seal), each);
        }
        if let Some(part) = self.part {
            each(Delta::Close(part));
        }
    }
}

fn fail(failure: &Failure<'_>, each: &mut Each<'_>) {
    each(Delta::Error(trouble(failure)));
}

/// What the provider says of its failure.
pub(super) fn trouble<'a>(failure: &'a Failure<'_>) -> Trouble<'a> {
    let message =
        failure.message.as_deref().unwrap_or("the provider reports an error and does not say which");
    Trouble {
        kind: failure.r#type.as_deref().unwrap_or("api_error").into(),
        code: None,
        message: message.into(),
        param: None,
    }
}
