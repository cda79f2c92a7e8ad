//! One call of a provider, and its answer.

use bytes::Bytes;
use ccproxy_wire::Operation;
use http::{HeaderMap, Method};
use http_body_util::combinators::UnsyncBoxBody;

use crate::CallError;

/// A request as the provider shall send it: routed, its model mapped, freed of what was meant for us alone
/// (the client's credentials, hop-by-hop headers, `host`, `content-length`).
#[derive(Debug)]
pub struct Call {
    /// What is asked for.
    pub operation: Operation,
    /// The client's method.
    pub method: Method,
    /// Path below `/v1/` and query, as the client sent them: `messages?beta=true`.
    pub target: String,
    /// The headers that pass.
    pub headers: HeaderMap,
    /// The body, byte for byte the client's but for values the operator had changed.
    pub body: Bytes,
    /// The model as the provider shall see it; empty where the operation names none.
    pub model: String,
    /// Whether the client asked for a stream.
    pub stream: bool,
}

/// What a provider answers: status, headers and a body that comes as it comes.
pub type Answer = http::Response<AnswerBody>;

/// The body of an answer. An error in mid-body is the provider's (reset, idle too long, …), never the end.
pub type AnswerBody = UnsyncBoxBody<Bytes, CallError>;
