use std::collections::BTreeMap;

use ccproxy_record::{Cost, Fault, Millis, Tokens};

use super::*;
use crate::commands::told::figures::{Left, Requests};

pub(in crate::commands::top) fn record(n: u64) -> Record {
    let failed = n % 10 == 9;
    Record {
        id: format!("req-{n}"),
        began: jiff::Timestamp::from_second(1_764_150_000 + i64::try_from(n).unwrap()).unwrap(),
        session: None,
        key: Some(if n.is_multiple_of(3) { "ci" } else { "alice" }.to_owned()),
        operation: "messages".to_owned(),
        dialect: Some("messages".to_owned()),
        route: Some("claude-*".to_owned()),
        provider: Some("claude".to_owned()),
        kind: Some("anthropic".to_owned()),
        model: Some(if n.is_multiple_of(2) { "claude-sonnet-4-5" } else { "claude-haiku-4-5" }.to_owned()),
        served_model: None,
        stream: true,
        status: Some(if failed { 529 } else { 200 }),
        upstream_status: None,
        ending: if failed { Ending::Failed } else { Ending::Done },
        error: failed.then(|| "overloaded_upstream".to_owned()),
        fault: failed.then_some(Fault::Upstream),
        attempts: Vec::new(),
        first_byte: None,
        first_token: None,
        duration: Millis(Duration::from_millis(400 + n * 10)),
        tokens: Tokens { input: Some(1000), output: Some(200), ..Tokens::default() },
        cost: Some(Cost::from_nanos(4_000_000)),
        request_bytes: 0,
        response_bytes: 0,
        trace: None,
    }
}

fn provider(name: &str, status: &str) -> Provider {
    Provider {
        name: name.to_owned(),
        kind: "anthropic".to_owned(),
        status: status.to_owned(),
        started: true,
        breaker: if status == "fail" { "open" } else { "closed" }.to_owned(),
        resting_ms: (status == "fail").then_some(8000),
        running: 2,
        latency_ms: Some(312.0),
        rate_limit: (status == "warn")
            .then(|| BTreeMap::from([("tokens".to_owned(), Left { remaining: 7 })])),
        ..Provider::default()
    }
}

/// Sixty seconds of traffic, a request each, more and more of them.
pub(in crate::commands::top) fn busy() -> State {
    let mut state = State::new("http://127.0.0.1:8000".to_owned());
    let health = r#"{"status":"warn","output":"claude/rate_limit"}"#;
    for n in 0..60 {
        let at = Duration::from_secs(n);
        state.hear(News::Record(Arc::new(record(n))), at);
        let overview = Overview {
            version: "1.2.3".to_owned(),
            phase: "ready".to_owned(),
            uptime_s: 7500 + n,
            requests: Requests {
                begun: n * n + 3,
                done: n * n - n / 10,
                failed: n / 10,
                client_gone: 0,
                running: 3,
            },
            ..Overview::default()
        };
        let health = Verdict::of("http://127.0.0.1:8000/health", 200, health.as_bytes());
        let providers =
            vec![provider("claude", "warn"), provider("backup", "fail"), provider("local", "pass")];
        state.hear(News::Look(Box::new(Look { at, health, overview, providers })), at);
    }
    state
}

#[test]
fn rates_are_of_what_ended_between_two_looks() {
    let state = busy();
    let last = state.samples.back().unwrap();
    assert_eq!((last.at.as_secs(), last.requests, last.failed), (59, 59.0 * 59.0 - 58.0 * 58.0, 1.0));
    assert_eq!(state.samples.len(), 59, "the first look has none before it");
    let minute = state.tally(MINUTE);
    assert_eq!((minute.requests, minute.failed, minute.tokens), (60, 6, 72_000));
}

#[test]
fn a_proxy_that_was_restarted_has_no_negative_rate() {
    let mut state = busy();
    let at = Duration::from_secs(61);
    let health = Verdict::of("x", 200, br#"{"status":"pass"}"#);
    state.hear(
        News::Look(Box::new(Look { at, health, overview: Overview::default(), providers: vec![] })),
        at,
    );
    assert_eq!(state.samples.back().unwrap().requests, 0.0);
}

#[test]
fn the_second_table_is_sorted_and_old_records_go() {
    let mut state = busy();
    let names = |state: &State| state.clients().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(&state), ["alice", "ci"]);
    state.view.by = By::Model;
    state.view.sort = Sort::Failures;
    assert_eq!(names(&state), ["claude-haiku-4-5", "claude-sonnet-4-5"]);
    state.at(WINDOW + Duration::from_secs(70));
    assert!(names(&state).is_empty());
    assert_eq!(state.requests().count(), 60, "the list keeps a few");
    for n in 60..2000 {
        state.hear(News::Record(Arc::new(record(n))), WINDOW * 2);
    }
    state.at(WINDOW * 4);
    assert_eq!(state.requests().count(), SAMPLES);
}

#[test]
fn requests_are_filtered_by_what_they_say() {
    let mut state = busy();
    let count = |state: &mut State, filter: &str| {
        filter.clone_into(&mut state.view.filter);
        state.requests().count()
    };
    assert_eq!(count(&mut state, "haiku"), 30);
    assert_eq!(count(&mut state, "529"), 6);
    assert_eq!(count(&mut state, "overloaded"), 6);
    assert_eq!(count(&mut state, "ci"), 20);
    assert_eq!(count(&mut state, "nothing-like-it"), 0);
}

#[test]
fn what_stands_still_hears_nothing() {
    let mut state = busy();
    state.pause();
    state.hear(News::Record(Arc::new(record(100))), Duration::from_secs(61));
    assert_eq!((state.shown().requests().count(), state.requests().count()), (60, 61));
    state.pause();
    assert_eq!(state.shown().requests().count(), 61);
}
