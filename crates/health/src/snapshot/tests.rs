use tokio::time::advance;

use super::*;
use crate::{
    Builder, Health, check_fn,
    testing::{builder, put, secs, spec},
};

fn one(mut builder: Builder, spec: Spec) -> Health {
    builder.check(Scope::Core, spec, check_fn(|| async { Outcome::pass() }));
    builder.build()
}

fn look(health: &Health) -> (Status, Standing, Option<String>, bool) {
    let snapshot = health.snapshot();
    let seen = snapshot.view(Instant::now()).next().unwrap();
    (seen.status, seen.standing, seen.output().map(Cow::into_owned), seen.counts())
}

#[tokio::test(start_paused = true)]
async fn standings() {
    let health = one(builder(), spec("db"));
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(look(&health), (Status::Warn, Standing::Unknown, text("not checked yet"), true));
    put(&health, 0, Outcome::pass());
    assert_eq!(look(&health), (Status::Pass, Standing::Known, None, true));
    advance(secs(17)).await; // interval 10, timeout 1, grace 5
    assert_eq!(look(&health), (Status::Warn, Standing::Late(secs(17)), text("no result for 17 s"), true));
    advance(secs(16)).await;
    assert_eq!(look(&health), (Status::Fail, Standing::Lost(secs(33)), text("no result for 33 s"), true));
    health.set_enabled(&Scope::Core, "db", false);
    assert_eq!(look(&health), (Status::Warn, Standing::Disabled, text("disabled by the operator"), false));
    let observed = health.snapshot().find(&Scope::Core, "db").unwrap().state();
    assert_eq!(observed, State::Pass, "what the operator wants does not touch what was observed");
}

#[tokio::test(start_paused = true)]
async fn silence_makes_a_passive_component_idle_never_bad() {
    let health = one(builder(), spec("upstream").passive());
    let idle = (Status::Warn, Standing::Idle, Some("no recent traffic".to_owned()), false);
    assert_eq!(look(&health), idle);
    put(&health, 0, Outcome::fail("connection refused"));
    assert_eq!(look(&health).0, Status::Fail);
    advance(secs(100)).await;
    assert_eq!(look(&health), idle);
}

#[tokio::test(start_paused = true)]
async fn outputs_follow_the_state_not_the_last_run() {
    let health = one(builder(), spec("db"));
    let output = |outcome| {
        put(&health, 0, outcome);
        let (status, _, output, _) = look(&health);
        (status, output)
    };
    assert_eq!(output(Outcome::pass().output("v16")), (Status::Pass, Some("v16".to_owned())));
    assert_eq!(output(Outcome::fail("refused")), (Status::Pass, None));
    output(Outcome::fail("refused"));
    assert_eq!(
        output(Outcome::fail("refused by /run/db.sock")),
        (Status::Fail, Some("refused by [path]".into()))
    );
    assert_eq!(output(Outcome::pass()), (Status::Fail, Some("refused by [path]".into())));
    assert_eq!(output(Outcome::pass()), (Status::Pass, None));
}
