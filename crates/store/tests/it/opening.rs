//! Opening what is there.

use std::os::unix::fs::PermissionsExt;
use std::thread;

use ccproxy_store::{Store, StoreError};
use jiff::SignedDuration;

use crate::support::{options, records};

#[test]
fn a_store_is_made_for_this_user_alone_and_opens_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/ccproxy.db");
    let store = Store::open(&options(&path)).unwrap();
    let records = records(1, 20, SignedDuration::from_hours(1));
    store.append(&records).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    drop(store);
    let store = Store::open(&options(&path)).unwrap();
    assert!(store.request(&records[3].id).unwrap().is_some());
}

#[test]
fn several_processes_may_begin_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ccproxy.db");
    thread::scope(|scope| {
        let open = || {
            let store = Store::open(&options(&path)).unwrap();
            store.append(&records(fastrand::u64(..), 50, SignedDuration::from_hours(1))).unwrap();
        };
        (0..4).for_each(|_| drop(scope.spawn(open)));
    });
    let store = Store::open(&options(&path)).unwrap();
    let since = jiff::Timestamp::now() - SignedDuration::from_hours(24);
    assert_eq!(store.spent(since).unwrap().len(), 3, "alice, bob and nobody");
}

#[test]
fn what_is_no_store_of_ours_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ccproxy.db");
    std::fs::write(&path, "no database, but long enough to look like one".repeat(100)).unwrap();
    let error = Store::open(&options(&path)).err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("move it away"), "{error}");
    let error = Store::open(&options(dir.path())).err().unwrap();
    assert!(matches!(error, StoreError::Open { .. }), "{error}");
}

#[test]
fn a_newer_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ccproxy.db");
    drop(Store::open(&options(&path)).unwrap());
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute("INSERT INTO ccproxy_schema (version) VALUES (99)", []).unwrap();
    let error = Store::open(&options(&path)).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 99, known: 4 }), "{error}");
}

#[test]
fn every_column_is_documented() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ccproxy.db");
    drop(Store::open(&options(&path)).unwrap());
    let database = rusqlite::Connection::open(&path).unwrap();
    let mut view = database.prepare("SELECT name FROM pragma_table_info('requests')").unwrap();
    let columns: Vec<String> = view.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OBSERVABILITY.md");
    let document = std::fs::read_to_string(document).unwrap();
    let told =
        document.lines().filter_map(|line| line.split(" | ").nth(1)?.strip_prefix('`')?.strip_suffix('`'));
    let (told, columns): (std::collections::BTreeSet<&str>, _) =
        (told.collect(), columns.iter().map(String::as_str).collect());
    assert_eq!(told, columns, "docs/OBSERVABILITY.md, Record");
}
