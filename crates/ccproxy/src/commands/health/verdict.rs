//! What an answer of a health page means.

use http::Uri;
use serde::{Deserialize, Serialize};

/// Docker keeps 4096 bytes of what a probe prints; the text gets what the rest of the line leaves.
const LONGEST: usize = 3000;

/// What is known of the proxy's health.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<u16>,
    status: Status,
    #[serde(skip_serializing_if = "String::is_empty")]
    output: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Pass,
    Warn,
    Fail,
    Unknown,
}

/// What matters of a page in `application/health+json`.
#[derive(Deserialize)]
struct Page {
    status: String,
    #[serde(default)]
    output: String,
}

impl Verdict {
    /// There is no answer, or none that can be believed.
    pub(super) fn unknown(url: Option<&Uri>, reason: impl Into<String>) -> Self {
        let url = url.map(|url| cut(url.to_string(), 500));
        Self { url, http: None, status: Status::Unknown, output: cut(reason.into(), LONGEST) }
    }

    /// Reads an answer. Another program's page that happens to be there is no proof of health.
    pub(super) fn read(url: &Uri, http: u16, body: &[u8]) -> Self {
        let page = serde_json::from_slice::<Page>(body).ok().or_else(|| plain(body));
        let status = page.as_ref().and_then(|page| status(&page.status));
        let (Some(page), Some(status)) = (page, status) else {
            let reason = format!("HTTP {http}, and no health page; does another program listen there?");
            return Self { http: Some(http), ..Self::unknown(Some(url), reason) };
        };
        // The code is what balancers go by; a page that contradicts it is not well.
        let status = if http == 200 { status } else { Status::Fail };
        Self { http: Some(http), status, output: cut(page.output, LONGEST), ..Self::unknown(Some(url), "") }
    }

    pub(super) fn is_healthy(&self) -> bool {
        matches!(self.status, Status::Pass | Status::Warn)
    }

    /// One line.
    pub(super) fn text(&self) -> String {
        let status = match self.status {
            Status::Pass => "pass",
            Status::Warn => "warn",
            Status::Fail => "fail",
            Status::Unknown => "unknown",
        };
        let url = self.url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        let gap = if self.output.is_empty() { "" } else { ": " };
        format!("{status}{url}{gap}{}\n", self.output)
    }

    /// One line of JSON.
    pub(super) fn json(&self) -> String {
        format!("{}\n", serde_json::to_string(self).unwrap_or_default())
    }
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

/// `/livez` and its like say `ok`.
fn plain(body: &[u8]) -> Option<Page> {
    (body.trim_ascii() == b"ok").then(|| Page { status: "ok".to_owned(), output: String::new() })
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:8000/health";

    fn read(http: u16, body: &str) -> Verdict {
        Verdict::read(&URL.parse().unwrap(), http, body.as_bytes())
    }

    #[test]
    fn the_code_and_the_page_must_agree_that_all_is_well() {
        let check = |http, body: &str, healthy, text: &str| {
            let verdict = read(http, body);
            assert_eq!(verdict.is_healthy(), healthy, "{http} {body}");
            assert_eq!(verdict.text(), format!("{text}\n"));
        };
        check(200, r#"{"status":"pass"}"#, true, "pass http://127.0.0.1:8000/health");
        check(200, r#"{"status":"warn","output":"x"}"#, true, "warn http://127.0.0.1:8000/health: x");
        check(200, r#"{"status":"UP"}"#, true, "pass http://127.0.0.1:8000/health");
        check(200, "ok\n", true, "pass http://127.0.0.1:8000/health");
        check(503, r#"{"status":"fail","output":"a: b"}"#, false, "fail http://127.0.0.1:8000/health: a: b");
        check(200, r#"{"status":"fail","output":"x"}"#, false, "fail http://127.0.0.1:8000/health: x");
        check(503, r#"{"status":"pass"}"#, false, "fail http://127.0.0.1:8000/health");
        let other = |http| {
            format!("unknown {URL}: HTTP {http}, and no health page; does another program listen there?")
        };
        check(200, "<html>", false, &other(200));
        check(404, r#"{"detail":"Not Found"}"#, false, &other(404));
        check(200, r#"{"status":"splendid"}"#, false, &other(200));
    }

    #[test]
    fn output_stays_below_what_docker_keeps() {
        let body = format!(r#"{{"status":"fail","output":"{}"}}"#, "ä".repeat(50_000));
        let verdict = read(503, &body);
        assert!(verdict.text().len() < 4096);
        assert!(verdict.json().len() < 4096);
    }

    #[test]
    fn json_is_one_line() {
        let verdict = read(503, r#"{"status":"fail","output":"two\nlines"}"#);
        assert_eq!(
            verdict.json(),
            "{\"url\":\"http://127.0.0.1:8000/health\",\"http\":503,\"status\":\"fail\",\"output\":\"two\\nlines\"}\n"
        );
    }
}
