//! What a healthy provider says: a table of routes, and what the answers of both providers have in common.

#![allow(clippy::indexing_slicing, reason = "only JSON objects are indexed: a missing key reads as null")]

mod catalog;
mod chat;
mod errors;
mod messages;
mod plain;
mod responses;
mod turn;

use bytes::Bytes;
use serde_json::Value;

use super::record::Recorded;
use super::reply::{Body, Reply};

pub(super) use errors::{error, error_event};

/// The usual answer to a request.
pub(super) fn usual(request: &Recorded) -> Reply {
    if let Some(refusal) = errors::refusal(request) {
        return refusal;
    }
    let path = request.path();
    let mut reply = match (request.method.as_str(), path) {
        ("HEAD", _) | ("GET", "/") => Reply::whole(200, "text/plain", ""),
        ("POST", "/v1/messages") => messages::create(request),
        ("POST", "/v1/messages/count_tokens") => messages::count_tokens(request),
        ("POST", "/v1/chat/completions") => chat::create(request),
        ("POST", "/v1/responses") => responses::create(request),
        ("GET", "/v1/responses") => errors::with(request, 426, "this upstream speaks no WebSocket"),
        ("POST", "/v1/embeddings") => plain::embeddings(request),
        ("POST", "/v1/completions") => plain::completions(request),
        ("GET", "/v1/models") => catalog::list(request),
        ("GET" | "DELETE", _) if path.starts_with("/v1/responses/") => responses::stored(request),
        ("GET", _) if path.starts_with("/v1/models/") => catalog::retrieve(request),
        _ => errors::with(request, 404, "Not found"),
    };
    provider_headers(request, &mut reply);
    reply
}

/// Whether the request is one of Anthropic's API, by its path or, where both have the path, by its headers.
fn is_anthropic(request: &Recorded) -> bool {
    request.path().starts_with("/v1/messages") || request.header("anthropic-version").is_some()
}

fn provider_headers(request: &Recorded, reply: &mut Reply) {
    let headers: &[(&str, &str)] = if is_anthropic(request) {
        &[
            ("request-id", "req_011CScripted"),
            ("anthropic-organization-id", "00000000-0000-4000-8000-000000000000"),
            ("anthropic-ratelimit-requests-limit", "4000"),
            ("anthropic-ratelimit-requests-remaining", "3999"),
            ("anthropic-ratelimit-requests-reset", "2026-11-23T12:00:00Z"),
            ("anthropic-ratelimit-input-tokens-remaining", "399000"),
            ("x-upstream-unknown", "kept"),
        ]
    } else {
        &[
            ("x-request-id", "req_scripted0001"),
            ("openai-processing-ms", "12"),
            ("openai-version", "2020-10-01"),
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-remaining-requests", "9999"),
            ("x-ratelimit-reset-requests", "6ms"),
            ("x-upstream-unknown", "kept"),
        ]
    };
    for (name, value) in headers {
        if !reply.has(name) {
            reply.set(name, *value);
        }
    }
    if matches!(reply.body, Body::Chunks(_)) {
        reply.set("cache-control", "no-cache");
    }
}

/// An event of a stream, as Messages and Responses write it.
fn named_event(data: &Value) -> Bytes {
    let name = data["type"].as_str().unwrap_or_default();
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// An event of a stream, as Chat Completions writes it.
fn bare_event(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

/// A text in pieces of a few characters, as models emit it.
fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(7).map(|piece| piece.iter().collect()).collect()
}

/// A rough count of tokens, four bytes each, never 0.
fn tokens(text: &str) -> usize {
    text.len() / 4 + 1
}
