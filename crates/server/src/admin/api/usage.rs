//! `GET /api/usage`: what exchanges used, by time and by whatever tells them apart.

use std::sync::Arc;

use axum::extract::State;
use ccproxy_store::{Bucket, Dimension, Figures, Percentiles, Store, StoreError, UsageQuery, UsageReport};
use http::{HeaderValue, Uri};
use jiff::{SignedDuration, Timestamp};

use super::csv::Csv;
use super::query::Query;
use super::{Answer, JSON, told as told_as};
use crate::app::App;
use crate::error::Error;

const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8");
const NAME: HeaderValue = HeaderValue::from_static("attachment; filename=\"usage.csv\"");
/// What is told unless another time is asked for.
const LAST: SignedDuration = SignedDuration::from_hours(24);

const BUCKETS: [(&str, Bucket); 6] = [
    ("none", Bucket::None),
    ("minute", Bucket::Minute),
    ("hour", Bucket::Hour),
    ("day", Bucket::Day),
    ("week", Bucket::Week),
    ("month", Bucket::Month),
];

pub(in crate::admin) async fn usage(State(app): State<Arc<App>>, uri: Uri) -> Answer {
    let asked = Asked::read(&uri)?;
    let as_csv = asked.as_csv;
    // Ten thousand rows take a while to be written as text, too.
    let body = app.archive.read(move |store| asked.answer(store)).await?;
    if !as_csv {
        return Ok(told_as(JSON, body));
    }
    let mut response = told_as(CSV, body);
    response.headers_mut().insert(http::header::CONTENT_DISPOSITION, NAME);
    Ok(response)
}

/// What `GET /api/usage` with this query would answer out of this store. Blocks.
///
/// # Errors
/// Every mistake in the query, or why the store does not answer.
pub fn told(store: &Store, query: &str) -> Result<Vec<u8>, StoreError> {
    let wrong = |why: String| StoreError::Query(why);
    let uri = Uri::try_from(format!("/?{query}")).map_err(|error| wrong(error.to_string()))?;
    Asked::read(&uri).map_err(|error| wrong(error.to_string()))?.answer(store)
}

/// A question.
struct Asked {
    query: UsageQuery,
    as_csv: bool,
}

impl Asked {
    fn read(uri: &Uri) -> Result<Self, Error> {
        let now = Timestamp::now();
        let mut query = Query::filtered(uri, &["since", "until", "bucket", "group", "format"]);
        let until = query.moment("until", now).unwrap_or(now);
        let since = query.moment("since", now);
        let bucket = query.word("bucket", &BUCKETS).unwrap_or_default();
        let dimensions = Dimension::ALL.map(|dimension| (dimension.name(), dimension));
        let group = query.words("group", &dimensions);
        let as_csv = query.word("format", &[("json", false), ("csv", true)]).unwrap_or_default();
        let filter = query.filter();
        query.end()?;
        let since = since.unwrap_or_else(|| until.saturating_sub(LAST).unwrap_or(Timestamp::MIN));
        Ok(Self { query: UsageQuery { since, until, bucket, group, filter }, as_csv })
    }

    fn answer(&self, store: &Store) -> Result<Vec<u8>, StoreError> {
        let report = store.usage(&self.query)?;
        Ok(if self.as_csv { table(&report) } else { serde_json::to_vec(&report)? })
    }
}

/// A column of figures, and its cell.
type Column = (&'static str, fn(&Figures, &mut Csv));

const COLUMNS: [Column; 24] = [
    ("requests", |figures, csv| csv.plain(Some(figures.requests))),
    ("failed", |figures, csv| csv.plain(Some(figures.failed))),
    ("client_gone", |figures, csv| csv.plain(Some(figures.client_gone))),
    ("faults_client", |figures, csv| csv.plain(Some(figures.faults.client))),
    ("faults_us", |figures, csv| csv.plain(Some(figures.faults.us))),
    ("faults_upstream", |figures, csv| csv.plain(Some(figures.faults.upstream))),
    ("attempts", |figures, csv| csv.plain(Some(figures.attempts))),
    ("tokens_input", |figures, csv| csv.plain(Some(figures.tokens.input))),
    ("tokens_output", |figures, csv| csv.plain(Some(figures.tokens.output))),
    ("tokens_cache_read", |figures, csv| csv.plain(Some(figures.tokens.cache_read))),
    ("tokens_cache_write", |figures, csv| csv.plain(Some(figures.tokens.cache_write))),
    ("tokens_reasoning", |figures, csv| csv.plain(Some(figures.tokens.reasoning))),
    ("cost_usd", |figures, csv| csv.plain(figures.spent.known())),
    ("unpriced", |figures, csv| csv.plain(Some(figures.spent.unpriced))),
    ("duration_ms_p50", |figures, csv| share(&figures.durations, 0.5, csv)),
    ("duration_ms_p95", |figures, csv| share(&figures.durations, 0.95, csv)),
    ("duration_ms_p99", |figures, csv| share(&figures.durations, 0.99, csv)),
    ("duration_ms_max", |figures, csv| csv.plain(figures.durations.max())),
    ("first_token_ms_p50", |figures, csv| share(&figures.first_tokens, 0.5, csv)),
    ("first_token_ms_p95", |figures, csv| share(&figures.first_tokens, 0.95, csv)),
    ("first_token_ms_p99", |figures, csv| share(&figures.first_tokens, 0.99, csv)),
    ("first_token_ms_max", |figures, csv| csv.plain(figures.first_tokens.max())),
    ("request_bytes", |figures, csv| csv.plain(Some(figures.request_bytes))),
    ("response_bytes", |figures, csv| csv.plain(Some(figures.response_bytes))),
];

fn share(times: &Percentiles, share: f64, csv: &mut Csv) {
    csv.plain(times.millis(share));
}

fn table(report: &UsageReport) -> Vec<u8> {
    let mut csv = Csv::default();
    let steps = report.bucket != Bucket::None;
    let start = steps.then_some("start");
    let names = start.into_iter().chain(report.group.iter().map(|dimension| dimension.name()));
    names.chain(COLUMNS.iter().map(|(name, _)| *name)).for_each(|name| csv.plain(Some(name)));
    csv.end();
    for row in &report.rows {
        if steps {
            csv.plain(row.start);
        }
        row.group.iter().for_each(|(_, value)| csv.text(value.as_deref().unwrap_or_default()));
        COLUMNS.iter().for_each(|(_, cell)| cell(&row.figures, &mut csv));
        csv.end();
    }
    csv.into_bytes()
}

#[cfg(test)]
mod tests {
    use ccproxy_store::{UsageReport, UsageRow};

    use super::*;

    #[test]
    fn a_table_has_the_figures_of_the_json() {
        let figures = Figures { requests: 7, request_bytes: 9, ..Figures::default() };
        let row = UsageRow {
            start: None,
            group: vec![(Dimension::Model, Some("=cmd".to_owned())), (Dimension::Key, None)],
            figures: figures.clone(),
        };
        let report = UsageReport {
            since: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
            bucket: Bucket::None,
            group: vec![Dimension::Model, Dimension::Key],
            rows: vec![row],
            total: figures.clone(),
            truncated: false,
        };
        let text = String::from_utf8(table(&report)).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines[0].starts_with("model,key,requests,failed,"), "{}", lines[0]);
        assert!(lines[1].starts_with("'=cmd,,7,0,"), "{}", lines[1]);
        assert_eq!(lines[0].split(',').count(), lines[1].split(',').count());
        // Every figure of the JSON has its column.
        let mut leaves = Vec::new();
        for (name, value) in serde_json::to_value(&figures).unwrap().as_object().unwrap() {
            match value.as_object() {
                Some(inner) => leaves.extend(inner.keys().map(|key| format!("{name}_{key}"))),
                None => leaves.push(name.clone()),
            }
        }
        assert_eq!(leaves, COLUMNS.map(|(name, _)| name));
    }
}
