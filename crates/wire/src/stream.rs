//! Watching a stream go by: its usage, its events' boundaries, whether it came to its own end.

mod content;
mod opening;

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::de::IgnoredAny;

use crate::sse::{Lines, field};
use crate::usage::{self, RawUsage};
use crate::{Dialect, Usage};

pub use content::has_content;
pub use opening::{Opening, opening};

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
    /// Where the event at hand, which has named itself by an `event` line, takes the stream once its data is here.
    named: Option<Progress>,
    /// A chunk of a chat has told why its text ends.
    finished: bool,
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
            named: None,
            finished: false,
        };
        Self { lines: Lines::default(), seen }
    }

    /// Takes the next chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        let seen = &mut self.seen;
        self.lines.push(chunk, |line| seen.line(line));
    }

    /// Takes the end of the stream: the last line need not have an end of its own, and a chat need not say `[DONE]`
    /// once it has told its `finish_reason`.
    pub fn finish(&mut self) {
        let seen = &mut self.seen;
        self.lines.finish(|line| seen.last_line(line));
        if seen.progress == Progress::Open && seen.finished {
            seen.progress = Progress::Complete;
        }
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
            self.named = None;
        } else if let Some(name) = field(line, "event") {
            let named = self.after(name);
            self.named = Some(named);
            if self.progress == Progress::Unknown && named != Progress::Unknown {
                self.progress = Progress::Open;
            }
        } else if let Some(data) = field(line, "data") {
            self.data(data);
        }
    }

    /// A line that only the stream's end has ended counts if nothing of it is missing.
    fn last_line(&mut self, line: &[u8]) {
        self.boundary = false;
        let is_whole = |data: &[u8]| data == DONE || serde_json::from_slice::<IgnoredAny>(data).is_ok();
        if let Some(data) = field(line, "data").filter(|data| is_whole(data)) {
            self.data(data);
        }
    }

    fn data(&mut self, data: &[u8]) {
        self.events += 1;
        if let Some(named) = self.named {
            self.progress = named;
        } else if self.dialect != Dialect::Chat
            && let Some(name) = type_of(data)
        {
            // Some servers leave the `event` lines out; the data then names its type.
            self.progress = self.after(name);
        }
        if self.dialect == Dialect::Chat {
            self.chat_chunk(data);
        }
        if let Some(usage) = usage::find(data) {
            self.usage.update(usage);
        }
    }

    /// Where an event of this name takes the stream.
    fn after(&self, name: &[u8]) -> Progress {
        match (self.dialect, name) {
            (_, b"error") => Progress::Error,
            (Dialect::Messages, b"message_stop") => Progress::Complete,
            (Dialect::Responses, b"response.completed" | b"response.incomplete" | b"response.cancelled") => {
                Progress::Complete
            }
            (Dialect::Responses, b"response.failed") => Progress::Error,
            (Dialect::Messages, b"ping") => self.progress,
            _ if self.progress == Progress::Unknown => Progress::Open,
            _ => self.progress,
        }
    }

    fn chat_chunk(&mut self, data: &[u8]) {
        if data == DONE {
            if self.progress != Progress::Error {
                self.progress = Progress::Complete;
            }
        } else if data.starts_with(b"{\"error\"") {
            self.progress = Progress::Error;
        } else {
            if self.progress == Progress::Unknown {
                self.progress = Progress::Open;
            }
            self.finished = self.finished || tells_finish(data);
        }
    }
}

/// The end of a chat.
const DONE: &[u8] = b"[DONE]";

/// Prepared once: most chunks of a chat are none of the last.
static FINISH: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"finish_reason\""));

/// Whether a chunk tells why its text ends; until then servers send `null`, some an empty string.
fn tells_finish(data: &[u8]) -> bool {
    let value = FINISH.find(data).and_then(|at| data.get(at + FINISH.needle().len()..));
    let value = value.and_then(|rest| rest.trim_ascii_start().strip_prefix(b":")).unwrap_or_default();
    matches!(value.trim_ascii_start(), [b'"', first, ..] if *first != b'"')
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
        // An event is one once its data is here.
        check(Messages, "event: message_start\ndata: {}\n\nevent: message_stop\n", (Progress::Open, false));
    }

    #[test]
    fn progress_at_the_end() {
        use Dialect::{Chat, Messages};
        let check = |dialect, text: &str, expect| {
            let mut observer = Observer::new(dialect);
            observer.push(text.as_bytes());
            observer.finish();
            assert_eq!((observer.progress(), observer.at_boundary()), expect, "{text:?}");
        };
        let finish = r#"data: {"choices":[{"finish_reason":"stop"}]}"#;
        check(Chat, &format!("{finish}\n\n"), (Progress::Complete, true));
        check(Chat, finish, (Progress::Complete, false));
        check(Chat, "data: {\"choices\":[]}\n\ndata: [DONE]", (Progress::Complete, false));
        check(Chat, "data: {\"choices\":[]}\n\ndata: [DON", (Progress::Open, false));
        check(Chat, "data: {\"choices\":[{\"finish_reason\": null}]}\n\n", (Progress::Open, true));
        check(Chat, "data: {\"choices\":[{\"finish_reason\": \"\"}]}\n\n", (Progress::Open, true));
        check(Chat, "data: {\"delta\":\"\\\"finish_reason\\\":\\\"x\"}\n\n", (Progress::Open, true));
        check(Chat, "data: {\"error\":{}}\n\n", (Progress::Error, true));
        let start = "event: message_start\ndata: {}\n\n";
        check(Messages, &format!("{start}event: message_stop\ndata: {{}}"), (Progress::Complete, false));
        check(Messages, &format!("{start}event: message_stop\ndata: {{"), (Progress::Open, false));
        check(Messages, &format!("{start}event: message_stop"), (Progress::Open, false));
    }

    #[test]
    fn usage_is_gathered_over_events() {
        let mut observer = Observer::new(Dialect::Messages);
        observer.push(b"event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":9,\"cache_read_input_tokens\":1,\"output_tokens\":1}}}\n\n");
        observer.push(b"event: message_delta\ndata: {\"usage\":{\"output_tokens\":42}}\n\n");
        assert_eq!((observer.usage().input, observer.usage().output), (Some(10), Some(42)));
    }
}
