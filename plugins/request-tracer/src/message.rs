//! A message, in the two forms in which it is kept.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ccproxy_record::Millis;
use serde::Serialize;
use serde_json::Value;

use crate::redact;

/// A message of an exchange.
#[derive(Default)]
pub(crate) struct Message {
    /// Which of them: the name of its files.
    pub(crate) name: String,
    /// Since the exchange began.
    pub(crate) at: Duration,
    /// None if there was no room for it.
    pub(crate) start: Option<Start>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// Its first line.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Start {
    Request { method: String, target: String },
    Call { method: String, target: String, provider: String },
    Answer { status: u16 },
}

/// As much of a body as is kept.
#[derive(Default)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// How long all of it was.
    pub(crate) length: u64,
    /// When each piece came, and how long it is.
    pub(crate) pieces: Vec<(Duration, usize)>,
}

/// The form for programs.
#[derive(Serialize)]
struct Json<'a> {
    at_ms: Millis,
    #[serde(flatten)]
    start: &'a Option<Start>,
    headers: &'a [(String, String)],
    /// Bytes of the whole body.
    bytes: u64,
    /// Bytes of it that are kept.
    kept: u64,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    /// A body that is JSON.
    Body(Value),
    /// One that came in pieces, or is a text.
    Pieces(Vec<Piece>),
    /// Bytes that are no text.
    Base64(String),
}

#[derive(Serialize)]
struct Piece {
    at_ms: Millis,
    text: String,
}

impl Message {
    /// Takes secrets out of the body.
    pub(crate) fn redact(&mut self) {
        if let Some(bytes) = redact::body(&self.body.bytes) {
            let at = self.body.pieces.last().map_or(self.at, |(at, _)| *at);
            self.body.pieces = vec![(at, bytes.len())];
            self.body.bytes = bytes;
        }
    }

    /// As HTTP/1.1 has it.
    pub(crate) fn raw(&self) -> Vec<u8> {
        let first = match &self.start {
            None => "(its head was not kept)".to_owned(),
            Some(Start::Request { method, target }) => format!("{method} {target} HTTP/1.1"),
            // Below the provider's own base URL.
            Some(Start::Call { method, target, .. }) => format!("{method} {target} HTTP/1.1"),
            Some(Start::Answer { status }) => {
                let reason =
                    http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
                format!("HTTP/1.1 {status} {}", reason.unwrap_or_default())
            }
        };
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let mut raw = format!("{first}\r\n{headers}\r\n").into_bytes();
        raw.extend_from_slice(&self.body.bytes);
        raw
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Vec<u8> {
        let json = Json {
            at_ms: self.at.into(),
            start: &self.start,
            headers: &self.headers,
            bytes: self.body.length,
            kept: self.body.bytes.len() as u64,
            content: self.body.content(),
        };
        // Texts and numbers can always be written.
        serde_json::to_vec_pretty(&json).unwrap_or_default()
    }
}

impl Body {
    /// Whether nothing of it is missing.
    fn content(&self) -> Content {
        if let Ok(value) = serde_json::from_slice(&self.bytes) {
            return Content::Body(value);
        }
        if std::str::from_utf8(&self.bytes).is_err_and(|error| error.error_len().is_some()) {
            return Content::Base64(BASE64_STANDARD.encode(&self.bytes));
        }
        let mut rest = self.bytes.as_slice();
        let pieces = self.pieces.iter().map(|(at, length)| {
            let (piece, after) = rest.split_at_checked(*length).unwrap_or((rest, &[]));
            rest = after;
            Piece { at_ms: (*at).into(), text: String::from_utf8_lossy(piece).into_owned() }
        });
        Content::Pieces(pieces.collect())
    }
}
