//! The models both providers offer.

use serde_json::{Value, json};

use super::super::record::Recorded;
use super::super::reply::Reply;
use super::{errors, is_anthropic};

const ANTHROPIC: &[(&str, &str)] = &[
    ("claude-opus-5-5", "Claude Opus 5.5"),
    ("claude-sonnet-5", "Claude Sonnet 5"),
    ("claude-haiku-4-5-20251001", "Claude Haiku 4.5"),
];
const OPENAI: &[&str] = &["gpt-5.4", "gpt-5.4-nano", "text-embedding-3-small"];

/// Every name is known but those that begin with `no-such`: clients call models newer than any list.
pub(super) fn known(model: &str) -> bool {
    !model.starts_with("no-such")
}

pub(super) fn list(request: &Recorded) -> Reply {
    if is_anthropic(request) {
        let data: Vec<_> = ANTHROPIC.iter().map(|(id, name)| claude(id, name)).collect();
        let last = ANTHROPIC.last().map(|(id, _)| id);
        let first = ANTHROPIC.first().map(|(id, _)| id);
        return Reply::json(
            200,
            &json!({"data": data, "has_more": false, "first_id": first, "last_id": last}),
        );
    }
    let data: Vec<_> = OPENAI.iter().map(|id| gpt(id)).collect();
    Reply::json(200, &json!({"object": "list", "data": data}))
}

pub(super) fn retrieve(request: &Recorded) -> Reply {
    let id = request.path().trim_start_matches("/v1/models/");
    let found = if is_anthropic(request) {
        ANTHROPIC.iter().find(|(known, _)| *known == id).map(|(id, name)| claude(id, name))
    } else {
        OPENAI.iter().find(|known| **known == id).map(|id| gpt(id))
    };
    match found {
        Some(model) => Reply::json(200, &model),
        None => errors::with(request, 404, &format!("model: {id}")),
    }
}

fn claude(id: &str, name: &str) -> Value {
    json!({
        "type": "model", "id": id, "display_name": name, "created_at": "2026-05-01T00:00:00Z",
        "max_input_tokens": 200_000, "max_tokens": 64_000,
    })
}

fn gpt(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": 1_777_000_000, "owned_by": "scripted"})
}
