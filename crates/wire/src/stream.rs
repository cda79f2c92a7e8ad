//! Watching a stream go by: its usage, its events' boundaries, whether it came to its own end.

use crate::sse::{Lines, field};
use crate::usage::{self, RawUsage};
use crate::{Dialect, Usage};

/// What the events so far say about the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// No event of the dialect was seen.
    Unknown,
    /// The dialect's events have begun and not ended.
    Open,
    /// The dialect's own last event was seen.
    Complete,
    /// The provider reported an error inside the stream.
    Error,
}

/// Reads a stream from the side, in chunks split anywhere, without changing it.
///
/// # Examples
/// ```
/// use ccproxy_wire::Dialect;
/// use ccproxy_wire::stream::{Observer, Progress};
///
/// let mut observer = Observer::new(Dialect::Chat);
/// observer.push(b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\nda");
/// assert_eq!(observer.progress(), Progress::Open);
/// assert!(!observer.at_boundary());
/// observer.push(b"ta: [DONE]\n\n");
/// assert_eq!(observer.progress(), Progress::Complete);
/// assert_eq!(observer.usage().output, Some(4));
/// ```
#[derive(Debug)]
pub struct Observer {
    lines: Lines,
    seen: Seen,
}

#[derive(Debug)]
struct Seen {
    dialect: Dialect,
    progress: Progress,
    usage: RawUsage,
    /// How many events had data.
    events: u64,
    /// The last whole line was empty, or there was none yet.
    boundary: bool,
    /// The event at hand has named itself by an `event` line.
    named: bool,
}

impl Observer {
    /// An observer for a stream of `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        let seen = Seen {
            dialect,
            progress: Progress::Unknown,
            usage: RawUsage::default(),
            events: 0,
            boundary: true,
            named: false,
        };
        Self { lines: Lines::default(), seen }
    }

    /// Takes the next chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        let seen = &mut self.seen;
        self.lines.push(chunk, |line| seen.line(line));
    }

    /// Where the stream stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.seen.progress
    }

    /// Whether the last chunk ended between two events, so that one of our own may go out now.
    #[must_use]
    pub fn at_boundary(&self) -> bool {
        self.seen.boundary && !self.lines.in_line()
    }

    /// The dialect that is being watched.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.seen.dialect
    }

    /// How many events have come.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.seen.events
    }

    /// The usage told so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.seen.usage.counts()
    }
}

impl Seen {
    fn line(&mut self, line: &[u8]) {
        self.boundary = line.is_empty();
        if line.is_empty() {
            self.named = false;
        } else if let Some(name) = field(line, "event") {
            self.named = true;
            self.event(name);
        } else if let Some(data) = field(line, "data") {
            self.data(data);
        }
    }

    fn data(&mut self, data: &[u8]) {
        self.events += 1;
        if self.dialect == Dialect::Chat {
            self.chat_chunk(data);
        } else if !self.named {
            // Some servers leave the `event` lines out; the data then names its type.
            if let Some(name) = type_of(data) {
                self.event(name);
            }
        }
        if let Some(usage) = usage::find(data) {
            self.usage.update(usage);
        }
    }

    fn event(&mut self, name: &[u8]) {
        self.progress = match (self.dialect, name) {
            (_, b"error") => Progress::Error,
            (Dialect::Messages, b"message_stop") => Progress::Complete,
            (Dialect::Responses, b"response.completed" | b"response.incomplete") => Progress::Complete,
            (Dialect::Responses, b"response.failed") => Progress::Error,
            (Dialect::Messages, b"ping") => self.progress,
            _ if self.progress == Progress::Unknown => Progress::Open,
            _ => self.progress,
        };
    }

    fn chat_chunk(&mut self, data: &[u8]) {
        if data == b"[DONE]" {
            if self.progress != Progress::Error {
                self.progress = Progress::Complete;
            }
        } else if data.starts_with(b"{\"error\"") {
            self.progress = Progress::Error;
        } else if self.progress == Progress::Unknown {
            self.progress = Progress::Open;
        }
    }
}

/// The text of `"type":"…"` where it is the object's first key, as every vendor sends it.
fn type_of(data: &[u8]) -> Option<&[u8]> {
    let rest = data.strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"type\"")?.trim_ascii_start();
    let text = rest.strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    text.get(..memchr::memchr(b'"', text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress() {
        use Dialect::{Chat, Messages, Responses};
        let check = |dialect, text: &str, expect| {
            for chunk in [1, 7, text.len().max(1)] {
                let mut observer = Observer::new(dialect);
                text.as_bytes().chunks(chunk).for_each(|part| observer.push(part));
                assert_eq!(
                    (observer.progress(), observer.at_boundary()),
                    expect,
                    "{text:?} in chunks of {chunk}"
                );
            }
        };
        check(Messages, "", (Progress::Unknown, true));
        check(Messages, "event: ping\ndata: {}\n\n", (Progress::Unknown, true));
        check(Messages, "event: message_start\ndata: {}\n\n", (Progress::Open, true));
        check(Messages, "event: message_start\ndata: {", (Progress::Open, false));
        check(Messages, "event: message_stop\r\ndata: {}\r\n\r\n", (Progress::Complete, true));
        check(Messages, "event: error\ndata: {}\n\n", (Progress::Error, true));
        check(Messages, "data: {\"type\": \"message_stop\"}\n\n", (Progress::Complete, true));
        check(Chat, "data: {\"choices\":[]}\n\n", (Progress::Open, true));
        check(Chat, "data: {\"choices\":[]}\n\ndata: [DONE]\n\n", (Progress::Complete, true));
        check(Chat, "data: {\"error\":{}}\n\ndata: [DONE]\n\n", (Progress::Error, true));
        check(Responses, "event: response.created\ndata: {}\n\n", (Progress::Open, true));
        check(Responses, "event: response.completed\ndata: {}\n\n", (Progress::Complete, true));
        check(Responses, "event: response.failed\ndata: {}\n\n", (Progress::Error, true));
    }

    #[test]
    fn usage_is_gathered_over_events() {
        let mut observer = Observer::new(Dialect::Messages);
        observer.push(b"event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":9,\"cache_read_input_tokens\":1,\"output_tokens\":1}}}\n\n");
        observer.push(b"event: message_delta\ndata: {\"usage\":{\"output_tokens\":42}}\n\n");
        assert_eq!((observer.usage().input, observer.usage().output), (Some(10), Some(42)));
    }
}
