//! The three dialects that clients and providers speak, and the two families of their errors.

use std::fmt;

use http::HeaderMap;

/// An API for generating text, as its vendor documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Anthropic Messages, `POST /v1/messages`.
    Messages,
    /// OpenAI Chat Completions, `POST /v1/chat/completions`.
    Chat,
    /// OpenAI Responses, `POST /v1/responses`.
    Responses,
}

impl Dialect {
    /// Whose shapes of error, model list and header the dialect uses.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::Messages => Family::Anthropic,
            Self::Chat | Self::Responses => Family::OpenAi,
        }
    }

    /// The dialect's name in documents and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "Anthropic Messages",
            Self::Chat => "OpenAI Chat Completions",
            Self::Responses => "OpenAI Responses",
        }
    }

    /// A word for the dialect, in records and for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Chat => "chat",
            Self::Responses => "responses",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Dialects that share the shape of errors and of model lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// `{"type":"error","error":{…}}`.
    Anthropic,
    /// `{"error":{…}}`.
    OpenAi,
}

impl Family {
    /// The family that a client shows by its headers, where the path does not tell.
    ///
    /// Every Anthropic client sends `anthropic-version`; no OpenAI client does.
    #[must_use]
    pub fn of_headers(headers: &HeaderMap) -> Self {
        if headers.contains_key("anthropic-version") { Self::Anthropic } else { Self::OpenAi }
    }
}
