//! Requests a second and how long they take, over the last minutes.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Paragraph, Sparkline, SparklineBar};

use super::{WIDE, block, dim};
use crate::commands::told::{millis, sparkline};
use crate::commands::top::state::{Sample, State};

/// No chart is of less time.
const LEAST: Duration = Duration::from_secs(60);
/// What stands at the left of a chart, with the gap after it.
const GUTTER: u16 = 8;

pub(super) fn draw(frame: &mut Frame<'_>, state: &State, area: Rect) {
    if area.width < WIDE {
        return rates(frame, state, area);
    }
    let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).spacing(1).areas(area);
    rates(frame, state, left);
    times(frame, state, right);
}

/// Failures are few beside requests: on a scale of their own, below.
fn rates(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let of = |figure: fn(&Sample) -> f64| -> Vec<Option<f64>> {
        columns(state, area.width, &|sample| Some(figure(sample)))
    };
    let (all, failed) = (of(|sample| sample.requests), of(|sample| sample.failed));
    let most = most(&failed);
    let title = if most > 0.0 {
        format!("requests/s; below, failures/s up to {}", rate(most))
    } else {
        "requests/s; below, failures/s: none".to_owned()
    };
    let [title_row, plot, strip, axis] = rows(area, 1);
    frame.render_widget(block(&title, false), title_row);
    bars(frame, plot, &all, Color::Cyan, rate);
    let (gutter, strip) = split(strip);
    frame.render_widget(label("failed"), gutter);
    let unseen = failed.iter().take_while(|value| value.is_none()).count();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "thousandths of a rate")]
    let seen: Vec<u64> =
        failed.iter().skip(unseen).map(|value| (value.unwrap_or_default() * 1e3) as u64).collect();
    let text = format!("{}{}", " ".repeat(unseen), sparkline(&seen));
    frame.render_widget(Paragraph::new(Line::styled(text, Style::new().fg(Color::Red))), strip);
    time(frame, state, axis);
}

fn times(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let [title, plot, _, axis] = rows(area, 0);
    frame.render_widget(block("p95 of the last minute", false), title);
    bars(frame, plot, &columns(state, area.width, &|sample| sample.p95), Color::Yellow, |time| {
        millis(Some(time))
    });
    time(frame, state, axis);
}

fn rate(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}

/// The title, the picture, so many rows below it, and the axis of time.
fn rows(area: Rect, below: u16) -> [Rect; 4] {
    let [one, rest] = [Constraint::Length(1), Constraint::Fill(1)];
    Layout::vertical([one, rest, Constraint::Length(below), one]).areas(area)
}

fn split(area: Rect) -> (Rect, Rect) {
    let [gutter, rest] = Layout::horizontal([Constraint::Length(GUTTER), Constraint::Fill(1)]).areas(area);
    (gutter, rest)
}

fn label(text: &str) -> Paragraph<'static> {
    Paragraph::new(Text::styled(format!("{text} "), dim()).right_aligned())
}

/// Of what time the charts are, in seconds.
fn window(state: &State) -> (f64, f64) {
    let end = state.samples.back().map_or(state.now, |sample| sample.at).as_secs_f64();
    let begin = state.samples.front().map_or(end, |sample| sample.at.as_secs_f64());
    (begin.min(end - LEAST.as_secs_f64()), end)
}

/// The greatest figure of each column's time; none before the first.
fn columns(state: &State, width: u16, figure: &dyn Fn(&Sample) -> Option<f64>) -> Vec<Option<f64>> {
    let (begin, end) = window(state);
    let width = width.saturating_sub(GUTTER);
    let step = (end - begin) / f64::from(width.max(1));
    let mut samples = state.samples.iter().peekable();
    let mut last = None;
    let column = |column: u16| {
        let until = begin + step * f64::from(column + 1);
        let mut most: Option<f64> = None;
        // A little more: the last sample belongs to the last column, however sums are rounded.
        while let Some(sample) = samples.next_if(|sample| sample.at.as_secs_f64() <= until + 1e-6) {
            last = figure(sample);
            most = last.map(|last| most.map_or(last, |most| most.max(last))).or(most);
        }
        most.or(last)
    };
    (0..width).map(column).collect()
}

fn most(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().copied().fold(0.0, f64::max)
}

fn bars(
    frame: &mut Frame<'_>,
    area: Rect,
    values: &[Option<f64>],
    color: Color,
    told: impl Fn(f64) -> String,
) {
    let most = most(values);
    let top = if most > 0.0 { most } else { 1.0 };
    let (gutter, plot) = split(area);
    frame.render_widget(label(&told(top)), Rect { height: gutter.height.min(1), ..gutter });
    if gutter.height > 1 {
        frame.render_widget(label("0"), Rect { y: gutter.bottom() - 1, height: 1, ..gutter });
    }
    // Eighths of a row; the smallest figure that is not nothing has the lowest.
    let eighths = f64::from(plot.height) * 8.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred at most")]
    let bar = |value: &Option<f64>| {
        SparklineBar::from(value.map(|value| (value / top * eighths).ceil().clamp(0.0, eighths) as u64))
    };
    let line = Sparkline::default()
        .data(values.iter().map(bar))
        .max(u64::from(plot.height) * 8)
        .absent_value_symbol(" ")
        .style(Style::new().fg(color));
    frame.render_widget(line, plot);
}

fn time(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let (begin, end) = window(state);
    let (_, area) = split(area);
    let seconds = end - begin;
    // Looks are late by parts of seconds: what is all but five minutes is not said to be four.
    let ago =
        if seconds < 120.0 { format!("-{seconds:.0} s") } else { format!("-{:.0} min", seconds / 60.0) };
    frame.render_widget(Paragraph::new(Line::styled(ago, dim())), area);
    frame.render_widget(Paragraph::new(Line::styled("now", dim()).right_aligned()), area);
}
