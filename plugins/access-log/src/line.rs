//! What a line says.

use std::io::Write;

use ccproxy_record::{Attempt, Cost, Ending, Event, Fault, Millis, Record, Tokens, Visit};
use jiff::Timestamp;
use serde::Serialize;

use crate::Format;

/// Adds the lines of an event.
pub(crate) fn write(lines: &mut Vec<u8>, format: Format, event: &Event) {
    match (event, format) {
        (Event::Visit(visit), Format::Json) => json(lines, &Client::of(visit)),
        (Event::Visit(visit), Format::Common) => {
            common(lines, visit);
            lines.push(b'\n');
        }
        (Event::Visit(visit), Format::Combined) => {
            common(lines, visit);
            lines.extend_from_slice(b" \"-\" \"");
            quoted(lines, visit.user_agent.as_deref().unwrap_or("-"));
            lines.extend_from_slice(b"\"\n");
        }
        (Event::Exchange(record), _) => {
            let last = record.attempts.len();
            let calls = record.attempts.iter().enumerate();
            calls.for_each(|(n, attempt)| json(lines, &Upstream::of(record, attempt, n + 1, n + 1 == last)));
        }
    }
}

/// The fields of a line of the client's side, in order, and what they say.
pub const CLIENT_FIELDS: &[(&str, &str)] = &[
    ("time", "When the request's head had come, RFC 3339."),
    ("side", "`client`."),
    ("id", "The request's id, as in `x-request-id`; a health probe has none."),
    ("client", "The address that the connection comes from."),
    ("key", "The name of the client's key."),
    ("method", "The HTTP method."),
    ("path", "The path, without its query."),
    ("version", "The protocol, as `HTTP/1.1`."),
    ("status", "The status that was answered."),
    ("bytes", "Bytes of the answer's body."),
    ("duration_ms", "Milliseconds to the end of the answer, or to where it broke off."),
    ("user_agent", "`User-Agent`, cut to 256 bytes."),
];

#[derive(Serialize)]
struct Client<'a> {
    time: Timestamp,
    side: &'static str,
    id: Option<&'a str>,
    client: Option<std::net::IpAddr>,
    key: Option<&'a str>,
    method: &'a str,
    path: &'a str,
    version: &'a str,
    status: u16,
    bytes: u64,
    duration_ms: Millis,
    user_agent: Option<&'a str>,
}

impl<'a> Client<'a> {
    fn of(visit: &'a Visit) -> Self {
        Self {
            time: visit.began,
            side: "client",
            id: visit.id.as_deref(),
            client: visit.client,
            key: visit.key.as_deref(),
            method: &visit.method,
            path: &visit.path,
            version: &visit.version,
            status: visit.status,
            bytes: visit.bytes,
            duration_ms: visit.duration,
            user_agent: visit.user_agent.as_deref(),
        }
    }
}

/// The fields of a line of the provider's side, in order, and what they say.
pub const UPSTREAM_FIELDS: &[(&str, &str)] = &[
    ("time", "When the provider was called, RFC 3339."),
    ("side", "`upstream`."),
    ("id", "The id of the client's request."),
    ("attempt", "Which call of that request it is, from 1."),
    ("key", "The name of the client's key."),
    ("session", "The client's session, where it names one."),
    ("operation", "What was asked for, such as `chat/completions`."),
    ("provider", "The instance."),
    ("model", "The model that it was asked for."),
    ("status", "The status of its answer; none where there was no answer."),
    ("error", "What went wrong with this call, in a word."),
    ("duration_ms", "Milliseconds to the head of its answer, or to its failure."),
    ("ending", "Of the last call: how the client's request ended: `done`, `failed` or `client_gone`."),
    ("fault", "Of the last call: who has to act on a failure: `client`, `us` or `upstream`."),
    (
        "first_token_ms",
        "Of the last call: milliseconds from the client's request to the first content of its stream.",
    ),
    (
        "tokens",
        "Of the last call: what the provider counted: `input`, `output`, `cache_read`, `cache_write`, `reasoning`.",
    ),
    ("cost_usd", "Of the last call: what that costs in US dollars; none where the price is not known."),
];

#[derive(Serialize)]
struct Upstream<'a> {
    time: Timestamp,
    side: &'static str,
    id: &'a str,
    attempt: usize,
    key: Option<&'a str>,
    session: Option<&'a str>,
    operation: &'a str,
    provider: &'a str,
    model: Option<&'a str>,
    status: Option<u16>,
    error: Option<&'a str>,
    duration_ms: Millis,
    ending: Option<Ending>,
    fault: Option<Fault>,
    first_token_ms: Option<Millis>,
    tokens: Option<Tokens>,
    cost_usd: Option<Cost>,
}

impl<'a> Upstream<'a> {
    /// How the exchange ended belongs to its last call.
    fn of(record: &'a Record, attempt: &'a Attempt, number: usize, last: bool) -> Self {
        Self {
            time: record.began.checked_add(attempt.after.0).unwrap_or(record.began),
            side: "upstream",
            id: &record.id,
            attempt: number,
            key: record.key.as_deref(),
            session: record.session.as_deref(),
            operation: &record.operation,
            provider: &attempt.provider,
            model: attempt.model.as_deref(),
            status: attempt.status,
            error: attempt.error.as_deref().or(record.error.as_deref().filter(|_| last)),
            duration_ms: attempt.duration,
            ending: last.then_some(record.ending),
            fault: record.fault.filter(|_| last),
            first_token_ms: record.first_token.filter(|_| last),
            tokens: last.then_some(record.tokens),
            cost_usd: record.cost.filter(|_| last),
        }
    }
}

/// A line that says nothing where there is nothing to say would be `null` all over: every field is there, so that who reads
/// it by column need not ask.
fn json(lines: &mut Vec<u8>, line: &impl Serialize) {
    let before = lines.len();
    match serde_json::to_writer(&mut *lines, line) {
        Ok(()) => lines.push(b'\n'),
        // A field that is no JSON: there is none.
        Err(_) => lines.truncate(before),
    }
}

/// `host ident user [time] "request" status bytes`.
fn common(lines: &mut Vec<u8>, visit: &Visit) {
    let time = visit.began.strftime("%d/%b/%Y:%H:%M:%S +0000");
    match visit.client {
        Some(client) => push(lines, format_args!("{client} - ")),
        None => push(lines, format_args!("- - ")),
    }
    quoted(lines, visit.key.as_deref().unwrap_or("-"));
    push(lines, format_args!(" [{time}] \""));
    quoted(lines, &visit.method);
    lines.push(b' ');
    quoted(lines, &visit.path);
    push(lines, format_args!(" {}\" {} {}", visit.version, visit.status, visit.bytes));
}

fn push(lines: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Memory takes everything.
    let _ = lines.write_fmt(text);
}

/// What a client sends must neither end a field nor begin a line.
fn quoted(lines: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' | 0..=0x1f | 0x7f.. => push(lines, format_args!("\\x{byte:02x}")),
            _ => lines.push(byte),
        }
    }
}
