//! How long a dashboard waits for what it asks.

use ccproxy_record::Record;
use ccproxy_store::{Bucket, Dimension, Filter, RequestQuery, Store, StoreError, UsageQuery};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Each is asked so often.
const RUNS: usize = 5;

pub(crate) fn queries(store: &Store) -> Result<(), StoreError> {
    use Dimension::{Error, Fault, Key, Model, Provider, Status};
    let now = Timestamp::now() + SignedDuration::from_secs(1);
    println!("{:<58} {:>9} {:>9} {:>7}", "query", "first ms", "median", "rows");
    let usage = |name: &str, hours: i64, bucket, group: &[Dimension], filter: Filter| {
        let since = now - SignedDuration::from_hours(hours);
        let query = UsageQuery { since, until: now, bucket, group: group.to_vec(), filter };
        time(&format!("usage: {name}"), || store.usage(&query).map(|report| report.rows.len()))
    };
    let all = Filter::default;
    let values = |values: &[(Dimension, &str)]| Filter {
        values: values.iter().map(|(dimension, value)| (*dimension, (*value).to_owned())).collect(),
        ..Filter::default()
    };
    let slow = |seconds: u64| Filter { min_duration: Some(seconds * 1_000_000), ..Filter::default() };
    usage("1 h by minute", 1, Bucket::Minute, &[], all())?;
    usage("24 h by minute", 24, Bucket::Minute, &[], all())?;
    usage("24 h by hour", 24, Bucket::Hour, &[], all())?;
    usage("24 h by hour and fault", 24, Bucket::Hour, &[Fault], all())?;
    usage("24 h by provider", 24, Bucket::None, &[Provider], all())?;
    usage("24 h by error and status", 24, Bucket::None, &[Error, Status], all())?;
    usage("7 d by hour and model", 7 * 24, Bucket::Hour, &[Model], all())?;
    usage("30 d by hour", 30 * 24, Bucket::Hour, &[], all())?;
    usage("30 d by day and model", 30 * 24, Bucket::Day, &[Model], all())?;
    usage("30 d by day and key", 30 * 24, Bucket::Day, &[Key], all())?;
    usage("30 d by key", 30 * 24, Bucket::None, &[Key], all())?;
    usage("30 d by provider", 30 * 24, Bucket::None, &[Provider], all())?;
    usage("30 d, all", 30 * 24, Bucket::None, &[], all())?;
    usage("30 d by model, of one key", 30 * 24, Bucket::None, &[Model], values(&[(Key, "alice")]))?;
    let page = RequestQuery { limit: 1, ..RequestQuery::default() };
    let session = store.requests(&RequestQuery { limit: 50, ..page.clone() })?.requests;
    let session = session.into_iter().find_map(|record: Record| record.session).unwrap_or_default();
    let sessions = Filter { sessions: vec![session], ..Filter::default() };
    usage("30 d by model, of one session", 30 * 24, Bucket::None, &[Model], sessions.clone())?;
    usage("30 d by model, slower than 60 s", 30 * 24, Bucket::None, &[Model], slow(60))?;
    usage("30 d by model, slower than 10 s", 30 * 24, Bucket::None, &[Model], slow(10))?;
    time("spent by key since the beginning of a month", || {
        store.spent(now - SignedDuration::from_hours(30 * 24)).map(|keys| keys.len())
    })?;
    let requests = |name: &str, filter: Filter, pages: usize| {
        let mut query = RequestQuery { filter, limit: 100, ..RequestQuery::default() };
        for _ in 1..pages {
            query.cursor = store.requests(&query)?.next;
        }
        time(&format!("requests: {name}"), || store.requests(&query).map(|page| page.requests.len()))
    };
    requests("first page", all(), 1)?;
    requests("page 50", all(), 50)?;
    requests("failed", values(&[(Dimension::Ending, "failed")]), 1)?;
    requests("failed, page 50", values(&[(Dimension::Ending, "failed")]), 50)?;
    requests("our fault", values(&[(Fault, "us")]), 1)?;
    requests("a rare kind", values(&[(Fault, "us"), (Key, "erin"), (Model, "qwen3-coder")]), 1)?;
    requests("none such", values(&[(Model, "no-such-model")]), 1)?;
    requests("one key", values(&[(Key, "alice")]), 1)?;
    requests("one session", sessions, 1)?;
    requests("slower than 10 s", slow(10), 1)?;
    requests("slower than 60 s", slow(60), 1)?;
    requests("slower than 110 s", slow(110), 1)?;
    requests(
        "one key, slower than 60 s",
        Filter { min_duration: Some(60_000_000), ..values(&[(Key, "bob")]) },
        1,
    )?;
    let some = store.requests(&RequestQuery { limit: 1_000, ..page })?.requests;
    let id = some.last().map(|record| record.id.clone()).unwrap_or_default();
    time("request: by its id", || store.request(&id).map(|found| usize::from(found.is_some())))?;
    Ok(())
}

/// Times a query, and prints it.
fn time(name: &str, query: impl Fn() -> Result<usize, StoreError>) -> Result<(), StoreError> {
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..RUNS {
        let begin = Instant::now();
        rows = query()?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let first = times.first().copied().unwrap_or_default();
    times.sort_by(f64::total_cmp);
    let median = times.get(RUNS / 2).copied().unwrap_or_default();
    println!("{name:<58} {first:>9.1} {median:>9.1} {rows:>7}");
    Ok(())
}
