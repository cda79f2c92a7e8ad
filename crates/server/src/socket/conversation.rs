//! What a connection remembers: the last response, so that the next request can go on from it.

use ccproxy_wire::Usage;
use ccproxy_wire::responses::answer::{Counts, Response};
use ccproxy_wire::responses::echo::Echo;
use ccproxy_wire::responses::turn::{Items, Said};
use http::HeaderMap;
use serde::Serialize;

/// The response that a request may go on from, and all that was said up to it.
#[derive(Default)]
pub(super) struct Conversation {
    last: Option<(String, Items)>,
}

impl Conversation {
    /// All that was said up to this response, if it is the last.
    pub(super) fn up_to(&self, id: &str) -> Option<&Items> {
        self.last.as_ref().filter(|(last, _)| last == id).map(|(_, items)| items)
    }

    /// A response has come whole, to `asked`.
    pub(super) fn goes_on(&mut self, mut asked: Items, said: Said) {
        asked.extend(said.items);
        self.last = Some((said.id, asked));
    }
}

#[derive(Serialize)]
struct Event<'a> {
    r#type: &'static str,
    sequence_number: u64,
    response: Response<'a>,
}

/// The events that answer a request which is to prepare the state only. The connection keeps that, and nobody else.
pub(super) fn prepared(
    id: &str,
    model: &str,
    created_at: u64,
    body: &[u8],
    previous: Option<&str>,
) -> Vec<String> {
    let mut echo = Echo::of(body);
    echo.say("store", false);
    echo.say("previous_response_id", previous);
    let event = |sequence_number, r#type, status, usage| {
        let response = Response {
            id,
            object: "response",
            created_at,
            status,
            error: None,
            incomplete_details: None,
            model,
            output: &[],
            usage,
            service_tier: "default",
            echo: &echo,
        };
        serde_json::to_string(&Event { r#type, sequence_number, response }).unwrap_or_default()
    };
    let nothing = Usage { input: Some(0), output: Some(0), ..Usage::default() };
    vec![
        event(0, "response.created", "in_progress", None),
        event(1, "response.completed", "completed", Counts::of(nothing)),
    ]
}

/// The headers that a client needs to know of an error.
pub(super) fn telling(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let tells = |name: &str| {
        name.starts_with("retry-after") || name.starts_with("x-ratelimit-") || name == "x-request-id"
    };
    headers.iter().filter_map(move |(name, value)| {
        Some((name.as_str(), value.to_str().ok()?)).filter(|(name, _)| tells(name))
    })
}
