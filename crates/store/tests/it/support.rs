//! Stores to test, and records to put into them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ccproxy_record::{Attempt, Cost, Ending, Fault, Record, Tokens};
use ccproxy_store::{Kept, Kind, Options, Store};
use jiff::{SignedDuration, Timestamp};

const DAY: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn kept() -> Kept {
    Kept { records: 90 * DAY, usage: 400 * DAY, size: 1 << 30 }
}

pub(crate) fn options(path: &Path) -> Options {
    Options { kind: Kind::Sqlite(path.to_owned()), kept: kept() }
}

/// Runs a test with an empty store of each database.
pub(crate) fn each(test: impl Fn(&Store)) {
    each_kind(|options| test(&Store::open(options).unwrap()));
}

/// Runs a test with where an empty store of each database can be.
pub(crate) fn each_kind(test: impl Fn(&Options)) {
    let dir = tempfile::tempdir().unwrap();
    test(&options(&dir.path().join("ccproxy.db")));
    #[cfg(feature = "postgres")]
    if let Some(cluster) = crate::cluster::Cluster::shared() {
        test(&crate::cluster::options(&cluster.database()));
    }
}

/// A plausible record that ends `ago` before now, made by `random` alone.
pub(crate) fn record(random: &mut fastrand::Rng, ago: SignedDuration) -> Record {
    let pick = |random: &mut fastrand::Rng, of: &[&str]| of[random.usize(..of.len())].to_owned();
    let failed = random.u8(..10) == 0;
    let gone = !failed && random.u8(..10) == 0;
    let duration = Duration::from_micros(random.u64(200..20_000_000));
    let model = pick(random, &["claude-sonnet-4-5", "gpt-5", "gpt-5-mini"]);
    let counted = !failed && random.u8(..8) != 0;
    let count = |random: &mut fastrand::Rng| counted.then(|| random.u64(..50_000));
    let ended = Timestamp::now() - ago;
    Record {
        id: format!("{:032x}", random.u128(..)),
        began: ended - SignedDuration::try_from(duration).unwrap(),
        session: random.bool().then(|| pick(random, &["s1", "s2", "s3"])),
        key: (random.u8(..4) != 0).then(|| pick(random, &["alice", "bob"])),
        operation: "messages".to_owned(),
        dialect: Some("messages".to_owned()),
        route: random.bool().then(|| "*".to_owned()),
        provider: Some(pick(random, &["claude", "openai"])),
        kind: Some("anthropic".to_owned()),
        served_model: Some(model.clone()),
        model: Some(model),
        stream: random.bool(),
        status: (!gone).then_some(if failed { 502 } else { 200 }),
        upstream_status: Some(200),
        ending: if failed {
            Ending::Failed
        } else if gone {
            Ending::ClientGone
        } else {
            Ending::Done
        },
        error: failed.then(|| "reset".to_owned()),
        fault: failed.then_some(Fault::Upstream),
        attempts: vec![Attempt {
            provider: "claude".to_owned(),
            model: None,
            after: Duration::from_micros(50).into(),
            duration: Duration::from_micros(150).into(),
            status: Some(200),
            error: None,
            span: None,
        }],
        first_byte: Some(Duration::from_micros(150).into()),
        first_token: random.bool().then(|| Duration::from_micros(random.u64(..200)).into()),
        duration: duration.into(),
        tokens: Tokens {
            input: count(random),
            output: count(random),
            cache_read: count(random),
            cache_write: None,
            reasoning: count(random),
        },
        cost: (counted && random.bool()).then(|| Cost::from_nanos(random.i64(0..1_000_000_000))),
        request_bytes: random.u64(..100_000),
        response_bytes: random.u64(..100_000),
        trace: None,
    }
}

/// So many records over the last `span`, the oldest first.
pub(crate) fn records(seed: u64, count: u64, span: SignedDuration) -> Vec<Arc<Record>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut records: Vec<Record> = (0..count)
        .map(|_| {
            let ago = SignedDuration::from_micros(random.i64(0..i64::try_from(span.as_micros()).unwrap()));
            record(&mut random, ago)
        })
        .collect();
    records.sort_by_key(ended);
    records.into_iter().map(Arc::new).collect()
}

pub(crate) fn ended(record: &Record) -> Timestamp {
    let micros = i64::try_from(record.duration.micros()).unwrap();
    record.began + SignedDuration::from_micros(micros)
}
