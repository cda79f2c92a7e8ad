use tokio::time::advance;

use super::*;
use crate::{
    Outcome, check_fn,
    testing::{builder, put, secs, settle, spec, start},
};

#[tokio::test(start_paused = true)]
async fn a_component_in_numbers() {
    let mut builder = builder();
    let slow = check_fn(|| async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        Outcome::pass().observed(true, "connected")
    });
    let measured = spec("db").critical(true).measurement("connections").unwrap();
    builder.check(Scope::Core, measured, slow);
    builder.passive(Scope::plugin("p"), spec("upstream"));
    let running = start(builder);
    settle().await;
    advance(Duration::from_millis(250)).await;
    settle().await;
    let samples = running.health.samples();
    let [db, upstream] = &*samples else { panic!("{samples:?}") };
    let runs = Runs { pass: 1, ..Runs::default() };
    assert_eq!((&*db.name, db.measurement.as_deref(), &db.scope), ("db", Some("connections"), &Scope::Core));
    assert_eq!((db.state, db.status, db.standing), (State::Pass, Status::Pass, Standing::Known));
    assert_eq!((db.critical, db.enabled, db.transitions, db.runs), (true, true, 1, runs));
    assert_eq!(db.last_duration, Some(Duration::from_millis(250)));
    assert_eq!(db.observed, Some((1.0, "connected".to_owned())));
    assert!(db.last_success.is_some_and(|seconds| seconds > 1.7e9));
    assert_eq!((upstream.state, upstream.standing), (State::Unknown, Standing::Idle));
    assert_eq!((upstream.last_success, upstream.last_duration), (None, None));
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_number_is_not_observed() {
    let mut builder = builder();
    builder.passive(Scope::Core, spec("x"));
    let health = builder.build();
    let check = |outcome: Outcome, expect: Option<(f64, &str)>| {
        put(&health, 0, outcome);
        let observed = health.samples().remove(0).observed;
        assert_eq!(observed, expect.map(|(number, unit)| (number, unit.to_owned())));
    };
    check(Outcome::pass().observed("16.1", "version"), None);
    check(Outcome::pass().observed(f64::NAN, "ms"), None);
    check(Outcome::fail("x").observed(0, "ms"), Some((0.0, "ms")));
    check(Outcome::warn("x").observed(0.5, ""), Some((0.5, "1")));
    let runs = health.samples().remove(0).runs;
    assert_eq!(runs, Runs { pass: 2, warn: 1, fail: 1 });
    assert!(health.set_enabled(&Scope::Core, "x", false));
    advance(secs(1)).await;
    assert!(!health.samples().remove(0).enabled);
}
