//! Providers, keys or models, and the last requests.

mod column;

use ccproxy_record::{Ending, Record};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Span;

use super::{WIDE, status};
use crate::commands::told::figures::Provider;
use crate::commands::told::{NONE, compact, dollars, millis, percent, spent};
use crate::commands::top::state::{By, Pane, Sort, State, is_bad};
use crate::commands::top::tally::{Tally, is_unpriced};
use column::{Column, Table, left, rest, right};

const PROVIDERS: [Column; 5] = [
    rest("PROVIDER", 2),
    left("HEALTH", 9),
    right("RUNNING", 7).from(50),
    right("LATENCY", 7).from(58),
    rest("NOTE", 3),
];

pub(super) fn providers(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let row = |provider: &Provider| {
        let note = provider.trouble().or_else(|| provider.room()).unwrap_or_else(|| provider.kind.clone());
        vec![
            Span::raw(provider.name.clone()),
            status(&provider.status),
            Span::raw(provider.load()),
            Span::raw(millis(provider.latency_ms)),
            Span::raw(note),
        ]
    };
    let rows = state.providers.iter().map(row).collect();
    let table = Table { title: "providers".to_owned(), columns: &PROVIDERS, rows };
    table.draw(frame, area, chosen(state, Pane::Providers));
}

const CLIENTS: [Column; 6] = [
    rest("KEY", 1),
    right("REQUESTS", 8),
    right("FAILED", 7),
    right("P95", 7).from(50),
    right("TOKENS", 6).from(45),
    right("COST", 9),
];

pub(super) fn clients(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let row = |(name, tally): (String, Tally)| {
        let figures = [
            name,
            compact(tally.requests),
            percent(tally.failed, tally.requests),
            millis(tally.percentile(95)),
            compact(tally.tokens),
            tally.spent(1.0),
        ];
        figures.into_iter().map(Span::raw).collect()
    };
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
    let [first, others @ ..] = CLIENTS;
    let columns: Vec<Column> = [first.named(name)].into_iter().chain(others).collect();
    let rows = state.clients().into_iter().map(row).collect();
    let table = Table { title: format!("{title} of the last 5 min, by {sort}"), columns: &columns, rows };
    table.draw(frame, area, chosen(state, Pane::Clients));
}

const REQUESTS: [Column; 8] = [
    left("BEGAN", 9),
    left("END", 6),
    right("TIME", 7),
    rest("MODEL", 2),
    rest("PROVIDER", 1).from(60),
    rest("KEY", 1).from(70),
    right("TOKENS", 6).from(50),
    right("COST", 9).from(WIDE),
];

pub(super) fn requests(frame: &mut Frame<'_>, state: &State, area: Rect) {
    // Who scrolls sees what lies below; nobody sees more than fits.
    let most = usize::from(area.height) + state.view.row;
    let wide = area.width >= WIDE;
    let rows = state.requests().take(most).map(|record| request(record, wide)).collect();
    let mut title = "requests".to_owned();
    if !state.view.filter.is_empty() || state.view.typing {
        title.push_str(&format!(" with {:?}", state.view.filter));
    }
    if state.missed > 0 {
        title.push_str(&format!(", {} not shown", state.missed));
    }
    let table = Table { title, columns: &REQUESTS, rows };
    table.draw(frame, area, chosen(state, Pane::Requests));
}

fn request(record: &Record, wide: bool) -> Vec<Span<'static>> {
    let status = record.status.map_or_else(|| NONE.to_owned(), |status| status.to_string());
    let end = match record.ending {
        Ending::Done => format!("✓ {status}"),
        Ending::Failed => format!("✗ {status}"),
        Ending::ClientGone => "- gone".to_owned(),
    };
    let style = if is_bad(record) { Style::new().fg(Color::Red) } else { Style::new() };
    let text = |text: Option<&str>| Span::raw(text.unwrap_or(NONE).to_owned());
    let asked = record.model.as_deref().unwrap_or(&record.operation);
    // What went wrong is more to the point than what was asked for.
    let model = match &record.error {
        Some(error) if wide => Span::styled(format!("{asked}: {error}"), style),
        Some(error) => Span::styled(error.clone(), style),
        None => text(Some(asked)),
    };
    let began = record.began.to_string();
    let cost = match record.cost {
        Some(cost) => dollars(cost.dollars()),
        None if is_unpriced(record) => spent(0.0, 1),
        None => NONE.to_owned(),
    };
    vec![
        Span::raw(began.get(11..19).map_or_else(|| NONE.to_owned(), |time| format!("{time}Z"))),
        Span::styled(end, style),
        Span::raw(millis(Some(record.duration.0.as_secs_f64() * 1e3))),
        model,
        text(record.provider.as_deref()),
        text(record.key.as_deref()),
        Span::raw(compact(record.tokens.total())),
        Span::raw(cost),
    ]
}

/// The row that is chosen, if it is one of this table.
fn chosen(state: &State, pane: Pane) -> Option<usize> {
    (state.view.pane == pane).then_some(state.view.row)
}
