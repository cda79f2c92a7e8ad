//! How an exchange ended, and whose doing that was.

use serde::{Deserialize, Serialize};

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The answer reached the client whole.
    Done,
    /// It ended in an error: the client's, ours or the provider's.
    Failed,
    /// The client went away before the end.
    ClientGone,
}

/// Who has to act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Who asked.
    Client,
    /// This program, or who runs it.
    Us,
    /// The provider.
    Upstream,
}

/// A word that is none of those that were to choose from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is none of {known}")]
pub struct Unknown {
    word: String,
    known: String,
}

macro_rules! words {
    ($($of:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        impl $of {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it, the same in logs, JSON and the store.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $of {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $of {
            type Err = Unknown;

            fn from_str(word: &str) -> Result<Self, Unknown> {
                Self::ALL.iter().find(|known| known.as_str() == word).copied().ok_or_else(|| Unknown {
                    word: word.to_owned(),
                    known: Self::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    )+};
}

words! {
    Ending { Done = "done", Failed = "failed", ClientGone = "client_gone" }
    Fault { Client = "client", Us = "us", Upstream = "upstream" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for ending in Ending::ALL {
            assert_eq!(ending.as_str().parse(), Ok(*ending));
        }
        let error = "gone".parse::<Ending>().unwrap_err().to_string();
        assert_eq!(error, "\"gone\" is none of done, failed, client_gone");
    }
}
