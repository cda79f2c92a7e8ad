//! The terminal, which is left as it was found.

use std::io;

use ratatui::{DefaultTerminal, Frame};

/// The terminal while it is ours. Dropping it gives it back; so does a panic.
pub(super) struct Screen(DefaultTerminal);

impl Screen {
    /// Takes the terminal.
    pub(super) fn enter() -> io::Result<Self> {
        // It puts a hook before the panic's own that gives the terminal back.
        ratatui::try_init().map(Self)
    }

    /// Draws one picture.
    pub(super) fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.0.draw(picture).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}
