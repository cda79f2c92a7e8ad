//! How a verdict is printed: as a line and a table, or as one line of JSON.

use comfy_table::Table;
use comfy_table::presets::NOTHING;

use super::verdict::{Trouble, Verdict};

/// Docker keeps 4096 bytes of what a probe prints.
const LARGEST: usize = 4095;
/// The longest output in the table, in characters; the page itself has all of it.
const WIDEST: usize = 100;

/// The status line, and a table of the checks that are not well.
pub(super) fn text(verdict: &Verdict) -> String {
    let url = verdict.url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
    let gap = if verdict.output.is_empty() { "" } else { ": " };
    let line = format!("{}{url}{gap}{}\n", verdict.status.as_str(), verdict.output);
    let shown = most(verdict.troubles.len(), |shown| line.len() + table(verdict, shown).len() <= LARGEST);
    line + &table(verdict, shown)
}

/// The greatest number up to `all` that fits. Where one does not fit, no greater one does, so few are tried.
fn most(all: usize, fits: impl Fn(usize) -> bool) -> usize {
    let numbers: Vec<usize> = (1..=all).collect();
    numbers.partition_point(|number| fits(*number))
}

fn table(verdict: &Verdict, shown: usize) -> String {
    if verdict.troubles.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    let rows = verdict.troubles.iter().take(shown).map(row);
    table.load_style(NOTHING).set_header(["CHECK", "STATUS", "SINCE", "OUTPUT"]).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let more = verdict.troubles.len().saturating_sub(shown);
    if more > 0 {
        text.push_str(&format!("and {more} more\n"));
    }
    text
}

fn row(trouble: &Trouble) -> [String; 4] {
    // To the second; the page itself has it exactly.
    let since = match trouble.since.get(..19) {
        Some(since) if trouble.since.ends_with("+00:00") => format!("{since}Z"),
        _ => trouble.since.clone(),
    };
    let mut output: String = trouble.output.chars().take(WIDEST).collect();
    if output.len() < trouble.output.len() {
        output.push('…');
    }
    [trouble.name.clone(), trouble.status.as_str().to_owned(), since, output]
}

/// One line of JSON. Checks are left out, and counted, from the least bad on; then the text is cut.
pub(super) fn json(verdict: &Verdict) -> String {
    let line = |verdict: &Verdict| format!("{}\n", serde_json::to_string(verdict).unwrap_or_default());
    let with = |kept: usize| Verdict {
        troubles: verdict.troubles.iter().take(kept).cloned().collect(),
        omitted: verdict.omitted + verdict.troubles.len().saturating_sub(kept),
        ..verdict.clone()
    };
    let kept = most(verdict.troubles.len(), |kept| line(&with(kept)).len() <= LARGEST);
    let mut shown = with(kept);
    loop {
        let line = line(&shown);
        if line.len() <= LARGEST {
            return line;
        }
        let half = shown.output.floor_char_boundary(shown.output.len() / 2);
        shown.output.truncate(half);
        shown.url = shown.url.filter(|_| half > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::reach::Way;
    use super::super::place::Place;
    use super::*;

    fn read(body: &str) -> Verdict {
        let place = Place { way: Way::Tcp("a:1".to_owned()), page: "/health".to_owned() };
        Verdict::read(&place, 503, body.as_bytes())
    }

    #[test]
    fn a_line_and_a_table() {
        let body = r#"{"status":"fail","output":"disk:free: full","checks":{
            "clock:jump":[{"status":"warn","output":"it jumped"}],
            "disk:free":[{"status":"fail","output":"full","since":"2026-11-23T10:00:00.123456+00:00"}]}}"#;
        let expect = "fail http://a:1/health: disk:free: full\n\
                      CHECK       STATUS  SINCE                 OUTPUT\n\
                      disk:free   fail    2026-11-23T10:00:00Z  full\n\
                      clock:jump  warn                          it jumped\n";
        assert_eq!(text(&read(body)), expect);
        let line = r#"{"url":"http://a:1/health","http":503,"status":"fail","output":"disk:free: full","checks":[{"name":"disk:free","status":"fail","since":"2026-11-23T10:00:00.123456+00:00","output":"full"},{"name":"clock:jump","status":"warn","output":"it jumped"}]}"#;
        assert_eq!(json(&read(body)), format!("{line}\n"));
        assert_eq!(text(&read(r#"{"status":"fail","output":"x"}"#)), "fail http://a:1/health: x\n");
    }

    #[test]
    fn it_stays_below_what_docker_keeps() {
        let check = |body: &str| {
            let verdict = read(body);
            assert_eq!(verdict.status.as_str(), "fail");
            let (text, json) = (text(&verdict), json(&verdict));
            assert!(text.len() < 4096 && text.ends_with('\n'), "{}", text.len());
            assert!(json.len() < 4096 && json.ends_with("}\n"), "{}", json.len());
            (text, json)
        };
        check(&format!(r#"{{"status":"fail","output":"{}"}}"#, "ä".repeat(50_000)));
        check(&format!(r#"{{"status":"fail","output":"{}"}}"#, "\\\"".repeat(50_000)));
        check(&format!(r#"{{"status":"fail","output":"{}"}}"#, "\\u0001".repeat(50_000)));
        let many: Vec<String> = (0..1000)
            .map(|i| format!(r#""check-{i:04}":[{{"status":"fail","output":"{}"}}]"#, "é\\\"".repeat(200)))
            .collect();
        let (text, json) = check(&format!(r#"{{"status":"fail","checks":{{{}}}}}"#, many.join(",")));
        assert!(text.contains("\ncheck-0005 ") && text.contains(" more\n"), "{text}");
        assert!(json.contains("\"check-0002\"") && json.contains("\"omitted\":99"), "{json}");
    }
}
