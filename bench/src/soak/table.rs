//! What clients get under each fault. Where clients of the two families are told different words, Anthropic's come first.

use crate::fault::Fault::{self, *};

/// A row of the table.
pub(super) struct Row {
    pub(super) fault: Fault,
    /// Whole and streamed from the simulator, which speaks every dialect.
    pub(super) simulator: [&'static str; 2],
    /// From the mock upstream: whole in the same dialect, whole in translation, streamed in the same dialect, streamed in
    /// translation.
    pub(super) mock: [&'static str; 4],
    /// Whether another target makes it good: before an answer has begun, and before a stream has said anything.
    pub(super) elsewhere: [bool; 2],
}

const fn row(
    fault: Fault,
    elsewhere: [bool; 2],
    simulator: [&'static str; 2],
    mock: [&'static str; 4],
) -> Row {
    Row { fault, simulator, mock, elsewhere }
}

/// There was no answer, or none that can be read.
const GONE: &str = "502 api_error|502 upstream_unreachable";
const LATE: &str = "504 api_error|504 upstream_timeout";
/// A stream that passes as it is ends in an event that names the reason,
const BROKE_OFF: &str = "event api_error|event upstream_unreachable";
/// and in translation in one that has it in its message.
const TOLD: &str = "event api_error|event server_error";
/// The simulator's own, which has no credential of ours.
const REFUSED: &str = "401 authentication_error|401 invalid_api_key";
const AUTH: &str = "502 api_error|502 upstream_auth";
const LIMITED: &str = "429 rate_limit_error|429 rate_limit_exceeded";
const FULL: &str = "529 overloaded_error or 503 overloaded_error|529 overloaded or 503 overloaded";
const ERROR: &str = "500 api_error|500 server_error";
const LONG: &str = "400 invalid_request_error|400 context_length_exceeded or 400 invalid_request_error";

pub(super) const TABLE: [Row; 10] = [
    row(RateLimit, [true, true], [LIMITED; 2], [LIMITED; 4]),
    row(Overloaded, [true, true], [FULL; 2], [FULL; 4]),
    row(ServerError, [true, true], [ERROR; 2], [ERROR; 4]),
    row(Auth, [true, true], [REFUSED; 2], [AUTH; 4]),
    row(TooLong, [false, false], [LONG; 2], [LONG; 4]),
    row(
        OverloadedStream,
        [true, true],
        [FULL, "event overloaded_error|event overloaded"],
        [
            FULL,
            FULL,
            "event overloaded_error|event overloaded",
            "event overloaded_error or event api_error|event overloaded or event server_error",
        ],
    ),
    row(Reset, [false, false], ["cut or gone", BROKE_OFF], ["cut", GONE, BROKE_OFF, TOLD]),
    row(Stall, [false, false], ["", ""], ["cut", LATE, "event api_error|event upstream_timeout", TOLD]),
    row(Truncate, [false, false], ["broken", BROKE_OFF], ["broken", GONE, BROKE_OFF, TOLD]),
    row(Garbage, [false, false], ["broken", BROKE_OFF], ["broken", GONE, BROKE_OFF, TOLD]),
];
