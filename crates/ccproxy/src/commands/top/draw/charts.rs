//! Requests a second and how long they take, over the last minutes.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

use super::{WIDE, block, dim};
use crate::commands::told::millis;
use crate::commands::top::state::{Sample, State};

/// No chart is of less time.
const LEAST: Duration = Duration::from_secs(60);

pub(super) fn draw(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let points = |of: fn(&Sample) -> Option<f64>| -> Vec<(f64, f64)> {
        state.samples.iter().filter_map(|sample| Some((sample.at.as_secs_f64(), of(sample)?))).collect()
    };
    let rates = points(|sample| Some(sample.requests));
    let failures = points(|sample| Some(sample.failed));
    let times = points(|sample| sample.p95);
    let [left, right] = if area.width >= WIDE {
        Layout::horizontal([Constraint::Fill(1); 2]).spacing(1).areas(area)
    } else {
        [area, Rect::ZERO]
    };
    let told = |rate: f64| if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
    let both = [(rates.as_slice(), Color::Cyan, Marker::Braille), (&failures, Color::Red, Marker::Dot)];
    chart(frame, state, left, "requests/s (lines), failures/s (dots)", &both, told);
    if right.width > 0 {
        let one = [(times.as_slice(), Color::Yellow, Marker::Braille)];
        chart(frame, state, right, "p95 of the last minute", &one, |time| millis(Some(time)));
    }
}

type Curve<'a> = (&'a [(f64, f64)], Color, Marker);

fn chart(
    frame: &mut Frame<'_>,
    state: &State,
    area: Rect,
    title: &str,
    curves: &[Curve<'_>],
    told: impl Fn(f64) -> String,
) {
    let most = curves.iter().flat_map(|(points, ..)| points.iter()).map(|(_, y)| *y).fold(0.0, f64::max);
    let top = if most > 0.0 { most } else { 1.0 };
    let end = state.samples.back().map_or(state.now, |sample| sample.at).as_secs_f64();
    let begin = state.samples.front().map_or(end, |sample| sample.at.as_secs_f64());
    let begin = begin.min(end - LEAST.as_secs_f64());
    let sets = curves.iter().map(|(points, color, marker)| {
        Dataset::default()
            .data(points)
            .marker(*marker)
            .graph_type(if *marker == Marker::Dot { GraphType::Scatter } else { GraphType::Line })
            .style(Style::new().fg(*color))
    });
    let ago = format!("-{:.0} s", end - begin);
    let chart = Chart::new(sets.collect())
        .block(block(title, false))
        .x_axis(Axis::default().bounds([begin, end]).labels([ago, "now".to_owned()]).style(dim()))
        .y_axis(Axis::default().bounds([0.0, top]).labels(["0".to_owned(), told(top)]).style(dim()))
        .legend_position(None);
    frame.render_widget(chart, area);
}
