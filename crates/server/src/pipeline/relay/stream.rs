//! A stream of events on its way: watched or translated, kept alive, ended early.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use ccproxy_plugin_api::{CallError, CallErrorKind};
use ccproxy_upstream::Alarm;
use ccproxy_wire::sse::ModelRestorer;
use ccproxy_wire::stream::{Observer, Progress};
use ccproxy_wire::{Dialect, Usage};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use tokio::time::Instant;

use super::translated::Translated;

const PING: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";
const COMMENT: &[u8] = b": keep-alive\n\n";

/// A stream on its way.
pub(super) struct Stream {
    way: Way,
    /// A stream whose length was announced can take no event of ours.
    sized: bool,
    keep_alive: Duration,
    last: Instant,
    alarm: Alarm,
    /// Its first content has gone by.
    begun: bool,
}

/// What becomes of the bytes.
enum Way {
    /// They pass as they are, but for the model's name.
    Same {
        observer: Observer,
        restorer: Option<ModelRestorer>,
    },
    Translated(Translated),
}

impl Stream {
    pub(super) fn new(
        dialect: Dialect,
        restore: Option<String>,
        headers: &mut HeaderMap,
        keep_alive: Duration,
    ) -> Self {
        if restore.is_some() {
            headers.remove(CONTENT_LENGTH);
        }
        let restorer = restore.map(|name| ModelRestorer::new(&name));
        let way = Way::Same { observer: Observer::new(dialect), restorer };
        Self::of(way, headers.contains_key(CONTENT_LENGTH), keep_alive)
    }

    pub(super) fn translated(translated: Translated, keep_alive: Duration) -> Self {
        Self::of(Way::Translated(translated), false, keep_alive)
    }

    fn of(way: Way, sized: bool, keep_alive: Duration) -> Self {
        Self { way, sized, keep_alive, last: Instant::now(), alarm: Alarm::default(), begun: false }
    }

    /// The provider's next bytes have come; an error if they are none that it may send.
    pub(super) fn pass(&mut self, data: Bytes) -> Result<Bytes, CallError> {
        self.last = Instant::now();
        match &mut self.way {
            Way::Same { observer, restorer } => {
                observer.push(&data);
                Ok(restorer.as_mut().map(|restorer| restorer.push(&data)).unwrap_or(data))
            }
            Way::Translated(translated) => translated.push(&data),
        }
    }

    /// Whether these bytes, which go to the client, have the stream's first content in them.
    pub(super) fn has_content(&mut self, data: &[u8]) -> bool {
        let first = !self.begun && ccproxy_wire::stream::has_content(self.dialect(), data);
        self.begun |= first;
        first
    }

    fn dialect(&self) -> Dialect {
        match &self.way {
            Way::Same { observer, .. } => observer.dialect(),
            Way::Translated(translated) => translated.dialect(),
        }
    }

    /// What was held back for a line's end that did not come.
    pub(super) fn rest(&mut self) -> Bytes {
        match &mut self.way {
            Way::Same { restorer, .. } => restorer.as_mut().map(ModelRestorer::finish).unwrap_or_default(),
            Way::Translated(translated) => translated.rest(),
        }
    }

    pub(super) fn usage(&self) -> Usage {
        match &self.way {
            Way::Same { observer, .. } => observer.usage(),
            Way::Translated(translated) => translated.usage(),
        }
    }

    /// Where the stream stands.
    fn progress(&self) -> Progress {
        match &self.way {
            Way::Same { observer, .. } => observer.progress(),
            Way::Translated(translated) => translated.progress(),
        }
    }

    /// Whether the provider itself reported an error inside the stream.
    pub(super) fn told_error(&self) -> bool {
        self.progress() == Progress::Error
    }

    /// Whether the dialect's last event, or an error in its place, has gone by.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.progress(), Progress::Complete | Progress::Error)
    }

    pub(super) fn is_sized(&self) -> bool {
        self.sized
    }

    /// Whether an event of ours may go out now.
    fn may_insert(&self) -> bool {
        match &self.way {
            Way::Same { observer, .. } => !self.sized && observer.at_boundary(),
            Way::Translated(_) => true,
        }
    }

    /// The dialect's own error event, where one may go out now: `same` makes that of a stream that passes as it is, given
    /// its dialect and how many events went before.
    pub(super) fn error_event(
        &mut self,
        error: CallError,
        same: impl FnOnce(CallError, Dialect, u64) -> Bytes,
    ) -> Result<Bytes, CallError> {
        if !self.may_insert() {
            return Err(error);
        }
        Ok(match &mut self.way {
            Way::Same { observer, .. } => same(error, observer.dialect(), observer.events()),
            Way::Translated(translated) => translated.fail(&error),
        })
    }

    /// The stream has ended: an error if that was before its own last event.
    pub(super) fn early_end(&mut self) -> Option<CallError> {
        match &mut self.way {
            Way::Same { observer, .. } => observer.finish(),
            Way::Translated(translated) => translated.finish(),
        }
        // Events that we do not know may be a stream of another kind, but none at all are no stream. A translated stream is
        // the client's to understand, so it has to have begun.
        let open = match &self.way {
            Way::Same { observer, .. } => observer.progress() == Progress::Open || observer.events() == 0,
            Way::Translated(_) => !self.is_over(),
        };
        open.then(|| {
            CallError::new(
                CallErrorKind::Reset,
                "the provider ended the stream before its last event; try again",
            )
        })
    }

    /// Ready with a keep-alive when the stream has been silent between two events for long enough.
    pub(super) fn poll_keep_alive(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        loop {
            ready!(self.alarm.poll(context, self.last + self.keep_alive));
            self.last = Instant::now();
            if self.may_insert() {
                return Poll::Ready(Bytes::from_static(self.silence()));
            }
        }
    }

    /// Before its first event a Messages stream takes no ping, but every stream takes a comment.
    fn silence(&self) -> &'static [u8] {
        match (self.dialect(), self.progress()) {
            (Dialect::Messages, Progress::Open) => PING,
            _ => COMMENT,
        }
    }
}
