//! Why a call of a provider came to nothing, and whose fault that is.

use std::fmt;

use ccproxy_record::Fault;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallErrorKind {
    /// No usable credential of ours.
    Credential,
    /// The provider refused our credential (its 401 or 403).
    Refused,
    /// No connection could be made.
    Connect,
    /// The connection broke before the answer's end.
    Reset,
    /// What came back is not HTTP.
    NotHttp,
    /// The connection was not made in time.
    ConnectTimeout,
    /// No response headers in time.
    HeadersTimeout,
    /// The body fell silent for too long.
    IdleTimeout,
    /// The whole exchange took too long.
    TotalTimeout,
    /// The provider's answer is larger than we may hold.
    TooLarge,
    /// The kind of provider has no such operation.
    Unsupported,
    /// A defect of ours.
    Internal,
}

impl CallErrorKind {
    /// Who has to act.
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Self::Unsupported => Fault::Client,
            Self::Credential | Self::Internal => Fault::Us,
            _ => Fault::Upstream,
        }
    }

    /// A word for it, the same in records, metrics and traces.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Refused => "refused",
            Self::Connect => "connect",
            Self::Reset => "reset",
            Self::NotHttp => "not_understood",
            Self::ConnectTimeout => "connect_timeout",
            Self::HeadersTimeout => "headers_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::TotalTimeout => "total_timeout",
            Self::TooLarge => "answer_too_large",
            Self::Unsupported => "unsupported",
            Self::Internal => "internal",
        }
    }

    /// Whether the same call may be made again, here or elsewhere, while the client has not seen a byte.
    #[must_use]
    pub fn may_retry(self) -> bool {
        !matches!(self, Self::Unsupported | Self::Internal | Self::TooLarge)
    }

    /// Whether time ran out.
    #[must_use]
    pub fn is_timeout(self) -> bool {
        matches!(self, Self::ConnectTimeout | Self::HeadersTimeout | Self::IdleTimeout | Self::TotalTimeout)
    }
}

/// A call that failed: what, whose fault, whether to try again, and what the client may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    kind: CallErrorKind,
    message: String,
}

impl CallError {
    /// An error with a message for the client, which must name no secret and no path of this machine.
    #[must_use]
    pub fn new(kind: CallErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> CallErrorKind {
        self.kind
    }

    /// What the client is told.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CallError {}
