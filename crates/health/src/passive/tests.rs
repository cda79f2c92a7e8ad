use crate::{
    Outcome, Scope, State,
    passive::LANE,
    testing::{builder, settle, spec, start},
};

#[tokio::test(start_paused = true)]
async fn traffic_feeds_the_state_and_what_does_not_fit_is_counted() {
    let mut builder = builder();
    let reporter = builder.passive(Scope::Core, spec("upstream"));
    let running = start(builder);
    reporter.report(Outcome::pass().observed(0, "ms"));
    settle().await;
    assert_eq!(running.state("upstream"), State::Pass);
    // Nothing is awaited here, so the writer cannot keep up.
    for _ in 0..LANE + 7 {
        reporter.report(Outcome::fail("refused"));
    }
    assert_eq!(running.health.dropped_reports(), 7);
    settle().await;
    assert_eq!(running.state("upstream"), State::Fail);
    let health = running.end().await;
    let events = health.events();
    let path: Vec<_> = events.iter().map(|event| (event.from, event.to)).collect();
    assert_eq!(path, [(State::Unknown, State::Pass), (State::Pass, State::Fail)]);
    assert_eq!(health.snapshot().find(&Scope::Core, "upstream").unwrap().tracked().fails, 1024);
}

#[tokio::test(start_paused = true)]
async fn the_ring_keeps_the_last_256() {
    let mut builder = builder();
    let reporter = builder.passive(Scope::plugin("p"), spec("x").fall(1).rise(1));
    let running = start(builder);
    for n in 0..300 {
        reporter.report(if n % 2 == 0 { Outcome::pass() } else { Outcome::fail(format!("number {n}")) });
    }
    settle().await;
    let health = running.end().await;
    let events = health.events();
    assert_eq!(events.len(), crate::REMEMBERED);
    assert_eq!(events.last().unwrap().reason.as_deref(), Some("number 299"));
    assert_eq!(&*events[0].component, "p/x");
    assert_eq!(health.snapshot().find(&Scope::plugin("p"), "x").unwrap().transitions(), 300);
}
