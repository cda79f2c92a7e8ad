use std::hint::black_box;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ccproxy_record::{Attempt, Cost, Ending, Fault, Tokens};
use jiff::Timestamp;

use super::models::LEARNED;
use super::table::OTHER;
use super::*;

/// An exchange that got this status from its provider.
pub(super) fn record(model: &str, status: u16) -> Record {
    let failed = status >= 400;
    Record {
        id: "1".to_owned(),
        began: Timestamp::UNIX_EPOCH,
        session: None,
        key: Some("alice".to_owned()),
        operation: "messages".to_owned(),
        dialect: None,
        route: Some("*".to_owned()),
        provider: Some("claude".to_owned()),
        kind: None,
        model: Some(model.to_owned()),
        served_model: Some(model.to_owned()),
        stream: true,
        status: Some(status),
        upstream_status: Some(status),
        ending: if failed { Ending::Failed } else { Ending::Done },
        error: failed.then(|| "not_found".to_owned()),
        fault: failed.then_some(Fault::Client),
        attempts: vec![Attempt {
            provider: "claude".to_owned(),
            model: Some(model.to_owned()),
            after: Duration::ZERO.into(),
            duration: Duration::from_millis(2).into(),
            status: Some(status),
            error: None,
            span: None,
        }],
        first_byte: Some(Duration::from_millis(2).into()),
        first_token: Some(Duration::from_millis(3).into()),
        duration: Duration::from_millis(300).into(),
        tokens: Tokens { input: Some(10), output: Some(5), ..Tokens::default() },
        cost: Some(Cost::from_nanos(1_000)),
        request_bytes: 1,
        response_bytes: 2,
        trace: None,
    }
}

fn traffic() -> Traffic {
    Traffic::new(&Settings { keys: true, ..Settings::default() }).unwrap()
}

fn requests(traffic: &Traffic) -> u64 {
    traffic.requests.all().iter().map(|(_, count)| count.load(Ordering::Relaxed)).sum()
}

#[test]
fn names_that_clients_make_up_make_no_series() {
    let traffic = traffic();
    let series = || traffic.exchanges.all().len();
    (0..10_000).for_each(|n| traffic.count(&record(&format!("made-up-{n}"), 404)));
    assert_eq!(series(), 1, "none was answered for");
    (0..10_000).for_each(|n| traffic.count(&record(&format!("answered-{n}"), 200)));
    assert_eq!(series(), 1 + LEARNED);
    assert_eq!(traffic.spent.all().len(), 1 + LEARNED);
    assert_eq!(requests(&traffic), 20_000, "each is counted all the same");
}

#[test]
fn a_model_is_a_label_if_it_is_configured_or_was_answered_for() {
    let traffic = traffic();
    traffic.know(["configured"]);
    let check = |record: &Record, expect: &str| assert_eq!(traffic.models.label(record), expect);
    check(&record("configured", 500), "configured");
    check(&record("new", 500), OTHER);
    let inside = Record { error: Some("error_inside".to_owned()), ..record("new", 200) };
    check(&inside, OTHER);
    check(&record("new", 200), "new");
    check(&record("new", 500), "new");
    check(&Record { served_model: None, ..record("new", 500) }, "new");
    check(&Record { served_model: None, model: None, ..record("new", 500) }, "");
}

#[test]
fn sums_are_exact() {
    let traffic = traffic();
    (0..1000).for_each(|_| traffic.count(&record("m", 200)));
    let spent = traffic.spent.all();
    let (labels, spent) = spent.first().unwrap();
    assert_eq!(labels.each_ref().map(|label| &**label), ["claude", "m"]);
    let tokens: Vec<u64> = spent.tokens.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    assert_eq!(tokens, [10_000, 5_000, 0, 0, 0]);
    assert!((spent.cost.sum() - 0.001).abs() < f64::EPSILON);
    let keys = traffic.keys.as_ref().unwrap().all();
    assert_eq!(keys.first().unwrap().1.endings.each_ref().map(|n| n.load(Ordering::Relaxed)), [1000, 0, 0]);
}

/// What counting costs, for whoever wants to know: `--no-capture`, with `--release`.
#[test]
fn counting_takes_no_lock_that_waits_and_little_time() {
    let traffic = traffic();
    (0..LEARNED).for_each(|n| traffic.count(&record(&format!("model-{n}"), 200)));
    let record = record("model-77", 200);
    let begun = tokio::time::Instant::now();
    let rounds: u32 = 100_000;
    (0..rounds).for_each(|_| traffic.count(black_box(&record)));
    println!("{} ns a record", begun.elapsed().as_nanos() / u128::from(rounds));
    assert_eq!(requests(&traffic), u64::from(rounds) + LEARNED as u64);
}
