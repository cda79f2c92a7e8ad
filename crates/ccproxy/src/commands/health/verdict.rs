//! What an answer of a health page means.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::place::Place;

/// The longest text of the whole, in bytes. Docker keeps 4096 of what a probe prints.
const LONGEST: usize = 2000;
/// The longest text of one check.
const LONGEST_OF_ONE: usize = 256;

/// Said in place of reasons, where only the verdict is given.
const HIDDEN: &str =
    "this page gives no reasons to anonymous callers; see health.details, or ask with --management";

/// What is known of the proxy's health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::commands) struct Verdict {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) http: Option<u16>,
    pub(in crate::commands) status: Status,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(in crate::commands) output: String,
    /// The checks that are not well, worst first.
    #[serde(rename = "checks", skip_serializing_if = "Vec::is_empty")]
    pub(in crate::commands) troubles: Vec<Trouble>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub(in crate::commands) omitted: usize,
}

/// A check that is not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::commands) struct Trouble {
    pub(in crate::commands) name: String,
    pub(in crate::commands) status: Status,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(in crate::commands) since: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(in crate::commands) output: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::commands) enum Status {
    Pass,
    Warn,
    Unknown,
    Fail,
}

impl Status {
    pub(in crate::commands) const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// What matters of a page in `application/health+json`.
#[derive(Default, Deserialize)]
struct Page {
    status: String,
    #[serde(default)]
    output: String,
    #[serde(default)]
    checks: BTreeMap<String, Vec<Entry>>,
}

/// The same of a page whose checks have another form.
#[derive(Deserialize)]
struct Head {
    status: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    component_id: String,
    status: String,
    since: String,
    output: String,
}

impl Verdict {
    /// There is no answer, or none that can be believed.
    pub(super) fn unknown(place: Option<&Place>, reason: impl Into<String>) -> Self {
        Self::none(place.map(ToString::to_string).as_deref(), reason)
    }

    /// The same for a page of this URL.
    pub(in crate::commands) fn none(url: Option<&str>, reason: impl Into<String>) -> Self {
        Self {
            url: url.map(|url| line(url, 500)),
            http: None,
            status: Status::Unknown,
            output: line(&reason.into(), LONGEST),
            troubles: Vec::new(),
            omitted: 0,
        }
    }

    /// Reads an answer. Another program's page that happens to be there is no proof of health.
    pub(super) fn read(place: &Place, http: u16, body: &[u8]) -> Self {
        Self::of(&place.to_string(), http, body)
    }

    /// The same of the page of this URL.
    pub(in crate::commands) fn of(url: &str, http: u16, body: &[u8]) -> Self {
        let page = page(body);
        let status = page.as_ref().and_then(|page| status(&page.status));
        let (Some(page), Some(status)) = (page, status) else {
            let reason = match http {
                404 => "HTTP 404: there is no such page; is the name right, and is it this program that listens there?".to_owned(),
                _ => format!("HTTP {http}, and no health page; does another program listen there?"),
            };
            return Self { http: Some(http), ..Self::none(Some(url), reason) };
        };
        // The code is what balancers go by; a page that contradicts it is not well.
        let status = if http == 200 { status } else { Status::Fail };
        // What is idle or switched off says warn, and does not count: a page that passes has no troubles.
        let troubles = if status == Status::Pass { Vec::new() } else { troubles(page.checks) };
        let hidden = status != Status::Pass && page.output.is_empty() && troubles.is_empty();
        let output = if hidden { HIDDEN.to_owned() } else { page.output };
        Self { http: Some(http), status, troubles, ..Self::none(Some(url), output) }
    }

    pub(in crate::commands) fn is_healthy(&self) -> bool {
        matches!(self.status, Status::Pass | Status::Warn)
    }
}

fn page(body: &[u8]) -> Option<Page> {
    let head = || serde_json::from_slice(body).ok().map(|Head { status }| Page { status, ..Page::default() });
    serde_json::from_slice(body).ok().or_else(head).or_else(|| plain(body))
}

/// `/livez` and its like say `ok`, or list what is well with `[+]` and what is not with `[-]`.
fn plain(body: &[u8]) -> Option<Page> {
    let text = str::from_utf8(body).ok()?.trim();
    let bad: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("[-]")).collect();
    if !bad.is_empty() {
        return Some(Page { status: "fail".to_owned(), output: bad.join("; "), ..Page::default() });
    }
    let listed = text.lines().any(|line| line.starts_with("[+]"));
    (text == "ok" || listed).then(|| Page { status: "ok".to_owned(), ..Page::default() })
}

/// The words of the draft, and those it wants consumers to take as well.
fn status(text: &str) -> Option<Status> {
    match text.to_ascii_lowercase().as_str() {
        "pass" | "ok" | "up" => Some(Status::Pass),
        "warn" => Some(Status::Warn),
        "fail" | "error" | "down" => Some(Status::Fail),
        _ => None,
    }
}

/// The checks that are not well, worst first, by name within.
fn troubles(checks: BTreeMap<String, Vec<Entry>>) -> Vec<Trouble> {
    let entries = checks.into_iter().flat_map(|(key, list)| {
        let several = list.len() > 1;
        // An entry without a status is of something idle, which counts for nothing.
        let known = list.into_iter().filter(|entry| !entry.status.is_empty());
        known.map(move |entry| trouble(&key, &entry, several)).collect::<Vec<_>>()
    });
    let mut troubles: Vec<Trouble> = entries.filter(|one| one.status != Status::Pass).collect();
    troubles.sort_by_key(|one| Reverse(one.status));
    troubles
}

fn trouble(key: &str, entry: &Entry, several: bool) -> Trouble {
    let name = if several { format!("{key} ({})", entry.component_id) } else { key.to_owned() };
    Trouble {
        name: line(&name, 2 * 64),
        status: status(&entry.status).unwrap_or(Status::Unknown),
        since: line(&entry.since, 40),
        output: line(&entry.output, LONGEST_OF_ONE),
    }
}

/// One line of at most so many bytes. What another program says does not steer the terminal.
fn line(text: &str, most: usize) -> String {
    let mut line = text.replace(char::is_control, " ");
    if line.len() > most {
        line.truncate(line.floor_char_boundary(most));
        line.push('…');
    }
    line
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::super::super::reach::Way;
    use super::*;

    fn read(http: u16, body: &str) -> Verdict {
        let place = Place { way: Way::Tcp("a:1".to_owned()), page: "/health".to_owned() };
        Verdict::read(&place, http, body.as_bytes())
    }

    #[test]
    fn the_code_and_the_page_must_agree_that_all_is_well() {
        let check = |http, body: &str, status, output: &str| {
            let verdict = read(http, body);
            assert_eq!((verdict.status, verdict.output.as_str()), (status, output), "{http} {body}");
        };
        check(200, r#"{"status":"pass"}"#, Status::Pass, "");
        check(200, r#"{"status":"warn","output":"x"}"#, Status::Warn, "x");
        check(503, r#"{"status":"fail","output":"a: b"}"#, Status::Fail, "a: b");
        check(200, r#"{"status":"fail","output":"x"}"#, Status::Fail, "x");
        check(503, r#"{"status":"pass"}"#, Status::Fail, HIDDEN);
        check(503, r#"{"status":"fail"}"#, Status::Fail, HIDDEN);
        let other = |http| format!("HTTP {http}, and no health page; does another program listen there?");
        check(200, "<html>", Status::Unknown, &other(200));
        check(500, r#"{"detail":"x"}"#, Status::Unknown, &other(500));
        check(200, r#"{"status":"splendid"}"#, Status::Unknown, &other(200));
        assert!(read(404, r#"{"detail":"Not Found"}"#).output.starts_with("HTTP 404: there is no such page"));
    }

    #[test]
    fn other_words_and_forms_are_understood() {
        let check = |http, body: &str, status| assert_eq!(read(http, body).status, status, "{body}");
        for word in ["pass", "ok", "up", "UP", "Ok", "PASS"] {
            check(200, &format!(r#"{{"status":"{word}"}}"#), Status::Pass);
        }
        for word in ["fail", "error", "down", "DOWN", "Error"] {
            check(503, &format!(r#"{{"status":"{word}"}}"#), Status::Fail);
        }
        check(200, r#"{"status":"WARN"}"#, Status::Warn);
        check(200, r#"{"status":"UP","checks":[],"output":{}}"#, Status::Pass);
        check(200, "ok\n", Status::Pass);
        check(200, "[+]disk ok\nreadyz check passed\n", Status::Pass);
        let failed = read(503, "[+]ping ok\n[-]disk failed: full\nreadyz check failed\n");
        assert_eq!((failed.status, failed.output.as_str()), (Status::Fail, "disk failed: full"));
    }

    #[test]
    fn troubles_come_worst_first() {
        let body = r#"{"status":"fail","checks":{
            "a":[{"componentId":"a","status":"warn","output":"slow","since":"2026-11-23T10:00:00.000000+00:00"}],
            "disk:free":[{"componentId":"x","status":"pass"},{"componentId":"y","status":"fail","output":"full\u001b[2J"}],
            "odd":[{"status":"green"}],
            "well":[{"status":"pass","observedValue":3}]}}"#;
        let troubles = read(503, body).troubles;
        let told: Vec<_> = troubles.iter().map(|t| (t.name.as_str(), t.status, t.output.as_str())).collect();
        assert_eq!(
            told,
            [
                ("disk:free (y)", Status::Fail, "full [2J"),
                ("odd", Status::Unknown, ""),
                ("a", Status::Warn, "slow")
            ]
        );
        assert_eq!(troubles[2].since, "2026-11-23T10:00:00.000000+00:00");
        let idle = r#"{"status":"pass","checks":{"a":[{"output":"no recent traffic"}]}}"#;
        assert_eq!(read(200, idle).troubles, []);
    }
}
