//! A stream as all dialects understand it: what a reader makes of a provider's events, and a writer events of.
//!
//! A reader keeps this order: `Start`, then parts, then `Stop`, then `End`; `Usage` and `Served` anywhere; `Error` instead of `End`. Parts
//! are numbered from 0 in the order in which they open. Several may be open at a time (parallel tool calls): a writer
//! whose dialect has one at a time holds the others back until it is their turn.

use std::borrow::Cow;

use ccproxy_wire::Usage;

use crate::answer::Stop;
use crate::part::Citation;
use crate::seal::Seal;

/// One step of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Delta<'a> {
    Start {
        id: Cow<'a, str>,
        model: Cow<'a, str>,
        created: Option<u64>,
        service_tier: Option<Cow<'a, str>>,
    },
    Open(usize, Kind<'a>),
    Add(usize, Piece<'a>),
    Close(usize),
    /// What is known by now, all counts: later ones replace earlier ones where they are there.
    Usage(Usage),
    /// How it was served in the end; `Start` may have told what was asked for.
    Served(Cow<'a, str>),
    Stop(Stop),
    /// The provider says that it is still there.
    Ping,
    /// The stream has come to its own end.
    End,
    /// The provider gives up.
    Error(Trouble<'a>),
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    Text,
    Refusal,
    Thinking,
    ToolCall { id: Cow<'a, str>, name: Cow<'a, str>, custom: bool },
}

/// More of a part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece<'a> {
    /// Of a text, a refusal, or thoughts.
    Text(Cow<'a, str>),
    /// The thoughts go on in another text.
    NextText,
    /// Of a tool call: JSON, or the input of a custom tool.
    Arguments(Cow<'a, str>),
    Citation(Citation),
    /// At the end of thoughts.
    Seal(Seal),
}

/// What a provider says of its failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trouble<'a> {
    /// Its `type`, in the provider's words.
    pub(crate) kind: Cow<'a, str>,
    pub(crate) code: Option<Cow<'a, str>>,
    pub(crate) message: Cow<'a, str>,
    pub(crate) param: Option<Cow<'a, str>>,
}

impl Delta<'_> {
    /// The same without what it was read from.
    #[cfg(test)]
    pub(crate) fn into_owned(self) -> Delta<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Start { id, model, created, service_tier } => {
                Delta::Start { id: own(id), model: own(model), created, service_tier: service_tier.map(own) }
            }
            Self::Open(part, kind) => Delta::Open(
                part,
                match kind {
                    Kind::Text => Kind::Text,
                    Kind::Refusal => Kind::Refusal,
                    Kind::Thinking => Kind::Thinking,
                    Kind::ToolCall { id, name, custom } => {
                        Kind::ToolCall { id: own(id), name: own(name), custom }
                    }
                },
            ),
            Self::Add(part, piece) => Delta::Add(
                part,
                match piece {
                    Piece::Text(text) => Piece::Text(own(text)),
                    Piece::NextText => Piece::NextText,
                    Piece::Arguments(text) => Piece::Arguments(own(text)),
                    Piece::Citation(citation) => Piece::Citation(citation),
                    Piece::Seal(seal) => Piece::Seal(seal),
                },
            ),
            Self::Close(part) => Delta::Close(part),
            Self::Usage(usage) => Delta::Usage(usage),
            Self::Served(tier) => Delta::Served(own(tier)),
            Self::Stop(stop) => Delta::Stop(stop),
            Self::Ping => Delta::Ping,
            Self::End => Delta::End,
            Self::Error(Trouble { kind, code, message, param }) => Delta::Error(Trouble {
                kind: own(kind),
                code: code.map(own),
                message: own(message),
                param: param.map(own),
            }),
        }
    }
}
