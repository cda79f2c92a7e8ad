//! Errors in each provider's own form.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::record::Recorded;
use super::super::reply::Reply;
use super::{bare_event, catalog, is_anthropic, messages, named_event, responses};

/// The error a provider would give with this status; 429 brings `retry-after`.
pub(in crate::upstream) fn error(request: &Recorded, status: u16) -> Reply {
    let message = match status {
        400 => "prompt is too long: 210000 tokens > 200000 maximum",
        401 => "the API key is not valid",
        403 => "your organization may not use this model",
        413 => "Request exceeds the maximum size",
        429 => "This request would exceed your rate limit",
        529 => "Overloaded",
        _ => "The scripted upstream failed as it was told to",
    };
    with(request, status, message)
}

/// An error with this status and message.
pub(super) fn with(request: &Recorded, status: u16, message: &str) -> Reply {
    let mut reply = Reply::json(status, &body(request, status, message));
    if status == 429 {
        reply.set("retry-after", "1");
    }
    super::provider_headers(request, &mut reply);
    reply
}

/// A stream that opens with status 200 and says at once that the provider is overloaded.
pub(in crate::upstream) fn error_event(request: &Recorded) -> Reply {
    let event: Bytes = if is_anthropic(request) {
        named_event(&body(request, 529, "Overloaded"))
    } else if request.path().starts_with("/v1/responses") {
        named_event(&json!({
            "type": "error", "code": "server_is_overloaded", "message": "Overloaded", "param": null, "sequence_number": 0,
        }))
    } else {
        bare_event(&body(request, 503, "Overloaded"))
    };
    let mut reply = Reply::stream(200, vec![event]);
    super::provider_headers(request, &mut reply);
    reply
}

/// What both providers refuse before they look at the route.
pub(super) fn refusal(request: &Recorded) -> Option<Reply> {
    let key = request.header("x-api-key").or_else(|| request.header("authorization")).unwrap_or_default();
    if key.trim_start_matches("Bearer ").starts_with("wrong") {
        return Some(with(request, 401, "the API key is not valid"));
    }
    if request.method != "POST" {
        return None;
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return Some(with(request, 400, "We could not parse the JSON body of your request."));
    };
    let Some(model) = body["model"].as_str() else {
        return Some(with(request, 400, "model: Field required"));
    };
    if !catalog::known(model) {
        return Some(with(request, 404, &format!("model: {model}")));
    }
    let message = match request.path() {
        "/v1/messages" => messages::complaint(request, &body),
        "/v1/responses" => responses::complaint(&body),
        _ => None,
    };
    message.map(|message| with(request, 400, &message))
}

fn body(request: &Recorded, status: u16, message: &str) -> Value {
    if is_anthropic(request) {
        let kind = match status {
            400 => "invalid_request_error",
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            529 => "overloaded_error",
            _ => "api_error",
        };
        return json!({
            "type": "error", "error": {"type": kind, "message": message}, "request_id": "req_011CScripted",
        });
    }
    let (kind, code) = match status {
        401 => ("invalid_request_error", json!("invalid_api_key")),
        404 => ("invalid_request_error", json!("model_not_found")),
        429 => ("requests", json!("rate_limit_exceeded")),
        500.. => ("server_error", Value::Null),
        _ => ("invalid_request_error", Value::Null),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}
