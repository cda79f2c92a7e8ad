//! What the keys do, in a line and in a box.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::words::{fit, hint};
use crate::commands::top::keys::KEYS;
use crate::commands::top::state::State;

/// The most important first: what has no room is left out, and in the help.
const HINTS: [(&str, &str); 7] = [
    ("?", "help"),
    ("q", "quit"),
    ("Tab", "table"),
    ("/", "filter"),
    ("s", "sort"),
    ("t", "keys/models"),
    ("p", "pause"),
];

pub(super) fn footer(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let line = if state.view.typing {
        Line::from(format!("filter: {}▏", state.view.filter))
    } else {
        let paused = Span::styled(" PAUSED ", Style::new().add_modifier(Modifier::REVERSED));
        let paused = state.frozen.is_some().then(|| vec![paused]);
        fit(paused.into_iter().chain(HINTS.map(|(key, what)| hint(key, what))), area.width)
    };
    frame.render_widget(Paragraph::new(line), area);
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect) {
    let lines: Vec<Line<'_>> =
        KEYS.iter().map(|(key, what)| Line::from(format!(" {key:<4} {what}"))).collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = area.centered(Constraint::Max(54), Constraint::Max(height));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title("keys")), area);
}
