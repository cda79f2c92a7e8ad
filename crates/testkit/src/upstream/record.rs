//! What the upstream saw, and how each request came to its end.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The method, as sent.
    pub method: String,
    /// Path and query, as sent.
    pub path_and_query: String,
    /// Headers in the order and spelling in which they came.
    pub headers: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Bytes,
    /// How it ended.
    pub end: End,
}

/// How a request came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Its answer is still being written.
    Running,
    /// Its answer was written as the script wanted it, faults included.
    Answered,
    /// The client went away first.
    Cancelled,
}

impl Recorded {
    pub(super) fn new(method: &str, path_and_query: &str, headers: Vec<(String, String)>) -> Self {
        Self {
            method: method.to_owned(),
            path_and_query: path_and_query.to_owned(),
            headers,
            body: Bytes::new(),
            end: End::Running,
        }
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or_default()
    }

    /// The first value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The body as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// One line of the log.
    pub(super) fn to_log(&self) -> Value {
        json!({
            "method": self.method,
            "path_and_query": self.path_and_query,
            "headers": self.headers,
            "body": String::from_utf8_lossy(&self.body),
        })
    }
}
