//! What was acknowledged survives whatever kills the process, and the machine.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use ccproxy_record::Record;
use ccproxy_store::{Bucket, Filter, RequestQuery, Store, UsageQuery};
use jiff::{SignedDuration, Timestamp};

use crate::support::{options, records};

/// Says to the child which store to write to.
const CHILD: &str = "CCPROXY_STORE_TEST_CHILD";

/// Not a test of its own: writes until it is killed, and says what the store has acknowledged.
#[test]
fn child_that_writes() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let store = Store::open(&options(Path::new(&path))).unwrap();
    let mut out = std::io::stdout().lock();
    for seed in fastrand::u64(..1 << 40).. {
        let records = records(seed, 20, SignedDuration::from_secs(30));
        store.append(&records).unwrap();
        for record in records {
            writeln!(out, "acknowledged {}", record.id).unwrap();
        }
    }
}

/// Every id in the store, after it was seen that its sums are those of its records.
fn consistent(path: &Path) -> HashSet<String> {
    let store = Store::open(&options(path)).unwrap();
    let mut ids = HashSet::new();
    let mut query = RequestQuery { limit: 1_000, ..RequestQuery::default() };
    let mut tokens = 0;
    loop {
        let page = store.requests(&query).unwrap();
        tokens += page.requests.iter().map(|record: &Record| record.tokens.total()).sum::<u64>();
        ids.extend(page.requests.into_iter().map(|record| record.id));
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    let until = Timestamp::now() + SignedDuration::from_hours(1);
    let since = until - SignedDuration::from_hours(48);
    let query =
        UsageQuery { since, until, bucket: Bucket::Hour, group: Vec::new(), filter: Filter::default() };
    let total = store.usage(&query).unwrap().total;
    assert_eq!((total.requests, total.tokens.input + total.tokens.output), (ids.len() as u64, tokens));
    ids
}

/// Starts the child, lets it write for a while, has `meanwhile` done, kills it; gives what it said was acknowledged.
fn write_and_kill(path: &Path, lines: usize, meanwhile: impl FnOnce()) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durability::child_that_writes", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let id = |line: std::io::Result<String>| line.ok()?.strip_prefix("acknowledged ").map(str::to_owned);
    let mut ids: Vec<String> = out.by_ref().filter_map(id).take(lines).collect();
    meanwhile();
    child.kill().unwrap();
    child.wait().unwrap();
    // What was in the pipe when it died was acknowledged, too; the last line may be cut.
    ids.extend(out.filter_map(id).filter(|id| id.len() == 32));
    ids
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ccproxy.db");
    let mut acknowledged = HashSet::new();
    for round in 0..20 {
        acknowledged.extend(write_and_kill(&path, 20 + fastrand::usize(..300), || {}));
        let found = consistent(&path);
        let lost = acknowledged.difference(&found).count();
        assert_eq!(lost, 0, "of {} after round {round}", acknowledged.len());
    }
}

/// A power cut leaves the files as they were at some moment, and of the log's end any part.
#[test]
fn whatever_a_power_cut_leaves_opens_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ccproxy.db");
    for round in 0..10 {
        let cut = dir.path().join(format!("cut-{round}.db"));
        let log = |path: &Path| path.with_extension("db-wal");
        let mut before = HashSet::new();
        write_and_kill(&path, 20 + fastrand::usize(..200), || {
            // The database does not change between checkpoints: what is in it was there before the log was.
            fs::copy(&path, &cut).unwrap();
            fs::copy(log(&path), log(&cut)).unwrap();
        });
        let whole = fs::read(log(&cut)).unwrap();
        for part in [whole.len(), fastrand::usize(..=whole.len()), 0] {
            fs::write(log(&cut), &whole[..part]).unwrap();
            let copy = dir.path().join("copy.db");
            fs::copy(&cut, &copy).unwrap();
            fs::copy(log(&cut), log(&copy)).unwrap();
            let _ = fs::remove_file(dir.path().join("copy.db-shm"));
            let Ok(_) = Store::open(&options(&copy)) else {
                panic!("it does not open with {part} bytes of log")
            };
            let found = consistent(&copy);
            if part == whole.len() {
                before.clone_from(&found);
            }
            assert!(found.is_subset(&before), "a part of the log holds more than all of it");
        }
    }
}
