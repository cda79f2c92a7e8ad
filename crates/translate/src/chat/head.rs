//! What is known of an answer from the beginning.

use crate::Exchange;
use crate::answer::Stop;

#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) tier: Option<&'static str>,
}

impl Head {
    pub(super) fn new(exchange: &Exchange, id: &str, created: Option<u64>, tier: Option<&str>) -> Self {
        let own = ["chatcmpl-", "msg_", "resp_"].into_iter().find_map(|prefix| id.strip_prefix(prefix));
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let base: String = own.unwrap_or(id).chars().filter(plain).take(64).collect();
        let base = if base.is_empty() { &exchange.stamp.id } else { &base };
        let (created, tier) = (created.unwrap_or(exchange.stamp.created), tier.and_then(self::tier));
        Self { id: format!("chatcmpl-{base}"), created, tier }
    }
}

/// The word for how an answer was served.
pub(super) fn tier(theirs: &str) -> Option<&'static str> {
    match theirs {
        "default" | "standard" => Some("default"),
        "flex" => Some("flex"),
        "scale" => Some("scale"),
        "priority" | "fast" => Some("priority"),
        _ => None,
    }
}

/// Why an answer ends. One that is refused in words is complete.
pub(super) fn finish_reason(stop: &Stop, refused: bool, functions: bool) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) | Stop::Pause => "stop",
        Stop::MaxTokens | Stop::Context => "length",
        Stop::Tools if functions => "function_call",
        Stop::Tools => "tool_calls",
        Stop::Refusal if refused => "stop",
        Stop::Refusal => "content_filter",
    }
}

/// Why a provider's answer ends. Not every server says that tools are to be called, some have words of their own,
/// Gemini tells after a filter's which one it was, and few tell which of the client's sequences came.
pub(super) fn stop(finish_reason: &str, sequence: Option<&str>, called: bool, refused: bool) -> Stop {
    match finish_reason {
        "length" | "max_tokens" | "model_length" => Stop::MaxTokens,
        "model_context_window_exceeded" => Stop::Context,
        "sensitive" => Stop::Refusal,
        reason if reason.starts_with("content_filter") => Stop::Refusal,
        _ if called => Stop::Tools,
        _ if refused => Stop::Refusal,
        "stop" if sequence.is_some() => Stop::Sequence(sequence.map(str::to_owned)),
        _ => Stop::End,
    }
}
