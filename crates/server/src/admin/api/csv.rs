//! Usage as comma-separated values (RFC 4180), for spreadsheets.

use ccproxy_store::{Figures, UsageReport, UsageRow};

/// The columns of figures.
const FIGURES: [&str; 23] = [
    "requests",
    "failed",
    "client_gone",
    "client_faults",
    "our_faults",
    "upstream_faults",
    "attempts",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
    "unpriced",
    "duration_p50_ms",
    "duration_p95_ms",
    "duration_p99_ms",
    "duration_max_ms",
    "first_token_p50_ms",
    "first_token_p95_ms",
    "first_token_p99_ms",
    "request_bytes",
    "response_bytes",
];

/// A line of names, then a line for each row.
pub(super) fn write(report: &UsageReport) -> String {
    let has_start = report.rows.iter().any(|row| row.start.is_some());
    let names = has_start.then_some("start").into_iter();
    let names = names.chain(report.group.iter().map(|dimension| dimension.name())).chain(FIGURES);
    let mut text = line(names.map(str::to_owned));
    for row in &report.rows {
        text.push_str(&line(cells(row)));
    }
    text
}

fn cells(row: &UsageRow) -> impl Iterator<Item = String> + '_ {
    let start = row.start.map(|start| start.to_string());
    let group = row.group.iter().map(|(_, value)| plain(value.as_deref().unwrap_or_default()));
    start.into_iter().chain(group).chain(figures(&row.figures))
}

fn figures(figures: &Figures) -> [String; FIGURES.len()] {
    let count = |count: u64| count.to_string();
    let millis = |millis: Option<f64>| millis.map(|millis| millis.to_string()).unwrap_or_default();
    let (times, first) = (&figures.durations, &figures.first_tokens);
    [
        count(figures.requests),
        count(figures.failed),
        count(figures.client_gone),
        count(figures.faults.client),
        count(figures.faults.us),
        count(figures.faults.upstream),
        count(figures.attempts),
        count(figures.tokens.input),
        count(figures.tokens.output),
        count(figures.tokens.cache_read),
        count(figures.tokens.cache_write),
        count(figures.tokens.reasoning),
        figures.cost.to_string(),
        count(figures.unpriced),
        millis(times.millis(0.5)),
        millis(times.millis(0.95)),
        millis(times.millis(0.99)),
        millis(times.max()),
        millis(first.millis(0.5)),
        millis(first.millis(0.95)),
        millis(first.millis(0.99)),
        count(figures.request_bytes),
        count(figures.response_bytes),
    ]
}

/// Names are the client's to choose, and a spreadsheet takes what begins like this for a formula.
fn plain(name: &str) -> String {
    let formula = name.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{name}") } else { name.to_owned() }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted = cells.map(|cell| {
        if cell.contains(['"', ',', '\r', '\n']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    });
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use ccproxy_store::{Bucket, Dimension};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn names_do_no_harm() {
        let check = |name: &str, expect: &str| {
            let row = UsageRow {
                start: Some(Timestamp::UNIX_EPOCH),
                group: vec![(Dimension::Model, Some(name.to_owned()))],
                figures: Figures::default(),
            };
            let report = UsageReport {
                since: Timestamp::UNIX_EPOCH,
                until: Timestamp::UNIX_EPOCH,
                bucket: Bucket::Hour,
                group: vec![Dimension::Model],
                rows: vec![row],
                total: Figures::default(),
                truncated: false,
            };
            let text = write(&report);
            let begin = format!("1970-01-01T00:00:00Z,{expect},0,0,");
            assert!(text.starts_with("start,model,requests,") && text.contains(&begin), "{text}");
        };
        check("gpt-5", "gpt-5");
        check("a,b", "\"a,b\"");
        check("say \"hi\"", "\"say \"\"hi\"\"\"");
        check("=1+1", "'=1+1");
        check("", "");
    }
}
