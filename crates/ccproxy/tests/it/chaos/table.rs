//! What a client gets under each fault: a whole answer or a stream, where the provider speaks its dialect, and where its
//! answer is translated.

use super::fault::Fault::{self, *};
use super::fault::In::{Between, Body, Head};

/// A row of the table.
pub(super) struct Row {
    pub(super) fault: Fault,
    /// Whole in the same dialect, whole in translation, streamed in the same dialect, streamed in translation. Where clients
    /// of different dialects get different words, all of them are there, in order.
    pub(super) expect: [&'static str; 4],
    /// How often the provider has been asked.
    pub(super) calls: usize,
}

const fn row(fault: Fault, calls: usize, expect: [&'static str; 4]) -> Row {
    Row { fault, expect, calls }
}

/// There was no answer, or none that can be read.
const GONE: &str = "502 api_error, 502 upstream_unreachable";
/// There was none in time.
const LATE: &str = "504 api_error, 504 upstream_timeout";
/// A stream that could not go on: as it passes, it ends in an event that names the reason,
const BROKE_OFF: &str = "event api_error, event upstream_unreachable";
const FELL_SILENT: &str = "event api_error, event upstream_timeout";
/// and in translation in one that has it in its message.
const TOLD: &str = "event api_error, event server_error";

pub(super) const TABLE: [Row; 34] = [
    row(Refuse, 0, [GONE; 4]),
    row(Name, 0, [GONE; 4]),
    row(Alert, 0, [GONE; 4]),
    row(NoTls, 0, [GONE; 4]),
    row(Hangup, 1, [GONE; 4]),
    row(Knock, 1, [GONE; 4]),
    row(Hole, 1, [LATE; 4]),
    row(Garbage, 0, [GONE; 4]),
    row(Reset(Head), 1, [GONE; 4]),
    row(Close(Head), 1, [GONE; 4]),
    row(HalfOpen(Head), 1, [GONE; 4]),
    row(Stall(Head), 1, [LATE; 4]),
    row(Reset(Body), 1, ["cut", GONE, "cut", TOLD]),
    row(Close(Body), 1, ["cut", GONE, "cut", TOLD]),
    row(HalfOpen(Body), 1, ["cut", GONE, "cut", TOLD]),
    row(Stall(Body), 1, ["cut", LATE, "cut", TOLD]),
    row(End(Body), 1, ["broken", GONE, "cut", TOLD]),
    row(Reset(Between), 1, ["cut", GONE, BROKE_OFF, TOLD]),
    row(Close(Between), 1, ["cut", GONE, BROKE_OFF, TOLD]),
    row(Stall(Between), 1, ["cut", LATE, FELL_SILENT, TOLD]),
    row(End(Between), 1, ["broken", GONE, BROKE_OFF, TOLD]),
    row(Drip, 1, ["whole"; 4]),
    row(Html, 1, ["broken", GONE, "broken", GONE]),
    row(Empty, 1, ["broken", GONE, "broken", GONE]),
    row(Short, 1, ["broken", GONE, "broken", GONE]),
    row(Long, 1, ["cut", GONE, "cut", GONE]),
    row(NoLength, 1, [GONE; 4]),
    row(Status(400), 1, ["400 invalid_request_error"; 4]),
    row(Status(401), 1, ["502 api_error, 502 upstream_auth"; 4]),
    row(Status(429), 1, ["429 rate_limit_error, 429 rate_limit_exceeded"; 4]),
    row(Status(500), 1, ["500 api_error, 500 server_error"; 4]),
    row(
        Status(503),
        1,
        [
            "503 api_error, 503 server_error",
            "503 overloaded, 503 overloaded_error",
            "503 api_error, 503 server_error",
            "503 overloaded, 503 overloaded_error",
        ],
    ),
    row(
        Status(529),
        1,
        [
            "529 overloaded_error, 529 server_error",
            "503 overloaded, 529 overloaded_error",
            "529 overloaded_error, 529 server_error",
            "503 overloaded, 529 overloaded_error",
        ],
    ),
    row(
        ErrorEvent,
        1,
        [
            "broken",
            "broken",
            "event overloaded_error, event server_error, event server_is_overloaded",
            "event api_error, event overloaded, event overloaded_error, event server_error, event server_is_overloaded",
        ],
    ),
];
