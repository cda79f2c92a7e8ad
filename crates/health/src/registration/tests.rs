use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use proptest::prelude::*;
use tokio::time::advance;

use crate::{
    Health, Outcome, Reporter, Scope, Spec, State, Status, View, check_fn, report,
    testing::{Running, builder, secs, settle, spec, start},
};

fn state(health: &Health, plugin: &str, name: &str) -> Option<State> {
    health.snapshot().find(&Scope::plugin(plugin), name).map(crate::Reading::state)
}

/// Puts a page there with one passive component.
async fn put(running: &Running, plugin: &str, spec: Spec) -> Reporter {
    let mut added = running.health.registration();
    let reporter = added.passive(Scope::plugin(plugin), spec);
    assert!(running.health.change(&[], added).await);
    reporter
}

#[tokio::test(start_paused = true)]
async fn pages_come_and_go_and_the_others_stay_as_they_are() {
    let mut builder = builder();
    let stays = builder.passive(Scope::plugin("stays"), spec("upstream"));
    let goes = builder.passive(Scope::plugin("goes"), spec("upstream"));
    let running = start(builder);
    let health = &running.health;
    stays.report(Outcome::fail("refused"));
    goes.report(Outcome::fail("refused"));
    settle().await;
    let before = health.snapshot();

    let mut added = health.registration();
    let comes = added.passive(Scope::plugin("comes"), spec("upstream"));
    assert!(added.has(&Scope::plugin("comes"), "upstream") && !added.has(&Scope::Core, "upstream"));
    assert_eq!(health.plugins(), ["stays".into(), "goes".into()], "not before it is told to");
    assert!(health.change(&["goes".to_owned()], added).await);
    assert_eq!(health.plugins(), ["stays".into(), "comes".into()]);
    assert_eq!(report::plugin(health, View::Full, "goes", &[]), None);
    assert_eq!(health.samples().len(), 2);
    let reading = |snapshot: &crate::Snapshot| {
        snapshot.find(&Scope::plugin("stays"), "upstream").map(|reading| (reading.time(), reading.runs()))
    };
    assert_eq!(reading(&health.snapshot()), reading(&before));

    // Its last requests may still tell of what is gone; the new one is told of as any other.
    goes.report(Outcome::pass());
    comes.report(Outcome::pass());
    settle().await;
    assert_eq!(
        (state(health, "goes", "upstream"), state(health, "comes", "upstream")),
        (None, Some(State::Pass))
    );
    let told: Vec<_> = health.events().iter().map(|event| event.component.to_string()).collect();
    assert_eq!(told, ["stays/upstream", "goes/upstream", "comes/upstream"], "the history is kept");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn checks_of_new_components_run_and_those_of_gone_ones_end() {
    static RUNS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    let counting = |n: usize| {
        check_fn(move || async move {
            RUNS[n].fetch_add(1, Ordering::SeqCst);
            if n == 0 { std::future::pending().await } else { Outcome::pass() }
        })
    };
    let mut builder = builder();
    builder.check(Scope::plugin("a"), spec("upstream").interval(secs(1)).timeout(secs(60)), counting(0));
    let running = start(builder);
    settle().await;
    assert_eq!(RUNS[0].load(Ordering::SeqCst), 1);
    let mut added = running.health.registration();
    added.check(Scope::plugin("a"), spec("upstream").interval(secs(1)), counting(1));
    running.health.change(&[], added).await;
    for _ in 0..10 {
        advance(secs(1)).await;
        settle().await;
    }
    assert_eq!(RUNS[0].load(Ordering::SeqCst), 1, "the one that hangs is not run again");
    assert!((9..=11).contains(&RUNS[1].load(Ordering::SeqCst)), "the new one is not held up by it");
    assert_eq!(state(&running.health, "a", "upstream"), Some(State::Pass));
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn readiness_does_not_fall_because_a_critical_component_was_replaced() {
    let critical = || spec("upstream").critical(true);
    let running = start(builder());
    let ready = || report::ready(&running.health, View::Full, &[]).status;
    let first = put(&running, "a", critical()).await;
    first.report(Outcome::pass());
    settle().await;
    assert_eq!(ready(), Status::Pass);
    let second = put(&running, "a", critical()).await;
    assert_eq!((ready(), state(&running.health, "a", "upstream")), (Status::Pass, Some(State::Pass)));
    // What the first one was counts for nothing any more: no need to fall three times.
    second.report(Outcome::fail("refused"));
    settle().await;
    assert_eq!(ready(), Status::Fail);
    // That one was not well is not handed on; what is critical and new has to show itself.
    put(&running, "a", critical()).await;
    assert_eq!(state(&running.health, "a", "upstream"), Some(State::Unknown));
    running.end().await;
}

#[tokio::test]
async fn what_has_not_begun_or_has_ended_is_not_changed() {
    let health = builder().build();
    assert!(!health.change(&[], health.registration()).await);
    let running = start(builder());
    let health = running.end().await;
    assert!(!health.change(&[], health.registration()).await);
}

#[tokio::test(start_paused = true)]
async fn one_component_can_be_told_of_by_its_name() {
    let mut builder = builder();
    builder.check(Scope::Core, spec("config"), check_fn(|| async { Outcome::pass() }));
    let running = start(builder);
    settle().await;
    assert!(running.health.reporter(&Scope::plugin("config"), "config").is_none());
    running.health.reporter(&Scope::Core, "config").unwrap().report(Outcome::warn("odd"));
    settle().await;
    let runs = running.health.snapshot().find(&Scope::Core, "config").unwrap().runs();
    assert_eq!((runs.pass, runs.warn), (1, 1));
    running.end().await;
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Debug, Clone)]
enum Step {
    /// Takes these away and puts those there, with as many components of one name.
    Change(Vec<usize>, Vec<(usize, usize)>),
    /// Everything that was ever registered tells of itself.
    Tell,
}

fn step() -> impl Strategy<Value = Step> {
    let change = (
        prop::collection::vec(0..NAMES.len(), 0..3),
        prop::collection::vec((0..NAMES.len(), 1..4_usize), 0..3),
    );
    prop_oneof![3 => change.prop_map(|(gone, added)| Step::Change(gone, added)), 2 => Just(Step::Tell)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes and goes, the pages are those of a simple map, each component is heard of alone, and labels are unique.
    #[test]
    fn changes_are_those_of_a_map(steps in prop::collection::vec(step(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async move {
            let running = start(builder());
            let mut reporters: Vec<Reporter> = Vec::new();
            // How often each component of a page was told of.
            let mut model: BTreeMap<&str, Vec<(String, u64)>> = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Change(gone, pages) => {
                        let mut added = running.health.registration();
                        let gone: Vec<String> = gone.iter().map(|name| NAMES[*name].to_owned()).collect();
                        model.retain(|name, _| !gone.iter().any(|gone| gone == name));
                        pages.iter().for_each(|(name, _)| drop(model.remove(NAMES[*name])));
                        for (name, components) in pages {
                            for _ in 0..components {
                                let reporter = added.passive(Scope::plugin(NAMES[name]), spec("x"));
                                model.entry(NAMES[name]).or_default().push((reporter.label().to_owned(), 0));
                                reporters.push(reporter);
                            }
                        }
                        assert!(running.health.change(&gone, added).await);
                    }
                    Step::Tell => {
                        reporters.iter().for_each(|reporter| reporter.report(Outcome::pass()));
                        settle().await;
                        model.values_mut().flatten().for_each(|(_, runs)| *runs += 1);
                    }
                }
                let mut there: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
                for reading in &running.health.snapshot().readings {
                    let Scope::Plugin(page) = reading.scope() else { continue };
                    there.entry(page.to_string()).or_default().push((reading.label().to_owned(), reading.runs().pass));
                }
                let expect: BTreeMap<String, _> =
                    model.iter().map(|(name, components)| ((*name).to_owned(), components.clone())).collect();
                assert_eq!(there, expect);
                let mut pages: Vec<_> = running.health.plugins().iter().map(ToString::to_string).collect();
                pages.sort();
                assert_eq!(pages, expect.into_keys().collect::<Vec<_>>());
                let mut labels: Vec<_> = model.values().flatten().map(|(label, _)| label.clone()).collect();
                labels.sort();
                labels.dedup();
                assert_eq!(labels.len(), running.health.samples().len());
            }
            running.end().await;
        });
    }
}
