//! The messages of one exchange as they pass.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use ccproxy_plugin_api::{Call, Messages};
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::message::{Body, Message, Start};
use crate::redact;

/// What an exchange takes besides its messages.
const OVERHEAD: usize = 1024;
/// What a piece of a body takes besides its bytes.
const PIECE: usize = size_of::<(std::time::Duration, usize)>();

/// What the exchanges have in common.
pub(crate) struct Shared {
    /// How much of a body is kept.
    pub(crate) max_body: usize,
    /// How much there may be in memory.
    pub(crate) buffer: usize,
    used: AtomicUsize,
    /// Exchanges for which there was no room.
    pub(crate) skipped: AtomicU64,
    ended: Mutex<Vec<Noted>>,
}

impl Shared {
    pub(crate) fn new(max_body: usize, buffer: usize) -> Self {
        Self {
            max_body,
            buffer,
            used: AtomicUsize::new(0),
            skipped: AtomicU64::new(0),
            ended: Mutex::default(),
        }
    }

    /// Those that have ended since it was asked last.
    pub(crate) fn ended(&self) -> Vec<Noted> {
        std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there is room for so much more, which then is taken.
    fn take(&self, bytes: usize) -> bool {
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.buffer;
        if !fits {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
        }
        fits
    }
}

/// What is known of an exchange.
pub(crate) struct Noted {
    pub(crate) id: String,
    pub(crate) began: Timestamp,
    pub(crate) ended: Instant,
    pub(crate) messages: Vec<Message>,
    taken: usize,
    shared: Arc<Shared>,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.shared.used.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

/// Notes down.
pub(crate) struct Trace {
    begun: Instant,
    shared: Arc<Shared>,
    /// None once it has been handed on.
    noted: Mutex<Option<Noted>>,
}

impl Trace {
    /// Follows an exchange, if there is room.
    pub(crate) fn begin(shared: &Arc<Shared>, id: &str) -> Option<Self> {
        if !shared.take(OVERHEAD) {
            shared.skipped.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let begun = Instant::now();
        let noted = Noted {
            id: id.to_owned(),
            began: Timestamp::now(),
            ended: begun,
            messages: Vec::new(),
            taken: OVERHEAD,
            shared: Arc::clone(shared),
        };
        Some(Self { begun, shared: Arc::clone(shared), noted: Mutex::new(Some(noted)) })
    }

    fn note(&self, note: impl FnOnce(&mut Noted)) {
        if let Some(noted) = &mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner) {
            note(noted);
        }
    }

    fn begins(&self, name: &str, start: Start, headers: &HeaderMap) {
        let (at, headers) = (self.begun.elapsed(), redact::headers(headers));
        self.note(|noted| {
            let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
            if self.shared.take(size) {
                noted.taken += size;
                let message = noted.message(name);
                (message.at, message.start, message.headers) = (at, Some(start), headers);
            }
        });
    }

    /// A piece of a body; what has no room is counted.
    fn body(&self, name: &str, bytes: &[u8]) {
        let at = self.begun.elapsed();
        self.note(|noted| {
            let kept = noted.message(name).body.bytes.len();
            let room = self.shared.max_body.saturating_sub(kept).min(bytes.len());
            let room = if room > 0 && self.shared.take(room + PIECE) { room } else { 0 };
            noted.taken += if room > 0 { room + PIECE } else { 0 };
            noted.message(name).body.add(at, bytes, room);
        });
    }
}

impl Noted {
    /// The message of this name, which may begin with it: the body of an answer that is there whole comes before its head.
    fn message(&mut self, name: &str) -> &mut Message {
        let at = self.messages.iter().position(|message| message.name == name).unwrap_or_else(|| {
            self.messages.push(Message { name: name.to_owned(), ..Message::default() });
            self.messages.len() - 1
        });
        // It is there: it was found or pushed.
        #[expect(clippy::indexing_slicing, reason = "the index is one of its own")]
        &mut self.messages[at]
    }
}

impl Messages for Trace {
    fn request(&self, method: &Method, target: &Uri, headers: &HeaderMap, body: &Bytes) {
        let name = "client-request";
        let target = target.path_and_query().map_or("/", |target| target.as_str());
        self.begins(
            name,
            Start::Request { method: method.to_string(), target: redact::target(target) },
            headers,
        );
        self.body(name, body);
    }

    fn call(&self, attempt: u8, provider: &str, call: &Call) {
        let name = &format!("upstream-request-{attempt}");
        let (method, target) = (call.method.to_string(), redact::target(&call.target));
        self.begins(name, Start::Call { method, target, provider: provider.to_owned() }, &call.headers);
        self.body(name, &call.body);
    }

    fn answer(&self, attempt: u8, status: StatusCode, headers: &HeaderMap) {
        self.begins(&upstream_answer(attempt), Start::Answer { status: status.as_u16() }, headers);
    }

    fn answer_body(&self, attempt: u8, bytes: &Bytes) {
        self.body(&upstream_answer(attempt), bytes);
    }

    fn response(&self, status: StatusCode, headers: &HeaderMap) {
        self.begins("client-answer", Start::Answer { status: status.as_u16() }, headers);
    }

    fn response_body(&self, bytes: &Bytes) {
        self.body("client-answer", bytes);
    }
}

/// All has been said.
impl Drop for Trace {
    fn drop(&mut self) {
        let noted = self.noted.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut noted) = noted {
            noted.ended = Instant::now();
            let ended = &self.shared.ended;
            ended.lock().unwrap_or_else(PoisonError::into_inner).push(noted);
        }
    }
}

fn upstream_answer(attempt: u8) -> String {
    format!("upstream-answer-{attempt}")
}

/// A piece of a body, and when it came.
impl Body {
    fn add(&mut self, at: std::time::Duration, bytes: &[u8], room: usize) {
        self.length += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if room > 0 {
            self.pieces.push((at, room));
        }
    }
}
