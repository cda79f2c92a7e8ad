//! Why a command came to nothing: what the operator reads, and the exit code.

use std::io;
use std::process::ExitCode;

use ccproxy_config::{Missing, Mistakes};
use ccproxy_server::{BindError, TakeoverError};

/// Exit code: the command did not succeed.
const ERROR: u8 = 1;
/// Exit code: the command line or the configuration is wrong.
const USAGE: u8 = 2;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration is wrong.
    #[error("{}", listed(.0))]
    Config(#[from] Mistakes),
    /// The configuration file that was asked for is not there.
    #[error("{0}; `ccproxy config init` writes a file to start from")]
    Missing(#[from] Missing),
    /// The configuration file cannot be read.
    #[error("cannot read the configuration {path}: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// What was typed does not make sense.
    #[error("{0}")]
    Usage(String),
    /// The listener could not be had.
    #[error("{0}")]
    Bind(#[from] BindError),
    /// The process that runs does not hand over.
    #[error("{0}")]
    Takeover(#[from] TakeoverError),
    /// The system said no.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        error: io::Error,
    },
    /// A running proxy does not answer, or says no.
    #[error("{0}")]
    Remote(String),
    /// The store cannot be read.
    #[error("{0}")]
    Store(#[from] ccproxy_store::StoreError),
    /// All has been said already.
    #[error("")]
    Told,
}

impl Failure {
    pub(crate) fn io(what: impl Into<String>, error: io::Error) -> Self {
        Self::Io { what: what.into(), error }
    }

    /// What to print, if anything.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Told => None,
            told => Some(format!("error: {told}\n")),
        }
    }

    /// What is wrong, one thing a line.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Self::Config(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
            other => vec![other.to_string()],
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Config(_) | Self::Missing(_) | Self::Unreadable { .. } | Self::Usage(_) => USAGE,
            Self::Bind(_)
            | Self::Takeover(_)
            | Self::Io { .. }
            | Self::Remote(_)
            | Self::Store(_)
            | Self::Told => ERROR,
        })
    }
}

fn listed(mistakes: &Mistakes) -> String {
    let count = match mistakes.len() {
        1 => "1 mistake".to_owned(),
        count => format!("{count} mistakes"),
    };
    mistakes
        .iter()
        .fold(format!("{count} in the configuration"), |text, mistake| format!("{text}\n  {mistake}"))
}

#[cfg(test)]
mod tests {
    use ccproxy_config::{Mistake, Place};

    use super::*;

    #[test]
    fn mistakes_are_counted_and_listed() {
        let mistake = |key| Mistake::new(Place::Flag("--port".to_owned()), key, "is odd");
        let check = |mistakes, expect: &str| {
            assert_eq!(Failure::Config(Mistakes::new(mistakes)).text().unwrap(), expect);
        };
        check(vec![mistake("a")], "error: 1 mistake in the configuration\n  flag --port: a: is odd\n");
        check(
            vec![mistake("b"), mistake("a")],
            "error: 2 mistakes in the configuration\n  flag --port: a: is odd\n  flag --port: b: is odd\n",
        );
    }
}
