//! The faults of the table, and how each is made.

use ccproxy_testkit::chaos::Trouble;
use ccproxy_testkit::upstream::{At, Fault as Cut, Script};

use super::Chaos;

/// Where in a body a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    /// The head; seventeen bytes of it come.
    Head,
    /// In the middle of the first event, or of a whole answer.
    Body,
    /// A stream's second event has just come; in a whole answer, its middle.
    Between,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nobody listens.
    Refuse,
    /// The name has no address.
    Name,
    /// TLS: the other side has an alert, and nothing else, to say.
    Alert,
    /// TLS: the other side does not know what that is.
    NoTls,
    /// The connection is closed as soon as the request has come.
    Hangup,
    /// It is reset.
    Knock,
    /// The request is taken, and nothing is said.
    Hole,
    Reset(In),
    Close(In),
    HalfOpen(In),
    Stall(In),
    /// It looks whole, and is not.
    End(In),
    /// A few bytes at a time.
    Drip,
    /// What is no HTTP.
    Garbage,
    /// The answer of a web server that is something else.
    Html,
    /// Nothing, with status 200.
    Empty,
    /// The length that is told is less than what comes.
    Short,
    /// More than comes.
    Long,
    /// No length.
    NoLength,
    /// An error with this status.
    Status(u16),
    /// Status 200, and the first event is an error.
    ErrorEvent,
}

const ALERT: &[u8] = b"\x15\x03\x03\x00\x02\x02\x28";
const NO_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
const GARBAGE: &[u8] = b"\x00\x01\xff\xfe garbage \r\n\r\n\x80 and more of it";
const JSON: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

impl Fault {
    pub(super) fn is_of_tls(self) -> bool {
        matches!(self, Self::Alert | Self::NoTls)
    }

    /// Nothing comes, and nothing says so.
    pub(super) fn is_silence(self) -> bool {
        matches!(self, Self::Hole | Self::Stall(_))
    }

    pub(super) fn is_of_answers(self) -> bool {
        !self.is_of_tls() && !self.is_silence() && !matches!(self, Self::Refuse | Self::Name)
    }

    /// Makes it happen to the next answer, which is one of the provider's at this path.
    pub(super) fn make(self, chaos: &Chaos, seen: &str, stream: bool) {
        let trouble = match self {
            Self::Alert => Trouble::Say(ALERT.into()),
            Self::NoTls => Trouble::Say(NO_TLS.into()),
            Self::Garbage => Trouble::Say(GARBAGE.into()),
            Self::Hangup => Trouble::Close(0),
            Self::Knock => Trouble::Reset(0),
            Self::Hole => Trouble::Stall(0),
            Self::Reset(In::Head) => Trouble::Reset(17),
            Self::Close(In::Head) => Trouble::Close(17),
            Self::HalfOpen(In::Head) => Trouble::HalfOpen(17),
            Self::Stall(In::Head) => Trouble::Stall(17),
            Self::HalfOpen(_) => Trouble::HalfOpen(600),
            _ => Trouble::None,
        };
        chaos.proxy.make(trouble);
        if let Some(script) = self.script(seen, stream) {
            chaos.upstream.script(script);
        }
    }

    fn script(self, seen: &str, stream: bool) -> Option<Script> {
        let cut = |fault: fn(At) -> Cut, place| Some(Script::fault(fault(At::Body(at(place, seen, stream)))));
        match self {
            Self::Reset(place @ (In::Body | In::Between)) => cut(Cut::Reset, place),
            Self::Close(place @ (In::Body | In::Between)) => cut(Cut::Close, place),
            Self::Stall(place @ (In::Body | In::Between)) => cut(Cut::Stall, place),
            Self::End(place) => Some(Script::fault(Cut::End(at(place, seen, stream)))),
            Self::Drip => Some(Script::fault(Cut::Drip { bytes: 16, every_ms: 1 })),
            Self::Html => Some(Script::whole(200, "<html>").header("content-type", "text/html")),
            Self::Empty => Some(Script::whole(200, "")),
            Self::Short => {
                Some(Script::raw(format!("{JSON}content-length: 9\r\n\r\n{{\"id\":\"a\",\"content\":[]}}")))
            }
            Self::Long => Some(Script::raw(format!("{JSON}content-length: 99\r\n\r\n{{\"id\":\"a\"}}"))),
            Self::NoLength => Some(Script::raw(format!("{JSON}content-length: x\r\n\r\n{{\"id\":\"a\"}}"))),
            Self::Status(status) => Some(Script::error(status)),
            Self::ErrorEvent => Some(Script::error_event()),
            _ => None,
        }
    }
}

/// The place as a number of bytes of the body of the scripted provider's usual answer.
fn at(place: In, seen: &str, stream: bool) -> usize {
    match (place, seen) {
        (In::Head, _) => 0,
        (In::Body, _) => 40,
        (In::Between, _) if !stream => 300,
        (In::Between, "/v1/messages") => BETWEEN[0],
        (In::Between, "/v1/chat/completions") => BETWEEN[1],
        (In::Between, _) => BETWEEN[2],
    }
}

/// Where the second event ends, by the provider's path.
const BETWEEN: [usize; 3] = [496, 649, 1290];
