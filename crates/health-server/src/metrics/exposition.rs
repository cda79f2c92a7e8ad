//! Writing a registry down, in the format that the asker reads.

use std::fmt::Error;

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

/// How metrics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' own text format, which everything reads.
    Classic,
}

impl Format {
    /// OpenMetrics for whoever names it in `Accept`; the classic format for everybody else.
    pub fn wanted(headers: &HeaderMap) -> Self {
        let names = |value: &HeaderValue| {
            value.as_bytes().windows(OPEN_METRICS.len()).any(|part| part == OPEN_METRICS.as_bytes())
        };
        if headers.get_all(ACCEPT).iter().any(names) { Self::OpenMetrics } else { Self::Classic }
    }

    /// `Content-Type`.
    pub fn media(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
        })
    }

    /// Writes every metric of a registry.
    ///
    /// # Errors
    /// When a collector fails.
    pub fn write(self, registry: &Registry) -> Result<String, Error> {
        let mut page = String::new();
        text::encode(&mut page, registry)?;
        Ok(match self {
            Self::OpenMetrics => page,
            Self::Classic => classic(&page),
        })
    }
}

/// What an exemplar begins with, and the name of a line that may have one ends in.
const EXAMPLE: &str = " # {";
const CLASS: &str = "_bucket{";
const OPEN_METRICS: &str = "application/openmetrics-text";

/// The classic format of what is in OpenMetrics. There a family is called by the name that stands on its lines, so
/// `# TYPE x counter` is `# TYPE x_total counter`; it knows neither units, nor exemplars, nor an end.
fn classic(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut help = None;
    for line in page.lines() {
        let Some(comment) = line.strip_prefix("# ") else {
            // Only classes of histograms have examples, which the classic format has not.
            let example = line.rfind(EXAMPLE).filter(|at| line.contains(CLASS) && !in_quotes(line, *at));
            line_to(&mut out, &[example.and_then(|at| line.get(..at)).unwrap_or(line)]);
            continue;
        };
        match comment.splitn(3, ' ').collect::<Vec<_>>().as_slice() {
            ["HELP", _, text] => help = Some(*text),
            ["TYPE", name, kind] => {
                let (suffix, kind) = match *kind {
                    "counter" => ("_total", "counter"),
                    "info" => ("_info", "gauge"),
                    "unknown" => ("", "untyped"),
                    kind => ("", kind),
                };
                if let Some(text) = help.take() {
                    line_to(&mut out, &["# HELP ", name, suffix, " ", text]);
                }
                line_to(&mut out, &["# TYPE ", name, suffix, " ", kind]);
            }
            _ => {}
        }
    }
    out
}

/// Whether a place in a line is within the value of a label, which may hold anything.
fn in_quotes(line: &str, at: usize) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    for byte in line.bytes().take(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
    }
    quoted
}

fn line_to(out: &mut String, parts: &[&str]) {
    out.extend(parts.iter().copied());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classic_format() {
        let open = "# HELP a_seconds How long.\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1.0\n\
                    # HELP b Runs # of all.\n# TYPE b counter\nb_total{x=\"# EOF\"} 2\n\
                    # HELP c Build.\n# TYPE c info\nc_info{v=\"1\"} 1\n# HELP d D.\n# TYPE d histogram\nd_bucket{le=\"1\"} 1 # {id=\"x\"} 0.5\nd_bucket{m=\"a # {b\",le=\"2\"} 1\n# EOF\n";
        let expect = "# HELP a_seconds How long.\n# TYPE a_seconds gauge\na_seconds 1.0\n\
                      # HELP b_total Runs # of all.\n# TYPE b_total counter\nb_total{x=\"# EOF\"} 2\n\
                      # HELP c_info Build.\n# TYPE c_info gauge\nc_info{v=\"1\"} 1\n# HELP d D.\n# TYPE d histogram\nd_bucket{le=\"1\"} 1\nd_bucket{m=\"a # {b\",le=\"2\"} 1\n";
        assert_eq!(classic(open), expect);
    }

    #[test]
    fn wanted() {
        let check = |accept: &'static str, expect| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(Format::wanted(&headers), expect, "{accept}");
        };
        check(
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2,*/*;q=0.1",
            Format::OpenMetrics,
        );
        check("text/plain;version=0.0.4", Format::Classic);
        check("*/*", Format::Classic);
        assert_eq!(Format::wanted(&HeaderMap::new()), Format::Classic);
    }
}
