//! The first lines: how the proxy is, what is not well, and how it goes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::words::{bold, fit, named};
use super::{dim, status};
use crate::commands::health::verdict::Trouble;
use crate::commands::told::{compact, line, millis, percent, span};
use crate::commands::top::state::{MINUTE, State, WINDOW};

/// So many rows of the screen make room for what is not well.
const HIGH: u16 = 14;

/// How many lines there are.
pub(super) fn rows(state: &State, height: u16) -> u16 {
    2 + u16::from(height >= HIGH && trouble(state).is_some())
}

pub(super) fn draw(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let mut lines = vec![who(state, area.width), how(state, area.width)];
    if area.height > 2
        && let Some((trouble, more)) = trouble(state)
    {
        lines.insert(1, what(trouble, more, area.width));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn who(state: &State, width: u16) -> Line<'static> {
    let word = state.health.as_ref().map_or("unknown", |health| health.status.as_str());
    let mut parts = vec![vec![status(word)]];
    match (&state.trouble, &state.overview) {
        (Some(trouble), _) => {
            let room = usize::from(width).saturating_sub(word.len() + 4);
            parts.push(vec![Span::styled(line(trouble, room), bold())]);
        }
        (None, Some(overview)) => {
            parts.push(vec![Span::raw(format!("ccproxy {}", overview.version))]);
            parts.push(vec![Span::raw(format!("{} for {}", overview.phase, span(overview.uptime_s)))]);
            parts.push(vec![Span::styled(state.place.clone(), dim())]);
        }
        (None, None) => parts.push(vec![Span::styled(state.place.clone(), dim())]),
    }
    fit(parts, width)
}

/// The worst that is not well, and how much more there is.
fn trouble(state: &State) -> Option<(&Trouble, usize)> {
    let health = state.health.as_ref().filter(|_| state.trouble.is_none())?;
    let (worst, more) = health.troubles.split_first()?;
    Some((worst, more.len() + health.omitted))
}

fn what(trouble: &Trouble, more: usize, width: u16) -> Line<'static> {
    let mark = status(trouble.status.as_str());
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let room = usize::from(width).saturating_sub(2 + more.len());
    let text = line(&format!("{}: {}", trouble.name, trouble.output), room);
    let mark = Span::styled(mark.content.chars().take(2).collect::<String>(), mark.style);
    Line::from(vec![mark, Span::raw(text), Span::styled(more, dim())])
}

/// The most important first: what has no room is left out.
fn how(state: &State, width: u16) -> Line<'static> {
    let (minute, window) = (state.tally(MINUTE), state.tally(WINDOW));
    #[expect(clippy::cast_precision_loss, reason = "rates")]
    let tokens = minute.tokens as f64 / state.seen(MINUTE);
    let running = state.overview.as_ref().map_or(0, |overview| overview.requests.running);
    let figures = [
        ("req/s", format!("{:.1}", state.rate())),
        ("failed", percent(minute.failed, minute.requests)),
        ("p50", millis(minute.percentile(50))),
        ("p95", millis(minute.percentile(95))),
        ("running", compact(running)),
        ("cost/h", window.spent(3600.0 / state.seen(WINDOW))),
        ("tokens/s", format!("{tokens:.0}")),
    ];
    fit(figures.map(|(name, figure)| named(name, figure)), width)
}
