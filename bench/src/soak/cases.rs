//! All kinds of requests, which take turns.

use bytes::Bytes;
use ccproxy_wire::{Dialect, Family};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method};

use super::case::{Case, Right, Text};
use super::table::{Row, TABLE};
use crate::bodies::{self, DIALECTS};
use crate::fault::Fault;
use crate::shape::Shape;

/// In a stream of the mock upstream that ends well.
const EVENTS: u32 = 8;
/// The model that the bodies of the load generator ask for.
const MODEL: &str = "gpt-4o-mini";
const SIMULATOR: &str = "sim";

/// All of them, in their order.
pub(super) fn all() -> Vec<Case> {
    let faults = TABLE.iter().flat_map(|row| simulated(row).chain(mocked(row)).chain(elsewhere(row)));
    let mut cases: Vec<Case> = well().chain(faults).chain(leaving()).chain(pages()).collect();
    // Neighbours are alike; so that all sorts of them meet at any time, they are dealt out like cards.
    let hands = 7;
    let mut dealt: Vec<Vec<Case>> = (0..hands).map(|_| Vec::new()).collect();
    for (at, case) in cases.drain(..).enumerate() {
        if let Some(hand) = dealt.get_mut(at % hands) {
            hand.push(case);
        }
    }
    dealt.into_iter().flatten().collect()
}

/// Where every dialect is spoken to a provider of every dialect, in both ways.
fn ways() -> impl Iterator<Item = (Dialect, Dialect, bool)> {
    let pairs = DIALECTS.into_iter().flat_map(|client| DIALECTS.map(|provider| (client, provider)));
    pairs.flat_map(|(client, provider)| [false, true].map(|streamed| (client, provider, streamed)))
}

fn clients() -> impl Iterator<Item = (Dialect, bool)> {
    DIALECTS.into_iter().flat_map(|client| [false, true].map(|streamed| (client, streamed)))
}

/// Nothing goes wrong. These come several times, as most requests are of this kind.
fn well() -> impl Iterator<Item = Case> {
    let simulated = clients().map(|(client, streamed)| {
        Case::ask(SIMULATOR, client, MODEL, streamed, None).ordered("").right("whole", client, Text::Word)
    });
    let mocked = ways().map(|(client, provider, streamed)| {
        let text = Text::Mock { provider, events: if streamed { EVENTS } else { 0 } };
        Case::ask(instance(provider), client, MODEL, streamed, None).right("whole", client, text)
    });
    let routed = clients().flat_map(|(client, streamed)| {
        ["soak-failover", "soak-robin", "soak-least", "soak-weighted"].map(|model| {
            Case::ask("", client, model, streamed, None).ordered("").right("whole", client, Text::Any)
        })
    });
    let kept = [Dialect::Messages, Dialect::Chat].map(|provider| Case {
        right: Right::Kept,
        ..Case::ask(instance(provider), Dialect::Responses, MODEL, false, None)
    });
    let sockets = DIALECTS.map(|provider| Case {
        right: Right::Socket,
        ..Case::ask(instance(provider), Dialect::Responses, MODEL, true, None)
    });
    let once = simulated.chain(mocked).chain(routed).collect::<Vec<_>>();
    once.clone().into_iter().chain(once).chain(kept).chain(sockets)
}

fn simulated(row: &Row) -> impl Iterator<Item = Case> {
    // The simulator stalls for ever, which only those do who leave.
    clients().filter(|_| row.fault != Fault::Stall).map(|(client, streamed)| {
        let order = format!("fault={}, ", row.fault.name());
        let [whole, events] = row.simulator;
        let case = Case::ask(SIMULATOR, client, MODEL, streamed, None).ordered(&order);
        case.right(if streamed { events } else { whole }, client, Text::Any).named(row.fault)
    })
}

fn mocked(row: &Row) -> impl Iterator<Item = Case> {
    ways().map(|(client, provider, streamed)| {
        let [whole, whole_translated, events, events_translated] = row.mock;
        let expect = match (streamed, client == provider) {
            (false, true) => whole,
            (false, false) => whole_translated,
            (true, true) => events,
            (true, false) => events_translated,
        };
        let case = Case::ask(instance(provider), client, MODEL, streamed, Some(row.fault));
        case.right(expect, client, Text::Any).named(row.fault)
    })
}

/// The first target of a route fails, and the next one does not.
fn elsewhere(row: &Row) -> impl Iterator<Item = Case> {
    let [whole, events] = row.elsewhere;
    clients().filter(move |(_, streamed)| if *streamed { events } else { whole }).map(|(client, streamed)| {
        let case = Case::ask("", client, "soak-flaky", streamed, Some(row.fault)).ordered("");
        case.right("whole", client, Text::Any).named(row.fault)
    })
}

/// Clients that go away: in the midst of an answer, of one that has fallen silent, and before there is one.
fn leaving() -> impl Iterator<Item = Case> {
    let midst = ways().map(|(client, provider, streamed)| Case {
        right: Right::Left,
        ..Case::ask(instance(provider), client, MODEL, streamed, None)
    });
    let slow = clients().map(|(client, _)| {
        let case = Case::ask(SIMULATOR, client, MODEL, true, None).ordered("token_rate=20, tokens=40, ");
        Case { right: Right::Left, ..case }
    });
    let silent = clients().map(|(client, streamed)| {
        let case =
            Case::ask(SIMULATOR, client, MODEL, streamed, None).ordered("fault=stall, ").named(Fault::Stall);
        Case { right: Right::Left, ..case }
    });
    let early = clients().map(|(client, streamed)| {
        let case = Case::ask(SIMULATOR, client, MODEL, streamed, None).ordered("latency=1h, ");
        Case { right: Right::GivenUp, ..case }
    });
    midst.chain(slow).chain(silent).chain(early)
}

/// All that is no conversation.
fn pages() -> impl Iterator<Item = Case> {
    let get = |path: &str, says| Case::page(Method::GET, path, "", 200, says);
    let post = |path: &str, body: &str, status, says| Case::page(Method::POST, path, body, status, says);
    let count = r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"How many tokens?"}]}"#;
    let embed = r#"{"model":"text-embedding-3-small","input":"hello"}"#;
    let complete = r#"{"model":"gpt-3.5-turbo-instruct","prompt":"hello","max_tokens":5}"#;
    [
        post("/sim/v1/messages/count_tokens", count, 200, "\"input_tokens\":"),
        post("/chat/v1/messages/count_tokens", count, 200, "\"input_tokens\":"),
        post("/responses/v1/messages/count_tokens?beta=true", count, 200, "\"input_tokens\":"),
        post("/sim/v1/embeddings", embed, 200, "\"embedding\""),
        post("/sim/v1/completions", complete, 200, "text_completion"),
        get("/sim/v1/models", "\"data\":["),
        get("/sim/v1/models/demo", "\"demo\""),
        get("/v1/models", "\"data\":["),
        get("/api/hello", ""),
        get("/health", "\"status\""),
        get("/health/live", "\"status\""),
        get("/health/ready", "\"status\""),
        get("/health/startup", "\"status\""),
        get("/plugins/steady-chat/health", "\"status\""),
        get("/livez", "ok"),
        get("/metrics", "# TYPE"),
        get("/openapi.json", "\"openapi\""),
        post("/sim/v1/messages", "{", 400, "invalid_request_error"),
        post("/v1/chat/completions", r#"{"messages":[]}"#, 400, "invalid_request_error"),
        post("/v1/responses", r#"{"model":"no-such-model","input":"hi"}"#, 404, "model_not_found"),
        post("/health/live", "", 405, ""),
        Case::page(Method::GET, "/sim/v1/messages", "", 405, "invalid_request_error"),
        Case::page(Method::GET, "/nowhere/v1/messages", "", 404, ""),
        Case::page(Method::GET, "/chat/v1/responses/resp_none", "", 404, "not_found"),
        Case::page(Method::GET, "/chat/v1/responses", "", 426, "websocket_required"),
    ]
    .into_iter()
}

/// The instance in front of the mock upstream that speaks this dialect.
fn instance(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Messages => "messages",
        Dialect::Chat => "chat",
        Dialect::Responses => "responses",
    }
}

impl Case {
    fn ask(instance: &str, client: Dialect, model: &str, streamed: bool, fault: Option<Fault>) -> Self {
        let events = if streamed { EVENTS } else { 0 };
        let body = bodies::request(client, &Shape { fault, ..Shape::of(events) });
        let body = String::from_utf8_lossy(&body).replace(MODEL, model);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if client.family() == Family::Anthropic {
            headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        let mount = if instance.is_empty() { String::new() } else { format!("/{instance}") };
        let path = format!("{mount}/v1{}", bodies::route(client));
        let how = if streamed { "streamed" } else { "whole" };
        let name =
            if instance.is_empty() { format!("{path} {model} {how}") } else { format!("{path} {how}") };
        Self {
            name,
            method: Method::POST,
            path,
            headers,
            body: body.into(),
            order: None,
            right: Right::GivenUp,
        }
    }

    fn page(method: Method, path: &str, body: &str, status: u16, says: &'static str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self {
            name: format!("{method} {path} {status}"),
            method,
            path: path.to_owned(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
            order: None,
            right: Right::Page { status, says },
        }
    }

    fn ordered(self, order: &str) -> Self {
        Self { order: Some(order.to_owned()), ..self }
    }

    fn right(self, row: &'static str, dialect: Dialect, text: Text) -> Self {
        Self { right: Right::outcome(dialect, row, text), ..self }
    }

    fn named(self, fault: Fault) -> Self {
        Self { name: format!("{} {}", self.name, fault.name()), ..self }
    }
}
