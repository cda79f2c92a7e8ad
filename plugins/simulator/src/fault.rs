//! The faults that can be ordered.

use ccproxy_wire::Family;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::Problem;

/// What shall go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429 with `retry-after` and the vendor's rate-limit headers.
    RateLimit,
    /// 529 in the Messages dialect, 503 in OpenAI's.
    Overloaded,
    /// 500.
    ServerError,
    /// 401.
    Auth,
    /// 200, then an error as the first event of the stream; as `overloaded` where there is no stream.
    OverloadedStream,
    /// The connection breaks in the midst of the body.
    Reset,
    /// The body falls silent for ever.
    Stall,
    /// The body ends as if all were well, without its last event.
    Truncate,
    /// The body goes on with bytes that are not the dialect.
    Garbage,
    /// 400: the prompt is too long.
    TooLong,
}

/// What becomes of a body that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    Reset,
    Stall,
    Truncate,
    Garbage,
}

const ANTHROPIC_LIMITS: &[(&str, &str)] = &[
    ("retry-after", "1"),
    ("anthropic-ratelimit-requests-limit", "50"),
    ("anthropic-ratelimit-requests-remaining", "0"),
    ("anthropic-ratelimit-requests-reset", "2026-01-01T00:00:01Z"),
    ("anthropic-ratelimit-tokens-limit", "50000"),
    ("anthropic-ratelimit-tokens-remaining", "0"),
    ("anthropic-ratelimit-tokens-reset", "2026-01-01T00:00:01Z"),
];

const OPENAI_LIMITS: &[(&str, &str)] = &[
    ("retry-after", "1"),
    ("x-ratelimit-limit-requests", "50"),
    ("x-ratelimit-remaining-requests", "0"),
    ("x-ratelimit-reset-requests", "1s"),
    ("x-ratelimit-limit-tokens", "50000"),
    ("x-ratelimit-remaining-tokens", "0"),
    ("x-ratelimit-reset-tokens", "1s"),
];

impl Fault {
    /// The error that is answered at once, if the fault is one.
    pub(crate) fn problem(self, family: Family) -> Option<Problem> {
        match self {
            Self::RateLimit => Some(rate_limit(family)),
            Self::Overloaded => Some(overloaded(family)),
            Self::ServerError => Some(Problem {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                anthropic_type: "api_error",
                openai_type: "server_error",
                ..Problem::invalid("Internal server error (simulated)")
            }),
            Self::Auth => Some(auth(family)),
            Self::TooLong => Some(too_long(family)),
            Self::OverloadedStream | Self::Reset | Self::Stall | Self::Truncate | Self::Garbage => None,
        }
    }

    /// What becomes of the body, if the fault is in the body.
    pub(crate) fn in_body(self) -> Option<Break> {
        match self {
            Self::Reset => Some(Break::Reset),
            Self::Stall => Some(Break::Stall),
            Self::Truncate => Some(Break::Truncate),
            Self::Garbage => Some(Break::Garbage),
            _ => None,
        }
    }
}

/// The vendor has no room at the moment.
pub(crate) fn overloaded(family: Family) -> Problem {
    let status = match family {
        Family::Anthropic => StatusCode::from_u16(529).unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
        Family::OpenAi => StatusCode::SERVICE_UNAVAILABLE,
    };
    Problem {
        status,
        anthropic_type: "overloaded_error",
        openai_type: "server_error",
        openai_code: Some("overloaded"),
        ..Problem::invalid("Overloaded (simulated)")
    }
}

fn rate_limit(family: Family) -> Problem {
    Problem {
        status: StatusCode::TOO_MANY_REQUESTS,
        anthropic_type: "rate_limit_error",
        openai_type: "requests",
        openai_code: Some("rate_limit_exceeded"),
        headers: match family {
            Family::Anthropic => ANTHROPIC_LIMITS,
            Family::OpenAi => OPENAI_LIMITS,
        },
        ..Problem::invalid("Rate limit reached (simulated); try again in 1 s")
    }
}

fn auth(family: Family) -> Problem {
    let message = match family {
        Family::Anthropic => "invalid x-api-key (simulated)",
        Family::OpenAi => "Incorrect API key provided (simulated)",
    };
    Problem {
        status: StatusCode::UNAUTHORIZED,
        anthropic_type: "authentication_error",
        openai_code: Some("invalid_api_key"),
        ..Problem::invalid(message)
    }
}

/// Clients shorten the conversation when they read these words, so they stand first and unchanged.
fn too_long(family: Family) -> Problem {
    let message = match family {
        Family::Anthropic => "prompt is too long: 200001 tokens > 200000 maximum (simulated)",
        Family::OpenAi => {
            "Your input exceeds the context window of this model. Please adjust your input and try again. (simulated)"
        }
    };
    Problem { openai_code: Some("context_length_exceeded"), ..Problem::invalid(message) }
}
