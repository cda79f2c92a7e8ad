//! Lines that end with a whole word.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::dim;

/// Between two parts of a line.
const GAP: &str = "  ";

/// As many of the parts as have room, the first before the others: half a word says nothing.
pub(super) fn fit(parts: impl IntoIterator<Item = Vec<Span<'static>>>, width: u16) -> Line<'static> {
    let mut line = Line::default();
    for part in parts {
        let gap = if line.spans.is_empty() { 0 } else { GAP.len() };
        let wide: usize = part.iter().map(Span::width).sum();
        if line.width() + gap + wide > usize::from(width) {
            continue;
        }
        if gap > 0 {
            line.push_span(GAP);
        }
        line.spans.extend(part);
    }
    line
}

/// A figure with its name.
pub(super) fn named(name: &str, figure: String) -> Vec<Span<'static>> {
    vec![Span::styled(format!("{name} "), dim()), Span::styled(figure, bold())]
}

/// A key with what it does.
pub(super) fn hint(key: &str, what: &str) -> Vec<Span<'static>> {
    vec![Span::styled(key.to_owned(), bold()), Span::styled(format!(" {what}"), dim())]
}

pub(super) fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}
