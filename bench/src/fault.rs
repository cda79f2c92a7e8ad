//! What goes wrong with an answer, by the names that the simulator has for it.

/// A fault that the mock upstream, and the simulator, can be told to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429 with `retry-after`.
    RateLimit,
    /// 529 in the Messages dialect, 503 in OpenAI's.
    Overloaded,
    /// 500.
    ServerError,
    /// 401.
    Auth,
    /// 400: the prompt is too long.
    TooLong,
    /// 200, then an error as the first event of the stream; as `Overloaded` where there is no stream.
    OverloadedStream,
    /// The connection breaks in the midst of the body.
    Reset,
    /// The body falls silent for ever.
    Stall,
    /// The body ends as if all were well, without its end.
    Truncate,
    /// The body goes on with bytes that are not the dialect.
    Garbage,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::RateLimit,
        Self::Overloaded,
        Self::ServerError,
        Self::Auth,
        Self::TooLong,
        Self::OverloadedStream,
        Self::Reset,
        Self::Stall,
        Self::Truncate,
        Self::Garbage,
    ];

    /// Its name, in requests and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::Auth => "auth",
            Self::TooLong => "too_long",
            Self::OverloadedStream => "overloaded_stream",
            Self::Reset => "reset",
            Self::Stall => "stall",
            Self::Truncate => "truncate",
            Self::Garbage => "garbage",
        }
    }

    /// The fault whose name these bytes begin with.
    pub(crate) fn read(name: &[u8]) -> Option<Self> {
        let length = name.iter().take_while(|byte| byte.is_ascii_lowercase() || **byte == b'_').count();
        Self::ALL.into_iter().find(|fault| name.get(..length) == Some(fault.name().as_bytes()))
    }
}
