//! A stream on its way: events in, events out, each as soon as what it needs has come.

use ccproxy_wire::sse::Events;
use ccproxy_wire::{Dialect, Usage};

use crate::delta::{Delta, Trouble};
use crate::error::Error;
use crate::exchange::Exchange;
use crate::{chat, messages, responses};

/// Makes steps of a provider's events.
pub(crate) trait Reader: Send {
    /// Takes one event: its name, if it has a line for that, and its data.
    ///
    /// # Errors
    /// If the data is not the dialect.
    fn event(&mut self, name: &str, data: &str, each: &mut dyn FnMut(Delta<'_>)) -> Result<(), Error>;

    /// The provider has closed the stream. Whoever has not said [`Delta::End`] by now was cut short, unless the dialect
    /// lets its last event be left out.
    fn end(&mut self, each: &mut dyn FnMut(Delta<'_>));
}

/// Makes a client's events of steps.
pub(crate) trait Writer: Send {
    /// Writes what can go out now. The reader's order is kept, so this cannot fail.
    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>);
}

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It goes on, or was cut.
    Open,
    /// Its own end has come.
    Complete,
    /// The provider reported an error; the client has been told.
    Failed,
}

/// The translation of one stream.
pub struct Stream {
    events: Events,
    reader: Box<dyn Reader>,
    sink: Sink,
}

/// What becomes of the steps.
struct Sink {
    writer: Box<dyn Writer>,
    usage: Usage,
    progress: Progress,
    steps: u64,
}

impl Stream {
    pub(crate) fn new(exchange: Exchange) -> Self {
        let reader: Box<dyn Reader> = match exchange.provider {
            Dialect::Messages => Box::new(messages::StreamReader::default()),
            Dialect::Chat => Box::new(chat::StreamReader::default()),
            Dialect::Responses => Box::new(responses::StreamReader::default()),
        };
        let writer: Box<dyn Writer> = match exchange.client {
            Dialect::Messages => Box::new(messages::StreamWriter::new(exchange)),
            Dialect::Chat => Box::new(chat::StreamWriter::new(exchange)),
            Dialect::Responses => Box::new(responses::StreamWriter::new(exchange)),
        };
        let sink = Sink { writer, usage: Usage::default(), progress: Progress::Open, steps: 0 };
        Self { events: Events::default(), reader, sink }
    }

    /// Takes the provider's next bytes, split anywhere, and writes what the client gets for them.
    ///
    /// # Errors
    /// [`Error`] if they are not the provider's dialect; the stream is then to be [failed](Self::fail).
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let Self { events, reader, sink } = self;
        let mut broken = None;
        events.push(chunk, |name, data| {
            if broken.is_none() && sink.progress == Progress::Open {
                broken = reader.event(name, data, &mut |delta| sink.take(delta, out)).err();
            }
        });
        broken.map_or(Ok(()), Err)
    }

    /// The provider has closed the stream. If the progress is still open then, it was cut short, perhaps in the middle of
    /// an event.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let Self { events, reader, sink } = self;
        let mut cut = false;
        events.finish(|name, data| {
            if sink.progress == Progress::Open {
                cut = reader.event(name, data, &mut |delta| sink.take(delta, out)).is_err();
            }
        });
        if sink.progress == Progress::Open && !cut {
            reader.end(&mut |delta| sink.take(delta, out));
        }
    }

    /// Ends the stream in the client's own error event, unless it has come to an end: what is cut must not look whole.
    pub fn fail(&mut self, kind: &str, message: &str, out: &mut Vec<u8>) {
        if self.sink.progress == Progress::Open {
            let trouble = Trouble { kind: kind.into(), message: message.into(), ..Trouble::default() };
            self.sink.take(Delta::Error(trouble), out);
        }
    }

    /// Where the stream stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.sink.progress
    }

    /// The usage told so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.sink.usage
    }

    /// Whether anything has come; nothing has gone out before.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.sink.steps > 0
    }
}

impl Sink {
    fn take(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        if self.progress != Progress::Open {
            return;
        }
        self.steps += 1;
        match &delta {
            Delta::Usage(usage) => self.usage = merge(self.usage, *usage),
            Delta::End => self.progress = Progress::Complete,
            Delta::Error(_) => self.progress = Progress::Failed,
            _ => {}
        }
        self.writer.delta(delta, out);
    }
}

/// Later counts replace earlier ones where they are there.
pub(crate) fn merge(earlier: Usage, later: Usage) -> Usage {
    Usage {
        input: later.input.or(earlier.input),
        output: later.output.or(earlier.output),
        cache_read: later.cache_read.or(earlier.cache_read),
        cache_write: later.cache_write.or(earlier.cache_write),
        reasoning: later.reasoning.or(earlier.reasoning),
    }
}
