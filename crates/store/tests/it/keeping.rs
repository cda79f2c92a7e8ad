//! What is kept, and what goes.

use std::sync::Arc;
use std::time::Duration;

use ccproxy_record::{Cost, Record};
use ccproxy_store::{Kept, Options, RequestQuery, Store, Transition};
use jiff::{SignedDuration, Timestamp};

use crate::support::{each, options, records};

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
