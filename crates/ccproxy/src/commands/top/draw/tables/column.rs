//! A table whose columns end where words end, or say that they were cut.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Span, Text};
use ratatui::widgets::{Cell, Row, TableState};

use super::super::{block, dim};
use crate::commands::told::line;

/// A column.
#[derive(Clone, Copy)]
pub(super) struct Column {
    head: &'static str,
    width: Constraint,
    /// Numbers stand at the right, and so does what says what they are.
    is_right: bool,
    /// How wide the table has to be for it.
    least: u16,
}

/// A column of words.
pub(super) const fn left(head: &'static str, width: u16) -> Column {
    Column { head, width: Constraint::Length(width), is_right: false, least: 0 }
}

/// A column of numbers.
pub(super) const fn right(head: &'static str, width: u16) -> Column {
    Column { is_right: true, ..left(head, width) }
}

/// A column of words that takes its share of what the others leave.
pub(super) const fn rest(head: &'static str, share: u16) -> Column {
    Column { width: Constraint::Fill(share), ..left(head, 0) }
}

impl Column {
    /// The same where the table is so wide.
    pub(super) const fn from(self, least: u16) -> Self {
        Self { least, ..self }
    }

    /// The same by another name.
    pub(super) const fn named(self, head: &'static str) -> Self {
        Self { head, ..self }
    }

    fn cell(&self, text: &Span<'static>, width: u16) -> Cell<'static> {
        let text = Text::styled(line(&text.content, usize::from(width)), text.style);
        Cell::new(if self.is_right { text.right_aligned() } else { text })
    }
}

/// A table with all that it may show.
pub(super) struct Table<'a> {
    pub(super) title: String,
    pub(super) columns: &'a [Column],
    /// An entry for every column, also for those that have no room.
    pub(super) rows: Vec<Vec<Span<'static>>>,
}

impl Table<'_> {
    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, chosen: Option<usize>) {
        let shown = |column: &&Column| area.width >= column.least;
        let widths: Vec<Constraint> = self.columns.iter().filter(shown).map(|column| column.width).collect();
        let places = Layout::horizontal(widths).spacing(1).split(Rect { height: 1, ..area });
        let widths: Vec<u16> = places.iter().map(|place| place.width).collect();
        let row = |entries: &[Span<'static>]| {
            let entries = self.columns.iter().zip(entries).filter(|(column, _)| shown(column));
            let cells = entries.zip(&widths).map(|((column, text), width)| column.cell(text, *width));
            Row::new(cells.collect::<Vec<_>>())
        };
        let heads: Vec<Span<'static>> = self.columns.iter().map(|column| Span::raw(column.head)).collect();
        let rows: Vec<Row<'static>> = self.rows.iter().map(|entries| row(entries)).collect();
        let table = ratatui::widgets::Table::new(rows, widths.iter().map(|width| Constraint::Length(*width)))
            .block(block(&self.title, chosen.is_some()))
            .header(row(&heads).style(dim()))
            .column_spacing(1)
            .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
        frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(chosen));
    }
}
