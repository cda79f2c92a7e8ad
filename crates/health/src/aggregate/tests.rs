use proptest::prelude::*;

use super::*;
use crate::{
    Outcome, check_fn,
    testing::{builder, put, spec},
};

/// Components as (plugin or core, critical), and what each said.
fn health_of(components: &[(bool, bool, Option<Outcome>)]) -> Health {
    let mut builder = builder();
    for (n, (plugin, critical, _)) in components.iter().enumerate() {
        let scope = if *plugin { Scope::plugin("p") } else { Scope::Core };
        let spec = spec(&format!("c{n:02}")).critical(*critical);
        builder.check(scope, spec, check_fn(|| async { Outcome::pass() }));
    }
    let health = builder.build();
    for (n, (_, _, outcome)) in components.iter().enumerate() {
        if let Some(outcome) = outcome {
            put(&health, n, outcome.clone());
        }
    }
    health
}

fn check(components: &[(bool, bool, Option<Outcome>)], expect: [Status; 3]) {
    let health = health_of(components);
    let page = |scope: &Scope| {
        let snapshot = health.snapshot();
        let seen = on_page(&snapshot, scope, &[], Instant::now());
        match scope {
            Scope::Core => core(&health.inner, &health.container().report(), &seen, Instant::now()).status,
            Scope::Plugin(_) => plugin(&seen).status,
        }
    };
    let got = [ready(&health, &[]).status, page(&Scope::Core), page(&Scope::plugin("p"))];
    assert_eq!(got, expect, "ready, core, plugin of {components:?}");
    assert_eq!(live(&health).status, Status::Pass);
}

#[test]
fn which_check_reaches_which_page() {
    use Status::{Fail, Pass, Warn};
    let (pass, warn, fail) = (Some(Outcome::pass()), Some(Outcome::warn("hm")), Some(Outcome::fail("no")));
    let (core, plugin, critical, not) = (false, true, true, false);
    check(&[], [Pass, Pass, Pass]);
    check(&[(core, critical, pass.clone()), (plugin, not, pass)], [Pass, Pass, Pass]);
    check(&[(core, not, warn.clone())], [Pass, Warn, Pass]);
    check(&[(core, critical, warn.clone())], [Warn, Warn, Pass]);
    check(&[(core, not, fail.clone())], [Warn, Warn, Pass]);
    check(&[(core, critical, fail.clone())], [Fail, Fail, Pass]);
    check(&[(plugin, not, warn)], [Pass, Pass, Warn]);
    check(&[(plugin, not, fail.clone())], [Warn, Pass, Fail]);
    check(&[(plugin, critical, fail)], [Fail, Pass, Fail]);
    check(&[(core, not, None)], [Pass, Warn, Pass]);
    check(&[(core, critical, None)], [Fail, Fail, Pass]);
    check(&[(plugin, not, None)], [Pass, Pass, Warn]);
}

#[test]
fn exclusion_by_name_and_by_label() {
    let fail = Some(Outcome::fail("no"));
    let health = health_of(&[(false, true, fail.clone()), (true, true, fail)]);
    assert_eq!(ready(&health, &[]).status, Status::Fail);
    assert_eq!(ready(&health, &["c00"]).status, Status::Fail);
    assert_eq!(ready(&health, &["c00", "p/c01"]).status, Status::Pass);
    assert_eq!(ready(&health, &["c00", "c01", "no-such"]).status, Status::Pass);
}

#[test]
fn an_essential_part_takes_readiness_down() {
    let health = health_of(&[]);
    health.container().part("extra").failed("x");
    assert_eq!(ready(&health, &[]).status, Status::Pass);
    health.container().essential("storage").failed("disk full");
    assert_eq!(ready(&health, &[]).status, Status::Fail);
    assert_eq!(ready(&health, &[CONTAINER]).status, Status::Pass);
}

#[test]
fn problems_are_named_worst_first_and_counted() {
    let mut components = vec![(false, false, Some(Outcome::fail("no"))); 20];
    components[19].1 = true;
    let verdict = ready(&health_of(&components), &[]);
    assert_eq!((verdict.status, verdict.more), (Status::Fail, 12));
    let about: Vec<&str> = verdict.problems.iter().map(|problem| problem.about.as_str()).collect();
    assert_eq!(about, ["c19", "c00", "c01", "c02", "c03", "c04", "c05", "c06"]);
    assert!(verdict.text().starts_with("Service is not ready: c19: no; c00: no;"));
    assert!(verdict.text().ends_with("c06: no; and 12 more"));
}

fn outcome() -> impl Strategy<Value = Option<Outcome>> {
    prop_oneof![
        Just(None),
        Just(Some(Outcome::pass())),
        Just(Some(Outcome::warn("w"))),
        Just(Some(Outcome::fail("f")))
    ]
}

proptest! {
    /// Whatever becomes of what is shared, live stays live and ready stays in rotation.
    #[test]
    fn nothing_shared_takes_live_or_ready_down(
        components in prop::collection::vec((any::<bool>(), Just(false), outcome()), 0..20)
    ) {
        let health = health_of(&components);
        prop_assert_eq!(live(&health).status, Status::Pass);
        prop_assert_ne!(ready(&health, &[]).status, Status::Fail);
    }
}
