//! What the keys do, in a line and in a box.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::dim;
use crate::commands::top::keys::KEYS;
use crate::commands::top::state::State;

pub(super) fn footer(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let line = if state.view.typing {
        Line::from(format!("filter: {}▏", state.view.filter))
    } else {
        let hint = Span::styled("q quit  p pause  Tab table  t keys/models  s sort  / filter  ? help", dim());
        let paused = state
            .frozen
            .is_some()
            .then(|| Span::styled(" PAUSED ", Style::new().add_modifier(Modifier::REVERSED)));
        Line::from_iter(paused.into_iter().chain([hint]))
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
