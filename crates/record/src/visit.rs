//! What is told of as it happens.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Millis, Record};

/// Something that has come to its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A request of an API that is proxied.
    Exchange(Arc<Record>),
    /// Any request, proxied or not, as the server's own HTTP saw it.
    Visit(Arc<Visit>),
}

/// An HTTP request and its answer, from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// The id that the answer carries; a health probe has none.
    pub id: Option<String>,
    /// When the request's head had come.
    pub began: Timestamp,
    /// Who asked, by the connection.
    pub client: Option<IpAddr>,
    /// The name of the client's key, where a request of an API showed one.
    pub key: Option<String>,
    /// The method.
    pub method: String,
    /// The path, without its query, which may hold secrets.
    pub path: String,
    /// The protocol, as `HTTP/1.1`.
    pub version: String,
    /// `User-Agent`, cut to 256 bytes.
    pub user_agent: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// Bytes of the answer's body that went to the client.
    pub bytes: u64,
    /// From the head of the request to the end of the answer, or to where it broke off.
    #[serde(rename = "duration_ms")]
    pub duration: Millis,
    /// Whether it was a health probe.
    pub probe: bool,
}
