//! Whatever records there are and whatever is asked, the answer is what counting by hand gives.

use std::collections::BTreeMap;
use std::sync::Arc;

use ccproxy_record::Record;
use ccproxy_store::{Bucket, Dimension, Figures, Filter, RequestQuery, Store, UsageQuery};
use jiff::{SignedDuration, Timestamp};

use crate::support::{each_kind, ended, options, record};

/// Records of the last `hours`, a few of them of models that nobody else asks for, written in several batches.
fn filled(store: &Store, random: &mut fastrand::Rng, hours: i64) -> Vec<Arc<Record>> {
    let count = random.usize(1..600);
    let mut records: Vec<Arc<Record>> = (0..count)
        .map(|n| {
            let ago = SignedDuration::from_micros(random.i64(0..hours * 3_600_000_000));
            let mut record = record(random, ago);
            if random.u8(..20) == 0 {
                record.model = Some(format!("rare-{}", n % 3));
            }
            Arc::new(record)
        })
        .collect();
    if random.bool() {
        records.sort_by_key(|record| ended(record));
    }
    let mut rest = &records[..];
    while !rest.is_empty() {
        let (batch, others) = rest.split_at(random.usize(1..=rest.len()));
        store.append(batch).unwrap();
        rest = others;
    }
    records
}

fn filter(random: &mut fastrand::Rng, records: &[Arc<Record>]) -> Filter {
    let mut filter = Filter::default();
    for _ in 0..random.usize(..4) {
        // A value that is there, or hardly ever one that is not.
        let record = serde_json::to_value(&*records[random.usize(..records.len())]).unwrap();
        let dimension = Dimension::ALL[random.usize(..Dimension::ALL.len())];
        match &record[dimension.name()] {
            serde_json::Value::String(text) => filter.values.push((dimension, text.clone())),
            serde_json::Value::Number(number) => filter.values.push((dimension, number.to_string())),
            _ if random.u8(..4) == 0 => filter.values.push((Dimension::Model, "nobody's".to_owned())),
            _ => {}
        }
    }
    if random.u8(..4) == 0 {
        filter.sessions = (0..random.usize(1..3)).map(|n| format!("s{}", n + 1)).collect();
    }
    if random.u8(..4) == 0 {
        filter.min_duration = Some(random.u64(..20_000_000));
    }
    filter
}

/// Two moments, the earlier first, at or near where a step begins or anywhere.
fn span(random: &mut fastrand::Rng, hours: i64) -> (Timestamp, Timestamp) {
    let now = Timestamp::now();
    let mut moment = || {
        let at = now - SignedDuration::from_micros(random.i64(-3_600_000_000..(hours + 2) * 3_600_000_000));
        let micros = at.as_microsecond();
        let step = [1, 60_000_000, 3_600_000_000, 86_400_000_000][random.usize(..4)];
        let shift = [0, 0, 1, -1][random.usize(..4)];
        Timestamp::from_microsecond(micros / step * step + shift).unwrap()
    };
    let (one, other) = (moment(), moment());
    if one == other { (one, one + SignedDuration::from_micros(1)) } else { (one.min(other), one.max(other)) }
}

fn start(bucket: Bucket, at: Timestamp) -> Option<String> {
    use jiff::tz::TimeZone;
    let day = at.to_zoned_datetime(TimeZone::UTC).date();
    let midnight = |date: jiff::civil::Date| {
        TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).unwrap().to_string()
    };
    let floor =
        |seconds: i64| Timestamp::from_second(at.as_second() / seconds * seconds).unwrap().to_string();
    match bucket {
        Bucket::None => None,
        Bucket::Minute => Some(floor(60)),
        Bucket::Hour => Some(floor(3600)),
        Bucket::Day => Some(midnight(day)),
        Bucket::Week => {
            let monday = day - jiff::Span::new().days(i64::from(day.weekday().to_monday_zero_offset()));
            Some(midnight(monday))
        }
        Bucket::Month => Some(midnight(day.first_of_month())),
    }
}

/// What a row's key is: where its step begins, then the values of the dimensions.
type Key = Vec<Option<String>>;

/// A query of usage, answered by the store and by hand.
fn check_usage(store: &Store, records: &[Arc<Record>], query: &UsageQuery) {
    let report = match store.usage(query) {
        Ok(report) => report,
        Err(error) => return assert!(error.to_string().contains("more than 2000 steps"), "{error}"),
    };
    assert_eq!((report.since, report.until), (query.since, query.until), "nothing has been deleted");
    let mut expect = BTreeMap::<Key, Vec<&Record>>::new();
    for record in records {
        if ended(record) < query.since || ended(record) >= query.until || !query.filter.matches(record) {
            continue;
        }
        let json = serde_json::to_value(&**record).unwrap();
        let value = |dimension: &Dimension| match &json[dimension.name()] {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let key = std::iter::once(start(query.bucket, ended(record))).chain(query.group.iter().map(value));
        expect.entry(key.collect()).or_default().push(record);
    }
    assert_eq!(report.rows.len(), expect.len(), "{query:?}");
    for row in &report.rows {
        let key = std::iter::once(row.start.map(|start| start.to_string()));
        let key: Key = key.chain(row.group.iter().map(|(_, value)| value.clone())).collect();
        let of = expect.get(&key).unwrap_or_else(|| panic!("{key:?} of {query:?}"));
        check_figures(&row.figures, of);
    }
    let all: Vec<&Record> = expect.into_values().flatten().collect();
    check_figures(&report.total, &all);
    let order: Vec<_> = report.rows.iter().map(|row| (row.start, u64::MAX - row.figures.requests)).collect();
    assert!(order.is_sorted(), "{query:?}");
}

fn check_figures(figures: &Figures, records: &[&Record]) {
    let mut sum = Figures::default();
    records.iter().for_each(|record| sum.add(record));
    assert_eq!(*figures, sum);
    let mut times: Vec<u64> = records.iter().map(|record| record.duration.micros()).collect();
    times.sort_unstable();
    for share in [0.5, 0.95, 0.99] {
        let rank = ((times.len() as f64 * share).ceil() as usize).max(1) - 1;
        let told = figures.durations.millis(share);
        match times.get(rank) {
            Some(exact) => {
                let exact = *exact as f64 / 1e3;
                assert!((told.unwrap() - exact).abs() <= exact * 0.1 + 0.01, "{told:?} for {exact}");
            }
            None => assert_eq!(told, None),
        }
    }
}

/// A query of requests, page by page.
fn check_requests(store: &Store, records: &[Arc<Record>], mut query: RequestQuery) {
    let mut expect: Vec<&Record> = records.iter().map(|record| &**record).collect();
    expect.retain(|record| {
        query.filter.matches(record)
            && query.since.is_none_or(|since| ended(record) >= since)
            && query.until.is_none_or(|until| ended(record) < until)
    });
    let mut found = Vec::new();
    loop {
        let page = store.requests(&query).unwrap();
        found.extend(page.requests);
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    let times: Vec<_> = found.iter().map(ended).collect();
    assert!(times.iter().rev().is_sorted(), "{query:?}");
    let ids = |records: &mut dyn Iterator<Item = &Record>| {
        let mut ids: Vec<String> = records.map(|record| record.id.clone()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&mut found.iter()), ids(&mut expect.into_iter()), "{query:?}");
}

fn check(store: &Store, seed: u64, queries: usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let hours = [1, 30, 40 * 24][random.usize(..3)];
    let records = filled(store, &mut random, hours);
    for _ in 0..queries {
        let (since, until) = span(&mut random, hours);
        let buckets = [Bucket::None, Bucket::Hour, Bucket::Day, Bucket::Week, Bucket::Month, Bucket::Minute];
        let bucket = buckets[random.usize(..if hours < 48 { 6 } else { 5 })];
        let mut group: Vec<Dimension> = Dimension::ALL.into_iter().filter(|_| random.u8(..4) == 0).collect();
        random.shuffle(&mut group);
        let filter = filter(&mut random, &records);
        check_usage(store, &records, &UsageQuery { since, until, bucket, group, filter: filter.clone() });
        let query = RequestQuery {
            since: random.bool().then_some(since),
            until: random.bool().then_some(until),
            filter,
            limit: random.usize(1..200),
            cursor: None,
        };
        check_requests(store, &records, query);
    }
}

#[test]
fn answers_are_those_of_counting_by_hand() {
    for seed in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        check(&Store::open(&options(&dir.path().join("ccproxy.db"))).unwrap(), seed, 20);
    }
}

#[test]
fn both_databases_answer_the_same() {
    for seed in [3, 17, 2026] {
        each_kind(|options| check(&Store::open(options).unwrap(), seed, 20));
    }
}
