//! What is kept, and what goes.

use std::sync::Arc;
use std::time::Duration;

use ccproxy_record::{Cost, Record};
use ccproxy_store::{
    Bucket, Dimension, Filter, Kept, Options, RequestQuery, Store, Transition, UsageQuery, UsageReport,
};
use jiff::{SignedDuration, Timestamp};

use crate::support::{each, each_kind, options, record, records};

fn count(store: &Store) -> usize {
    store.requests(&RequestQuery { limit: 1_000, ..RequestQuery::default() }).unwrap().requests.len()
}

#[test]
fn the_old_goes() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&dir.path().join("ccproxy.db"));
    let kept = Kept { records: Duration::from_secs(3 * 24 * 3600), ..options.kept };
    let store = Store::open(&Options { kept, ..options }).unwrap();
    let records = records(1, 400, SignedDuration::from_hours(6 * 24));
    store.append(&records).unwrap();
    let edge = Timestamp::now() - SignedDuration::from_hours(3 * 24);
    while store.maintain().unwrap() {}
    let expect = records.iter().filter(|record| crate::support::ended(record) >= edge).count();
    assert_eq!(count(&store), expect);
    let spent = store.spent(Timestamp::now() - SignedDuration::from_hours(8 * 24)).unwrap();
    let sum: i64 = spent.iter().map(|(_, cost)| cost.nanos()).sum();
    let all: i64 = records.iter().filter_map(|record| record.cost).map(Cost::nanos).sum();
    assert_eq!(sum, all, "what was used is remembered longer");
}

#[test]
fn a_store_that_is_too_large_gives_space_back() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&dir.path().join("ccproxy.db"));
    let size = 3 << 20;
    let store = Store::open(&Options { kept: Kept { size, ..options.kept }, ..options }).unwrap();
    let long =
        |record: &Arc<Record>| Arc::new(Record { session: Some("s".repeat(200)), ..Record::clone(record) });
    for seed in 0..20 {
        let records: Vec<_> = records(seed, 1_000, SignedDuration::from_hours(1)).iter().map(long).collect();
        store.append(&records).unwrap();
    }
    assert!(store.size().unwrap() > 2 * size, "{}", store.size().unwrap());
    while store.maintain().unwrap() {}
    // What is being written comes on top.
    let database = std::fs::metadata(dir.path().join("ccproxy.db")).unwrap().len();
    assert!(database <= size, "{database}");
}

/// Records of a day that is long past, as two processes have written them, one of which was started anew.
fn written_apart(options: &Options) -> Vec<Arc<Record>> {
    let mut random = fastrand::Rng::with_seed(4);
    let noon = Timestamp::now().as_second() / 86_400 * 86_400 - 5 * 86_400 + 43_200;
    let ago = |seconds: i64| Timestamp::now().duration_since(Timestamp::from_second(noon + seconds).unwrap());
    let records: Vec<_> = (0..900).map(|n| Arc::new(record(&mut random, ago(n * 4)))).collect();
    records.chunks(300).for_each(|part| {
        let store = Store::open(options).unwrap();
        part.chunks(100).for_each(|batch| store.append(batch).unwrap());
    });
    records
}

fn by_hour(store: &Store, filter: Filter) -> UsageReport {
    let until = Timestamp::from_second(Timestamp::now().as_second() / 86_400 * 86_400).unwrap();
    let since = until - SignedDuration::from_hours(10 * 24);
    let group = vec![Dimension::Model, Dimension::Ending];
    store.usage(&UsageQuery { since, until, bucket: Bucket::Hour, group, filter }).unwrap()
}

#[test]
fn sums_of_several_processes_become_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ccproxy.db");
    written_apart(&options(&path));
    let database = rusqlite::Connection::open(&path).unwrap();
    let packs = || {
        let count = "SELECT count(*), sum(requests) FROM packs WHERE level = ?1";
        [1, 2].map(|level| database.query_row(count, [level], |row| Ok((row.get(0)?, row.get(1)?))).unwrap())
    };
    let (store, apart) = (Store::open(&options(&path)).unwrap(), packs());
    let before = by_hour(&store, Filter::default());
    while store.maintain().unwrap() {}
    assert_eq!(by_hour(&store, Filter::default()), before);
    let together: [(i64, i64); 2] = packs();
    for ((before, of), (after, still)) in apart.into_iter().zip(together) {
        assert!(2 * after <= before, "{after} of {before} rows");
        assert_eq!((of, still), (900, 900));
    }
    while store.maintain().unwrap() {}
    assert_eq!(packs(), together, "once is enough");
}

#[test]
fn sums_of_several_processes_become_one_in_each_database() {
    each_kind(|options| {
        written_apart(options);
        let store = Store::open(options).unwrap();
        let [sums, slow] = [None, Some(0)].map(|min_duration| Filter { min_duration, ..Filter::default() });
        let before = by_hour(&store, sums.clone());
        assert_eq!(before.total.requests, 900);
        while store.maintain().unwrap() {}
        assert_eq!(by_hour(&store, sums), before);
        assert_eq!(by_hour(&store, slow), before);
    });
}

#[test]
fn what_nothing_is_told_apart_by_is_forgotten() {
    each_kind(|options| {
        let day = Duration::from_secs(24 * 3600);
        let kept = Kept { records: 2 * day, usage: 4 * day, ..options.kept };
        let store = Store::open(&Options { kept, ..options.clone() }).unwrap();
        let mut random = fastrand::Rng::with_seed(6);
        let mut of_model = |days: i64, model: &str| {
            let record = record(&mut random, SignedDuration::from_hours(24 * days));
            Arc::new(Record { model: Some(model.to_owned()), ..record })
        };
        // What was of an old day is also of a new one; what comes late is of no new one.
        let batch = [of_model(9, "gone"), of_model(9, "stays"), of_model(0, "stays"), of_model(3, "sums")];
        store.append(&batch).unwrap();
        store.append(&[of_model(9, "stays"), of_model(0, "now")]).unwrap();
        while store.maintain().unwrap() {}
        store.append(&[of_model(0, "now"), of_model(0, "stays")]).unwrap();
        let query = UsageQuery {
            since: Timestamp::now() - SignedDuration::from_hours(24 * 20),
            until: Timestamp::now() + SignedDuration::from_hours(1),
            bucket: Bucket::None,
            group: vec![Dimension::Model],
            filter: Filter::default(),
        };
        let rows = store.usage(&query).unwrap().rows;
        let told = |name: &str| {
            let of = |row: &&ccproxy_store::UsageRow| row.group[0].1.as_deref() == Some(name);
            rows.iter().find(of).map_or(0, |row| row.figures.requests)
        };
        assert_eq!(["gone", "stays", "sums", "now"].map(told), [0, 2, 1, 2]);
        assert_eq!(count(&store), 4, "records are found by what they are told apart by");
    });
}

#[test]
fn a_database_that_is_too_large_keeps_the_newest() {
    each_kind(|options| {
        let kept = Kept { size: 5 << 20, ..options.kept };
        let store = Store::open(&Options { kept, ..options.clone() }).unwrap();
        for seed in 0..16 {
            store.append(&records(seed, 1_000, SignedDuration::from_hours(1))).unwrap();
        }
        let newest = records(99, 10, SignedDuration::from_secs(1));
        store.append(&newest).unwrap();
        assert!(store.size().unwrap() > kept.size, "{}", store.size().unwrap());
        while store.maintain().unwrap() {}
        assert!(store.size().unwrap() <= kept.size, "{}", store.size().unwrap());
        assert!(newest.iter().all(|record| store.request(&record.id).unwrap().is_some()));
        assert!(count(&store) >= 1_000, "no more than it takes");
    });
}

#[test]
fn the_history_of_health_is_kept() {
    each(|store| {
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let at = |seconds| Transition {
            at: now - SignedDuration::from_secs(seconds),
            plugin: "claude".to_owned(),
            component: "upstream".to_owned(),
            from: "pass".to_owned(),
            to: "fail".to_owned(),
            output: Some("refused".to_owned()),
        };
        let all = [at(300), at(200), at(100)];
        store.append_transitions(&all).unwrap();
        let found = store.transitions(now - SignedDuration::from_secs(250), now, 10).unwrap();
        assert_eq!(found, [at(100), at(200)]);
        assert_eq!(store.transitions(now - SignedDuration::from_secs(999), now, 1).unwrap(), [at(100)]);
    });
}
