//! Providers, keys or models, and the last requests.

use ccproxy_record::{Ending, Record};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, Row, Table, TableState};

use super::{block, dim, status};
use crate::commands::told::figures::Provider;
use crate::commands::told::{NONE, compact, dollars, line, millis, percent};
use crate::commands::top::state::{By, Pane, Sort, State, is_bad};

pub(super) fn providers(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let row = |provider: &Provider| {
        Row::new([
            Cell::new(line(&provider.name, 24)),
            Cell::new(Line::from(status(&provider.status))),
            right(provider.load()),
            right(millis(provider.latency_ms)),
            Cell::new(
                provider.trouble().or_else(|| provider.room()).unwrap_or_else(|| provider.kind.clone()),
            ),
        ])
    };
    let widths = [
        Constraint::Fill(2),
        Constraint::Length(9),
        Constraint::Length(7),
        Constraint::Length(8),
        Constraint::Fill(3),
    ];
    let head = ["PROVIDER", "HEALTH", "RUNNING", "LATENCY", "NOTE"];
    let rows = state.providers.iter().map(row).collect();
    show(frame, state, area, Pane::Providers, "providers".to_owned(), head, rows, &widths);
}

pub(super) fn clients(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let rows = state.clients();
    let row = |(name, tally): (String, crate::commands::top::tally::Tally)| {
        Row::new([
            Cell::new(line(&name, 40)),
            right(compact(tally.requests)),
            right(percent(tally.failed, tally.requests)),
            right(millis(tally.percentile(95))),
            right(compact(tally.tokens)),
            right(dollars(tally.cost.dollars())),
        ])
    };
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Length(7),
        Constraint::Length(9),
    ];
    let (name, title) = match state.view.by {
        By::Key => ("KEY", "keys"),
        By::Model => ("MODEL", "models"),
    };
    let sort = match state.view.sort {
        Sort::Requests => "requests",
        Sort::Failures => "failures",
        Sort::Tokens => "tokens",
        Sort::Cost => "cost",
        Sort::Time => "p95",
    };
    let title = format!("{title} of the last 5 min, by {sort}");
    let head = [name, "REQUESTS", "FAILED", "P95", "TOKENS", "COST"];
    show(frame, state, area, Pane::Clients, title, head, rows.into_iter().map(row).collect(), &widths);
}

pub(super) fn requests(frame: &mut Frame<'_>, state: &State, area: Rect) {
    // Who scrolls sees what lies below; nobody sees more than fits.
    let most = usize::from(area.height) + state.view.row;
    let rows = state.requests().take(most).map(request).collect();
    let mut title = "requests".to_owned();
    if !state.view.filter.is_empty() || state.view.typing {
        title.push_str(&format!(" with {:?}", state.view.filter));
    }
    if state.missed > 0 {
        title.push_str(&format!(", {} not shown", state.missed));
    }
    let narrow = area.width < 70;
    let widths = [
        Constraint::Length(8),
        Constraint::Length(11),
        Constraint::Length(8),
        Constraint::Fill(2),
        Constraint::Fill(if narrow { 0 } else { 1 }),
        Constraint::Fill(if narrow { 0 } else { 1 }),
        Constraint::Length(if narrow { 0 } else { 7 }),
    ];
    let head = ["BEGAN", "END", "TIME", "MODEL", "PROVIDER", "KEY", "TOKENS"];
    show(frame, state, area, Pane::Requests, title, head, rows, &widths);
}

fn request(record: &Record) -> Row<'static> {
    let status = record.status.map_or_else(|| NONE.to_owned(), |status| status.to_string());
    let end = match record.ending {
        Ending::Done => format!("✓ {status}"),
        Ending::Failed => format!("✗ {status}"),
        Ending::ClientGone => "- gone".to_owned(),
    };
    let style = if is_bad(record) { Style::new().fg(Color::Red) } else { Style::new() };
    let text = |text: Option<&str>| Cell::new(line(text.unwrap_or(NONE), 60));
    // What went wrong is more to the point than who was asked for what.
    let model = match &record.error {
        Some(error) => format!("{} ({error})", record.model.as_deref().unwrap_or(NONE)),
        None => record.model.clone().unwrap_or_else(|| record.operation.clone()),
    };
    let began = record.began.to_string();
    Row::new([
        Cell::new(began.get(11..19).unwrap_or(NONE).to_owned()),
        Cell::new(end).style(style),
        right(millis(Some(record.duration.0.as_secs_f64() * 1e3))),
        text(Some(&model)),
        text(record.provider.as_deref()),
        text(record.key.as_deref()),
        right(compact(record.tokens.total())),
    ])
}

fn right(text: String) -> Cell<'static> {
    Cell::new(Text::from(text).right_aligned())
}

#[expect(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    reason = "a table has all of these, and its title is made for it"
)]
fn show<const N: usize>(
    frame: &mut Frame<'_>,
    state: &State,
    area: Rect,
    pane: Pane,
    title: String,
    head: [&'static str; N],
    rows: Vec<Row<'static>>,
    widths: &[Constraint; N],
) {
    let chosen = state.view.pane == pane;
    let table = Table::new(rows, widths)
        .block(block(&title, chosen))
        .header(Row::new(head).style(dim()))
        .column_spacing(1)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut at = TableState::new().with_selected(chosen.then_some(state.view.row));
    frame.render_stateful_widget(table, area, &mut at);
}
