//! What one of the next requests gets: an answer, a pace and, if wanted, a fault.
//!
//! A script is built in Rust or arrives as JSON at `POST /__script`:
//! `{"path": "/v1/messages", "answer": {"error": 529}}`, `{"fault": {"reset": {"body": 100}}}`.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};

/// How to answer one request (or the next `times` of them). The default is the usual answer, without a fault.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Only for requests whose path starts with this; `None` fits every request.
    pub path: Option<String>,
    /// How many requests it serves before it is used up.
    pub times: u32,
    /// Wait this many milliseconds before the first byte of the answer.
    pub delay_ms: u64,
    /// Wait this many milliseconds before each chunk of the body.
    pub gap_ms: u64,
    /// Added to the answer's headers; a name the answer already has is replaced.
    pub headers: Vec<(String, String)>,
    /// What is said.
    pub answer: Answer,
    /// What goes wrong while it is said.
    pub fault: Option<Fault>,
}

/// What an answer consists of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What a healthy provider says to this request.
    #[default]
    Usual,
    /// A body with `content-length`, as JSON unless a header says otherwise.
    Whole {
        /// HTTP status.
        status: u16,
        /// The body, byte for byte.
        #[serde(deserialize_with = "text")]
        body: Bytes,
    },
    /// A chunked body, as an event stream unless a header says otherwise; each chunk is one write.
    Stream {
        /// HTTP status.
        status: u16,
        /// The chunks, in order.
        #[serde(deserialize_with = "texts")]
        chunks: Vec<Bytes>,
    },
    /// These bytes in place of an HTTP answer; the connection is closed after them.
    #[serde(deserialize_with = "text")]
    Raw(Bytes),
    /// An error with this status, in the dialect that the request's path belongs to.
    Error(u16),
    /// Status 200 and an event stream whose first event is an overload error, in the path's dialect.
    ErrorEvent,
}

/// What goes wrong. Positions count bytes of the body, not of its framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is reset (RST).
    Reset(At),
    /// The connection is closed (FIN) with the framing incomplete: `content-length` is short, or the last chunk missing.
    Close(At),
    /// The body ends here as if it were whole: correct framing, no terminal event, JSON cut in two.
    End(usize),
    /// Nothing more comes, until the client gives up.
    Stall(At),
    /// The body trickles, `bytes` at a time.
    Drip {
        /// Bytes per write.
        bytes: usize,
        /// Milliseconds between two writes.
        every_ms: u64,
    },
}

/// Where in the answer a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Before the first byte of the answer.
    Head,
    /// After the head and this many bytes of the body.
    Body(usize),
}

impl Default for Script {
    fn default() -> Self {
        Self {
            path: None,
            times: 1,
            delay_ms: 0,
            gap_ms: 0,
            headers: Vec::new(),
            answer: Answer::Usual,
            fault: None,
        }
    }
}

impl Script {
    /// Exactly this body with this status.
    pub fn whole(status: u16, body: impl Into<Bytes>) -> Self {
        Self { answer: Answer::Whole { status, body: body.into() }, ..Self::default() }
    }

    /// Exactly these chunks, with status 200, as an event stream.
    pub fn stream<B: Into<Bytes>>(chunks: impl IntoIterator<Item = B>) -> Self {
        let chunks = chunks.into_iter().map(Into::into).collect();
        Self { answer: Answer::Stream { status: 200, chunks }, ..Self::default() }
    }

    /// These bytes in place of an HTTP answer.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self { answer: Answer::Raw(bytes.into()), ..Self::default() }
    }

    /// An error in the dialect of the request's path; 429 brings `retry-after: 1` unless a header says otherwise.
    #[must_use]
    pub fn error(status: u16) -> Self {
        Self { answer: Answer::Error(status), ..Self::default() }
    }

    /// Status 200, then an overload error as the first event.
    #[must_use]
    pub fn error_event() -> Self {
        Self { answer: Answer::ErrorEvent, ..Self::default() }
    }

    /// The usual answer with this fault.
    #[must_use]
    pub fn fault(fault: Fault) -> Self {
        Self::default().with_fault(fault)
    }

    /// Adds a fault.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Only for requests whose path starts with `path`.
    #[must_use]
    pub fn for_path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Serves this many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Adds a header, or replaces it.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Waits before the first byte of the answer.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Waits before each chunk of the body.
    #[must_use]
    pub fn gap(mut self, gap: Duration) -> Self {
        self.gap_ms = u64::try_from(gap.as_millis()).unwrap_or(u64::MAX);
        self
    }

    pub(super) fn fits(&self, path: &str) -> bool {
        self.path.as_deref().is_none_or(|wanted| path.starts_with(wanted))
    }
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    String::deserialize(from).map(Bytes::from)
}

fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Bytes>, D::Error> {
    Vec::<String>::deserialize(from).map(|all| all.into_iter().map(Bytes::from).collect())
}
