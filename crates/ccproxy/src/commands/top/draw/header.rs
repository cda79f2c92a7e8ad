//! The first two lines: how the proxy is, and how it goes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{dim, status};
use crate::commands::told::{compact, dollars, millis, percent, span};
use crate::commands::top::state::{MINUTE, State, WINDOW};

pub(super) fn draw(frame: &mut Frame<'_>, state: &State, area: Rect) {
    frame.render_widget(Paragraph::new(vec![who(state), how(state)]), area);
}

fn who(state: &State) -> Line<'static> {
    let word = state.health.as_ref().map_or("unknown", |health| health.status.as_str());
    let mut parts = vec![status(word), Span::raw("  ")];
    match (&state.trouble, &state.overview) {
        (Some(trouble), _) => {
            parts.push(Span::styled(trouble.clone(), Style::new().add_modifier(Modifier::BOLD)))
        }
        (None, Some(overview)) => {
            let uptime = span(overview.uptime_s);
            parts.push(Span::raw(format!("ccproxy {}, {} for {uptime}", overview.version, overview.phase)));
            parts.push(Span::styled(format!("  {}", state.place), dim()));
        }
        (None, None) => parts.push(Span::styled(state.place.clone(), dim())),
    }
    Line::from(parts)
}

/// The most important first: what has no room is cut.
fn how(state: &State) -> Line<'static> {
    let (minute, window) = (state.tally(MINUTE), state.tally(WINDOW));
    #[expect(clippy::cast_precision_loss, reason = "rates")]
    let tokens = minute.tokens as f64 / state.seen(MINUTE);
    let cost = window.cost.dollars() * 3600.0 / state.seen(WINDOW);
    let running = state.overview.as_ref().map_or(0, |overview| overview.requests.running);
    let figures = [
        ("req/s", format!("{:.1}", state.rate())),
        ("failed", percent(minute.failed, minute.requests)),
        ("p50", millis(minute.percentile(50))),
        ("p95", millis(minute.percentile(95))),
        ("running", compact(running)),
        ("tokens/s", format!("{tokens:.0}")),
        ("cost/h", dollars(cost)),
    ];
    let parts = figures.into_iter().flat_map(|(name, figure)| {
        [
            Span::styled(format!("{name} "), dim()),
            Span::styled(figure, Style::new().add_modifier(Modifier::BOLD)),
            Span::raw("  "),
        ]
    });
    Line::from(parts.collect::<Vec<_>>())
}
