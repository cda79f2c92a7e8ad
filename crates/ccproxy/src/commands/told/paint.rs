//! Colours, which never say anything by themselves, and the terminal's width.

use std::io::{IsTerminal, stdout};

use ccproxy_config::Env;

use crate::cli::Color;

/// So wide is a page that nobody looks at on a terminal.
const WIDTH: usize = 120;

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Paint(bool);

impl Paint {
    /// As the flag has it; see <https://no-color.org>.
    pub(in crate::commands) fn new(color: Color, env: &Env) -> Self {
        Self(match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let dumb = env.get("TERM").is_none_or(|term| term == "dumb");
                stdout().is_terminal() && !dumb && env.get("NO_COLOR").is_none()
            }
        })
    }

    /// What the eye goes to first.
    pub(in crate::commands) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// A text about a status, in its colour.
    pub(in crate::commands) fn status(self, status: &str, text: &str) -> String {
        match status {
            "pass" => self.with("32", text),
            "warn" => self.with("33", text),
            _ => self.with("31", text),
        }
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// How many columns there are.
pub(in crate::commands) fn width(env: &Env) -> usize {
    let told = env.get("COLUMNS").and_then(|columns| columns.parse().ok());
    told.or_else(of_terminal).filter(|columns| *columns >= 20).unwrap_or(WIDTH)
}

fn of_terminal() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
    Some(usize::from(size.ws_col))
}
