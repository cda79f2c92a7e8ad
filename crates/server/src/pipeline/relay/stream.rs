//! Watching a stream of events: usage, keep-alive, early end.

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

const PING: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";
const COMMENT: &[u8] = b": keep-alive\n\n";

/// A stream on its way.
pub(super) struct Stream {
    observer: Observer,
    restorer: Option<ModelRestorer>,
    /// A stream whose length was announced can take no event of ours.
    sized: bool,
    keep_alive: Duration,
    last: Instant,
    alarm: Alarm,
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
        Self {
            observer: Observer::new(dialect),
            restorer: restore.map(|name| ModelRestorer::new(&name)),
            sized: headers.contains_key(CONTENT_LENGTH),
            keep_alive,
            last: Instant::now(),
            alarm: Alarm::default(),
        }
    }

    pub(super) fn pass(&mut self, data: Bytes) -> Bytes {
        self.last = Instant::now();
        self.observer.push(&data);
        match &mut self.restorer {
            Some(restorer) => restorer.push(&data),
            None => data,
        }
    }

    /// What was held back for a line's end that did not come.
    pub(super) fn rest(&mut self) -> Bytes {
        self.restorer.as_mut().map(ModelRestorer::finish).unwrap_or_default()
    }

    pub(super) fn usage(&self) -> Usage {
        self.observer.usage()
    }

    pub(super) fn events(&self) -> u64 {
        self.observer.events()
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.observer.dialect()
    }

    /// Whether the provider itself reported an error inside the stream.
    pub(super) fn told_error(&self) -> bool {
        self.observer.progress() == Progress::Error
    }

    /// Whether the dialect's last event, or an error in its place, has gone by.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.observer.progress(), Progress::Complete | Progress::Error)
    }

    pub(super) fn is_sized(&self) -> bool {
        self.sized
    }

    /// Whether an event of ours may go out now.
    pub(super) fn may_insert(&self) -> bool {
        !self.sized && self.observer.at_boundary()
    }

    /// The stream has ended: an error if that was before its own last event.
    pub(super) fn early_end(&mut self) -> Option<CallError> {
        self.observer.finish();
        (self.observer.progress() == Progress::Open).then(|| {
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
        match (self.observer.dialect(), self.observer.progress()) {
            (Dialect::Messages, Progress::Open) => PING,
            _ => COMMENT,
        }
    }
}
