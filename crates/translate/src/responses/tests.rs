//! Requests, answers and streams, read and written.

mod answers;
mod read_requests;
mod read_streams;
mod write_requests;
mod write_streams;

use ccproxy_wire::Dialect;
use serde_json::Value;

use crate::{Error, Exchange, Limits, Profile, Stamp, Translated};

fn profile() -> Profile {
    Profile {
        dialect: Dialect::Responses,
        sampling: true,
        max_completion_tokens: true,
        developer: true,
        thoughts: false,
        limits: Limits::default(),
    }
}

/// From Responses to Responses: what is read is written again.
fn through(body: &str) -> Result<Translated, Error> {
    let stamp = Stamp { id: "stamp".into(), created: 7 };
    crate::request(Dialect::Responses, body.as_bytes(), "theirs", &profile(), stamp)
}

/// An exchange that the client began with this request.
fn exchange(body: &str) -> Exchange {
    through(body).unwrap().exchange
}

fn json(text: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(text.as_ref()).unwrap()
}
