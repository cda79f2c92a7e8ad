//! An answer as all dialects understand it.

use ccproxy_wire::Usage;

use crate::part::Part;

/// What a provider has answered, whole.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The provider's id of it.
    pub(crate) id: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "clients are told the name that they have asked for"))]
    pub(crate) model: String,
    /// Seconds since 1970, where the provider tells.
    pub(crate) created: Option<u64>,
    pub(crate) parts: Vec<Part>,
    pub(crate) stop: Stop,
    pub(crate) usage: Usage,
    pub(crate) service_tier: Option<String>,
}

/// Why an answer ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Stop {
    /// All is said.
    #[default]
    End,
    /// One of the client's stop sequences came; which, where the provider tells.
    Sequence(Option<String>),
    MaxTokens,
    /// The model's context is full.
    Context,
    /// Tools are to be called.
    Tools,
    /// The model, or a filter, refuses.
    Refusal,
    /// The provider's own tools run; the client is to send the turn back.
    Pause,
}
