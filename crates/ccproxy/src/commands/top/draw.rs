//! The picture.

mod charts;
mod header;
mod help;
mod tables;
mod words;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use super::state::State;

/// So many columns make room for two things side by side.
const WIDE: u16 = 100;
/// So many rows make room for charts.
const HIGH: u16 = 20;

pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let shown = state.shown();
    let area = frame.area();
    let charts = if area.height >= HIGH { 7 + (area.height - HIGH) / 8 } else { 0 };
    let heads = header::rows(shown, area.height);
    let tables = table_rows(shown, area.height.saturating_sub(1 + heads + charts));
    let [header, chart, table, requests, footer] = Layout::vertical([
        Constraint::Length(heads),
        Constraint::Length(charts),
        Constraint::Length(tables),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    header::draw(frame, shown, header);
    if charts > 0 {
        charts::draw(frame, shown, chart);
    }
    pair(frame, shown, table);
    tables::requests(frame, shown, requests);
    help::footer(frame, state, footer);
    if shown.view.help {
        help::draw(frame, area);
    }
}

/// How many rows the two tables take: as many as they have, and half of what there is at most.
fn table_rows(state: &State, room: u16) -> u16 {
    let rows = state.providers.len().max(state.clients().len()).max(1);
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2);
    rows.min(room.div_ceil(2))
}

/// The two tables beside each other, or the chosen one where there is no room.
fn pair(frame: &mut Frame<'_>, state: &State, area: Rect) {
    if area.width >= WIDE {
        let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).spacing(1).areas(area);
        tables::providers(frame, state, left);
        tables::clients(frame, state, right);
    } else if state.view.pane == super::state::Pane::Clients {
        tables::clients(frame, state, area);
    } else {
        tables::providers(frame, state, area);
    }
}

/// A heading over a part; the chosen one is marked, and not by its style alone.
fn block(title: &str, chosen: bool) -> Block<'static> {
    let style = if chosen { Style::new().add_modifier(Modifier::BOLD) } else { dim() };
    let mark = if chosen { "▶ " } else { "" };
    Block::new().title(Line::styled(format!("{mark}{title}"), style))
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// A word about a status, with its mark and in its colour.
fn status(word: &str) -> Span<'static> {
    let (mark, color) = match word {
        "pass" => ("✓", Color::Green),
        "warn" => ("!", Color::Yellow),
        "fail" => ("✗", Color::Red),
        _ => ("?", Color::Red),
    };
    Span::styled(format!("{mark} {word}"), Style::new().fg(color))
}

#[cfg(test)]
mod tests;
