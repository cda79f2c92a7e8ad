//! What only a server can do to a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ccproxy_record::Record;
use ccproxy_store::{Bucket, Filter, RequestQuery, Store, StoreError, UsageQuery};
use jiff::{SignedDuration, Timestamp};

use crate::cluster::{Cluster, Own, name, open, options};
use crate::support::records;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How many requests there are, by sums and by records.
fn counts(store: &Store) -> [u64; 2] {
    let until = Timestamp::now() + HOUR;
    let query = UsageQuery {
        since: until - 48 * HOUR,
        until,
        bucket: Bucket::None,
        group: Vec::new(),
        filter: Filter::default(),
    };
    let by_sums = store.usage(&query).unwrap().total.requests;
    let filter = Filter { min_duration: Some(0), ..Filter::default() };
    let by_records = store.usage(&UsageQuery { filter, ..query }).unwrap().total.requests;
    [by_sums, by_records]
}

#[test]
fn replicas_begin_at_once_and_count_together() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database();
    thread::scope(|scope| {
        for seed in 0..5 {
            let url = &url;
            scope.spawn(move || {
                let store = open(url);
                records(seed, 400, HOUR).chunks(20).for_each(|batch| store.append(batch).unwrap());
            });
        }
    });
    assert_eq!(counts(&open(&url)), [2_000, 2_000]);
    assert_eq!(cluster.psql(name(&url), "SELECT count(*), min(status) FROM ccproxy.requests"), "2000|200");
}

/// Whoever ends connections ends some just before, and some just after, a batch was written.
#[test]
fn a_batch_whose_connection_breaks_is_taken_once() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database();
    let store = open(&url);
    let stop = AtomicBool::new(false);
    let failed = thread::scope(|scope| {
        scope.spawn(|| {
            let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                       WHERE datname = current_database() AND application_name = 'ccproxy'";
            while !stop.load(Ordering::Relaxed) {
                cluster.psql(name(&url), end);
            }
        });
        let (mut failed, mut rounds) = (0, 0);
        while failed < 15 && rounds < 2_000 {
            let records = records(rounds, 30, HOUR);
            while store.append(&records).is_err() {
                failed += 1;
            }
            rounds += 1;
        }
        stop.store(true, Ordering::Relaxed);
        assert!(failed >= 15, "{failed} of {rounds} batches failed");
        rounds
    });
    assert_eq!(counts(&store), [failed * 30, failed * 30]);
}

#[test]
fn a_server_that_was_away_is_found_again() {
    let Some(mut own) = Own::start() else { return };
    let url = own.cluster.database();
    let store = open(&url);
    let [before, meanwhile, after] = [1, 2, 3].map(|seed| records(seed, 100, HOUR));
    store.append(&before).unwrap();
    assert_eq!(counts(&store), [100, 100]);
    own.order("stop");
    let error = store.append(&meanwhile).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    assert!(store.requests(&RequestQuery::default()).is_err());
    assert!(matches!(Store::open(&options(&url)).err(), Some(StoreError::Unreachable { .. })));
    own.order("start");
    store.append(&meanwhile).unwrap();
    store.append(&after).unwrap();
    assert_eq!(counts(&store), [300, 300]);
}

/// The server dies, as by a power cut; what it has acknowledged is there afterwards.
#[test]
fn nothing_acknowledged_is_lost_when_the_server_dies() {
    let Some(mut own) = Own::start() else { return };
    let url = own.cluster.database();
    let store = open(&url);
    let mut acknowledged = 0;
    for round in 0..5 {
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let batches = (0..10_000).map(|n| records(round << 32 | n, 25, HOUR));
                batches.map(|batch| store.append(&batch)).take_while(Result::is_ok).count() as u64
            });
            while counts(&store)[0] < acknowledged + 100 {}
            own.order("kill");
            acknowledged += writer.join().unwrap() * 25;
        });
        own.order("start");
        let [sums, records] = counts(&store);
        assert_eq!(sums, records);
        // The last batch may have been written, and the answer lost.
        assert!(records == acknowledged || records == acknowledged + 25, "{records} of {acknowledged}");
        acknowledged = records;
    }
}

#[test]
fn connections_are_encrypted_as_the_url_says() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database();
    let encrypted = |url: &str| {
        let store = Store::open(&options(url)).map_err(|error| error.to_string())?;
        store.append(&records(1, 1, HOUR)).map_err(|error| error.to_string())?;
        let statement = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                         WHERE application_name = 'ccproxy' AND datname = current_database()";
        Ok::<_, String>(cluster.psql(name(&self::url_without(url)), statement) == "t")
    };
    let check = |more: &str, expect: Result<bool, &str>| match (encrypted(&format!("{url}{more}")), expect) {
        (Ok(got), Ok(expect)) => assert_eq!(got, expect, "{more}"),
        (Err(got), Err(expect)) => assert!(got.contains(expect), "{more}: {got}"),
        (got, _) => panic!("{more}: {got:?}"),
    };
    let authority = cluster.authority().display().to_string();
    check("", Ok(true));
    check("?sslmode=disable", Ok(false));
    check("?sslmode=require", Ok(true));
    check("?sslmode=verify-full", Err("certificate"));
    check(&format!("?sslmode=verify-full&sslrootcert={authority}"), Err("not valid for name"));
    check("?sslmode=verify-full&sslrootcert=/nowhere", Err("sslrootcert /nowhere"));
    let named = url.replace("127.0.0.1", "localhost");
    assert_eq!(encrypted(&format!("{named}?sslmode=verify-full&sslrootcert={authority}")), Ok(true));
    assert_eq!(encrypted(&cluster.by_socket(&url)), Ok(false), "a socket needs none");
}

#[test]
fn the_size_is_about_what_the_tables_take() {
    let Some(cluster) = Cluster::shared() else { return };
    let check = |span: SignedDuration| {
        let url = cluster.database();
        let store = open(&url);
        store.append(&records(1, 5_000, span)).unwrap();
        let statement = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class \
                         WHERE relkind = 'r' AND relnamespace = 'ccproxy'::regnamespace";
        let tables: u64 = cluster.psql(name(&url), statement).parse().unwrap();
        let told = store.size().unwrap();
        assert!(told > tables * 2 / 3 && told < tables * 4 / 3, "{told} of {tables} in {span}");
    };
    check(SignedDuration::from_millis(1));
    check(HOUR);
    check(100 * HOUR);
}

fn url_without(url: &str) -> String {
    url.split('?').next().unwrap().to_owned()
}

#[test]
fn no_error_shows_a_password() {
    let check = |url: &str| {
        let error = Store::open(&options(url)).err().unwrap();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hush"), "{told}");
        assert!(matches!(error, StoreError::Unreachable { .. }), "{told}");
    };
    check("postgres://me:hush@127.0.0.1:1/ccproxy?connect_timeout=1");
    let Some(cluster) = Cluster::shared() else { return };
    check(&cluster.database().replace("postgres@", "nobody:hush@"));
}

#[test]
fn texts_that_postgres_does_not_take_do_no_harm() {
    let Some(cluster) = Cluster::shared() else { return };
    let store = open(&cluster.database());
    let record = Record::clone(&records(1, 1, HOUR)[0]);
    let odd = |text: &str| {
        let text = Some(text.to_owned());
        Arc::new(Record { session: text.clone(), model: text.clone(), error: text, ..record.clone() })
    };
    let long = "x".repeat(1 << 20);
    store.append(&[odd("a\0b"), odd("\u{1F600}"), odd("'; DROP TABLE records; --"), odd(&long)]).unwrap();
    assert_eq!(counts(&store), [4, 4]);
    let tokens = ccproxy_record::Tokens { input: Some(u64::MAX), ..record.tokens };
    let huge = Arc::new(Record { tokens, request_bytes: u64::MAX, ..record });
    store.append(&[Arc::clone(&huge), huge]).unwrap();
    assert_eq!(counts(&store), [6, 6]);
}
