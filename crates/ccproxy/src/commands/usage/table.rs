//! Usage as a table for people.

use std::collections::HashMap;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use jiff::Timestamp;

use super::Report;
use crate::commands::told::figures::{Figures, Row};
use crate::commands::told::{NONE, bar, compact, count, line, millis, sparkline};

/// How the table is to be.
pub(super) struct Shape<'a> {
    /// What rows are made by.
    pub(super) by: &'a [&'a str],
    /// How many columns the terminal has.
    pub(super) width: usize,
}

/// A step of a trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: &'static str,
    seconds: i64,
}

const STEPS: [Step; 3] = [
    Step { name: "minute", seconds: 60 },
    Step { name: "hour", seconds: 3600 },
    Step { name: "day", seconds: 86_400 },
];
/// A trend has no more steps.
const WIDEST: usize = 32;
/// A bar is no wider.
const BAR: u64 = 12;
/// A name is no longer.
const NAME: usize = 40;

/// The columns of figures: the head, and how wide the terminal has to be for them.
const FIGURES: [(&str, usize); 10] = [
    ("REQUESTS", 0),
    ("FAILED", 0),
    ("GONE", 90),
    ("INPUT", 60),
    ("OUTPUT", 60),
    ("CACHED", 110),
    ("COST", 0),
    ("P50", 80),
    ("P95", 80),
    ("FIRST", 110),
];

/// The steps in which the time of a report makes a picture.
pub(super) fn step(report: &Report) -> Step {
    let seconds = |text: &str| text.parse::<Timestamp>().map(Timestamp::as_second).unwrap_or_default();
    let length = seconds(&report.until) - seconds(&report.since);
    let most = i64::try_from(WIDEST).unwrap_or(i64::MAX);
    let fits = |step: &&Step| length / step.seconds < most;
    STEPS.iter().find(fits).copied().unwrap_or(Step { name: "day", seconds: 86_400 })
}

pub(super) fn text(report: &Report, trend: Option<(Step, &Report)>, shape: &Shape<'_>) -> String {
    let figures: Vec<usize> = FIGURES
        .iter()
        .enumerate()
        .filter(|(_, (_, width))| shape.width >= *width)
        .map(|(at, _)| at)
        .collect();
    let steps = trend.is_none();
    let trends = trend.map(|(step, told)| Trends::new(step, report, told, shape.by));
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let start = steps.then(|| "START".to_owned()).into_iter();
    let heads = start.chain(shape.by.iter().map(|name| name.to_uppercase())).map(Cell::new);
    let heads = heads.chain(figures.iter().filter_map(|at| Some(number(FIGURES.get(*at)?.0))));
    let last = trends.as_ref().map_or_else(|| "REQUESTS".to_owned(), Trends::head);
    table.set_header(heads.chain([Cell::new(last)]));
    let most = report.rows.iter().map(|row| row.figures.requests).max().unwrap_or_default();
    let names = shape.by.len() + usize::from(steps);
    for row in &report.rows {
        let start = steps.then(|| Cell::new(row.start.as_deref().map_or(NONE, short))).into_iter();
        let group = names_of(row, shape.by).into_iter().map(|name| Cell::new(line(&name, NAME)));
        let picture = match &trends {
            Some(trends) => trends.of(row, shape.by),
            None => bar(row.figures.requests, most, BAR),
        };
        table.add_row(start.chain(group).chain(cells(&row.figures, &figures)).chain([Cell::new(picture)]));
    }
    if report.rows.len() > 1 {
        let name = |at: usize| Cell::new(if at == 0 { "TOTAL" } else { "" });
        table.add_row((0..names).map(name).chain(cells(&report.total, &figures)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    notes(report, &mut text);
    text
}

fn notes(report: &Report, text: &mut String) {
    if report.rows.is_empty() {
        text.push_str(&format!("nothing from {} to {}\n", short(&report.since), short(&report.until)));
    }
    if report.total.unpriced > 0 {
        let unpriced = count(report.total.unpriced);
        text.push_str(&format!(
            "{unpriced} of the requests have no known price and are not in COST: ? is nothing but these, + is more for them\n"
        ));
    }
    if report.truncated {
        text.push_str("there are more rows than are shown; ask for less time, wider steps or fewer names\n");
    }
}

/// A moment to the minute.
fn short(time: &str) -> &str {
    time.get(..16).unwrap_or(time)
}

fn names_of(row: &Row, by: &[&str]) -> Vec<String> {
    by.iter().map(|name| row.group.get(*name).cloned().flatten().unwrap_or_else(|| NONE.to_owned())).collect()
}

fn cells(figures: &Figures, columns: &[usize]) -> Vec<Cell> {
    let tokens = &figures.tokens;
    let all = [
        count(figures.requests),
        count(figures.failed),
        count(figures.client_gone),
        compact(tokens.input),
        compact(tokens.output),
        compact(tokens.cache_read),
        figures.spent(),
        millis(figures.duration_ms.p50),
        millis(figures.duration_ms.p95),
        millis(figures.first_token_ms.p50),
    ];
    columns.iter().filter_map(|at| Some(number(all.get(*at)?))).collect()
}

/// What stands at the right of its column.
fn number(text: &str) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// Requests over time, for each row.
struct Trends {
    step: Step,
    counts: HashMap<Vec<String>, Vec<u64>>,
    steps: usize,
}

impl Trends {
    fn new(step: Step, report: &Report, told: &Report, by: &[&str]) -> Self {
        let at = |text: &str| text.parse::<Timestamp>().map(Timestamp::as_second).unwrap_or_default();
        let first = at(&report.since).div_euclid(step.seconds);
        let last = (at(&report.until) - 1).div_euclid(step.seconds);
        let steps = usize::try_from(last - first + 1).unwrap_or_default();
        // Of a long time the end is shown.
        let shown = steps.min(WIDEST);
        let skipped = i64::try_from(steps - shown).unwrap_or_default();
        let mut counts: HashMap<Vec<String>, Vec<u64>> = HashMap::new();
        for row in &told.rows {
            let Some(start) = &row.start else { continue };
            let place = at(start).div_euclid(step.seconds) - first - skipped;
            let counts = counts.entry(names_of(row, by)).or_insert_with(|| vec![0; shown]);
            if let Some(count) = usize::try_from(place).ok().and_then(|place| counts.get_mut(place)) {
                *count += row.figures.requests;
            }
        }
        Self { step, counts, steps: shown }
    }

    fn head(&self) -> String {
        format!("BY {}", self.step.name.to_uppercase())
    }

    fn of(&self, row: &Row, by: &[&str]) -> String {
        let none = || vec![0; self.steps];
        sparkline(&self.counts.get(&names_of(row, by)).cloned().unwrap_or_else(none))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(since: &str, rows: Vec<Row>) -> Report {
        let total =
            Figures { requests: rows.iter().map(|row| row.figures.requests).sum(), ..Figures::default() };
        Report {
            since: since.to_owned(),
            until: "2026-11-26T12:00:00Z".to_owned(),
            rows,
            total,
            truncated: false,
        }
    }

    fn row(start: Option<&str>, model: Option<&str>, requests: u64) -> Row {
        Row {
            start: start.map(str::to_owned),
            figures: Figures { requests, cost_usd: Some(1.25), ..Figures::default() },
            group: [("model".to_owned(), model.map(str::to_owned))].into(),
        }
    }

    #[test]
    fn the_steps_of_a_trend_fit_its_time() {
        let check =
            |since: &str, expect| assert_eq!(step(&report(since, Vec::new())).name, expect, "{since}");
        check("2026-11-26T11:45:00Z", "minute");
        check("2026-11-25T12:00:00Z", "hour");
        check("2026-11-19T12:00:00Z", "day");
        check("2025-11-19T12:00:00Z", "day");
    }

    #[test]
    fn rows_with_a_trend() {
        let all = report("2026-11-26T08:00:00Z", vec![row(None, Some("a"), 9), row(None, None, 1)]);
        let steps = report(
            "2026-11-26T08:00:00Z",
            vec![
                row(Some("2026-11-26T08:00:00Z"), Some("a"), 1),
                row(Some("2026-11-26T11:00:00Z"), Some("a"), 8),
                row(Some("2026-11-26T09:00:00Z"), None, 1),
            ],
        );
        let shape = Shape { by: &["model"], width: 50 };
        let hour = Step { name: "hour", seconds: 3600 };
        let got = text(&all, Some((hour, &steps)), &shape);
        let expect = "MODEL  REQUESTS  FAILED   COST  BY HOUR\n\
                      a             9       0  $1.25  ▁··█\n\
                      -             1       0  $1.25  ·█··\n\
                      TOTAL        10       0     $0\n";
        assert_eq!(got, expect);
    }

    #[test]
    fn what_has_no_price_does_not_cost_nothing() {
        let mut all = report("2026-11-26T08:00:00Z", vec![row(None, Some("a"), 9), row(None, Some("b"), 1)]);
        let figures = |cost_usd, unpriced| Figures { requests: 2, cost_usd, unpriced, ..Figures::default() };
        all.rows[0].figures = figures(Some(1.25), 1);
        all.rows[1].figures = figures(Some(0.0), 2);
        all.total = figures(Some(1.25), 3);
        let steps = report("2026-11-26T11:00:00Z", Vec::new());
        let hour = Step { name: "hour", seconds: 3600 };
        let got = text(&all, Some((hour, &steps)), &Shape { by: &["model"], width: 50 });
        let expect = "MODEL  REQUESTS  FAILED    COST  BY HOUR\n\
                      a             2       0  $1.25+  ····\n\
                      b             2       0       ?  ····\n\
                      TOTAL         2       0  $1.25+\n\
                      3 of the requests have no known price and are not in COST: ? is nothing but these, + is more for them\n";
        assert_eq!(got, expect);
    }

    #[test]
    fn rows_of_steps() {
        let steps = report("2026-11-26T08:00:00Z", vec![row(Some("2026-11-26T08:00:00Z"), Some("a"), 2)]);
        let got = text(&steps, None, &Shape { by: &["model"], width: 50 });
        assert!(got.starts_with("START             MODEL  REQUESTS"), "{got}");
        assert!(got.contains("\n2026-11-26T08:00  a             2       0  $1.25  ████████████\n"), "{got}");
        let none = text(&report("2026-11-26T08:00:00Z", Vec::new()), None, &Shape { by: &[], width: 50 });
        assert!(none.ends_with("nothing from 2026-11-26T08:00 to 2026-11-26T12:00\n"), "{none}");
    }
}
