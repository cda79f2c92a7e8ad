//! What is told of usage is what was used.

use std::collections::BTreeMap;

use ccproxy_record::Record;
use ccproxy_store::{Bucket, Dimension, Figures, Filter, Store, UsageQuery, UsageReport};
use jiff::{SignedDuration, Timestamp};

use crate::support::{each, ended, records};

const DAYS: SignedDuration = SignedDuration::from_hours(6 * 24);

fn query(group: &[Dimension], bucket: Bucket, filter: Filter) -> UsageQuery {
    let until = Timestamp::now() + SignedDuration::from_secs(60);
    UsageQuery {
        since: until - DAYS - SignedDuration::from_hours(1),
        until,
        bucket,
        group: group.to_vec(),
        filter,
    }
}

/// The same counted by hand.
fn expected(
    records: &[std::sync::Arc<Record>],
    query: &UsageQuery,
    since: Timestamp,
) -> BTreeMap<Vec<Option<String>>, Figures> {
    let mut rows = BTreeMap::<_, Figures>::new();
    for record in records.iter().filter(|record| query.filter.matches(record)) {
        let at = ended(record);
        if at < since || at >= query.until {
            continue;
        }
        let value = serde_json::to_value(&**record).unwrap();
        let text = |name: &str| match &value[name] {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let mut group: Vec<Option<String>> =
            query.group.iter().map(|dimension| text(dimension.name())).collect();
        if query.bucket == Bucket::Hour {
            let hour = at.as_second().div_euclid(3600) * 3600;
            group.insert(0, Some(Timestamp::from_second(hour).unwrap().to_string()));
        }
        rows.entry(group).or_default().add(record);
    }
    rows
}

fn told(report: &UsageReport) -> BTreeMap<Vec<Option<String>>, Figures> {
    let row = |row: &ccproxy_store::UsageRow| {
        let start = row.start.map(|start| Some(start.to_string()));
        let group = start.into_iter().chain(row.group.iter().map(|(_, value)| value.clone())).collect();
        (group, row.figures.clone())
    };
    report.rows.iter().map(row).collect()
}

fn filled(store: &Store, seed: u64) -> Vec<std::sync::Arc<Record>> {
    let records = records(seed, 1_500, DAYS);
    records.chunks(70).for_each(|batch| store.append(batch).unwrap());
    records
}

#[test]
fn figures_are_those_of_the_records() {
    use Dimension::{Ending, Error, Fault, Key, Model, Provider, Status};
    let value = |dimension, value: &str| (dimension, value.to_owned());
    let plain = |values: Vec<(Dimension, String)>| Filter { values, ..Filter::default() };
    each(|store| {
        let records = filled(store, 7);
        let check = |group: &[Dimension], bucket, filter: Filter| {
            let query = query(group, bucket, filter);
            let report = store.usage(&query).unwrap();
            assert_eq!(told(&report), expected(&records, &query, report.since), "{query:?}");
            let mut total = Figures::default();
            report.rows.iter().for_each(|row| total.merge(&row.figures));
            assert_eq!(report.total, total, "{query:?}");
        };
        check(&[], Bucket::None, Filter::default());
        check(&[Model, Key], Bucket::None, Filter::default());
        check(&[Ending, Fault, Error, Status], Bucket::None, Filter::default());
        check(&[], Bucket::Hour, Filter::default());
        check(
            &[Provider],
            Bucket::Hour,
            plain(vec![value(Key, "alice"), value(Key, "bob"), value(Model, "gpt-5")]),
        );
        check(&[Model], Bucket::None, plain(vec![value(Status, "502")]));
        check(
            &[Key],
            Bucket::Hour,
            Filter { sessions: vec!["s1".to_owned(), "s3".to_owned()], ..Filter::default() },
        );
        check(
            &[],
            Bucket::None,
            Filter { min_duration: Some(5_000_000), ..plain(vec![value(Fault, "upstream")]) },
        );
    });
}

#[test]
fn what_is_spent_is_told_by_key() {
    each(|store| {
        let records = filled(store, 8);
        let mut expect = BTreeMap::<Option<String>, i64>::new();
        for record in &records {
            *expect.entry(record.key.clone()).or_default() += record.cost.unwrap_or_default().nanos();
        }
        let since = Timestamp::now() - DAYS - SignedDuration::from_hours(1);
        let spent = store.spent(since).unwrap().into_iter().map(|(key, cost)| (key, cost.nanos()));
        assert_eq!(spent.collect::<BTreeMap<_, _>>(), expect);
    });
}

#[test]
fn steps_begin_where_they_should() {
    each(|store| {
        filled(store, 9);
        let starts = |bucket| {
            let rows = store.usage(&query(&[], bucket, Filter::default())).unwrap().rows;
            rows.into_iter().map(|row| row.start.unwrap().to_string()).collect::<Vec<_>>()
        };
        assert!(starts(Bucket::Day).iter().all(|start| start.ends_with("T00:00:00Z")));
        assert!(starts(Bucket::Month).iter().all(|start| start.ends_with("-01T00:00:00Z")));
        for start in starts(Bucket::Week) {
            let day: jiff::civil::Date = start[..10].parse().unwrap();
            assert_eq!(day.weekday(), jiff::civil::Weekday::Monday, "{start}");
        }
    });
}

#[test]
fn what_makes_no_sense_is_said() {
    each(|store| {
        let check = |query: UsageQuery, expect: &str| {
            let error = store.usage(&query).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        };
        let sane = query(&[], Bucket::None, Filter::default());
        check(UsageQuery { until: sane.since, ..sane.clone() }, "until must be after since");
        check(UsageQuery { bucket: Bucket::Minute, ..sane.clone() }, "2000 steps");
        let filter = Filter { values: vec![(Dimension::Ending, "gone".to_owned())], ..Filter::default() };
        check(UsageQuery { filter, ..sane.clone() }, "done, failed, client_gone");
        let since = sane.until - SignedDuration::from_hours(24 * 365);
        check(UsageQuery { bucket: Bucket::Hour, since, ..sane }, "2000 steps");
    });
}

#[test]
fn names_that_clients_make_up_do_not_fill_the_sums() {
    each(|store| {
        let mut random = fastrand::Rng::with_seed(3);
        let flood: Vec<_> = (0..5_000)
            .map(|n| {
                let record = crate::support::record(&mut random, SignedDuration::ZERO);
                std::sync::Arc::new(Record { model: Some(format!("made-up-{n}")), ..record })
            })
            .collect();
        flood.chunks(500).for_each(|batch| store.append(batch).unwrap());
        let report = store.usage(&query(&[Dimension::Model], Bucket::None, Filter::default())).unwrap();
        assert_eq!(report.total.requests, 5_000);
        assert!(report.rows.len() < 2_100, "{}", report.rows.len());
        // Where exchanges are counted one by one, each still has its name.
        let slow = Filter { min_duration: Some(0), ..Filter::default() };
        let report = store.usage(&query(&[Dimension::Model], Bucket::None, slow.clone())).unwrap();
        assert_eq!((report.rows.len(), report.total.requests), (5_000, 5_000));
        for name in ["made-up-3", "made-up-4999"] {
            let filter = Filter { values: vec![(Dimension::Model, name.to_owned())], ..slow.clone() };
            let report = store.usage(&query(&[Dimension::Model], Bucket::Hour, filter)).unwrap();
            assert_eq!(report.total.requests, 1);
            assert_eq!(report.rows[0].group, [(Dimension::Model, Some(name.to_owned()))]);
        }
    });
}
