//! What is kept of a short page is what would be rendered anew.

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Put(usize, Outcome),
    Advance(u64),
    Enable(usize, bool),
    Open,
    TakeOut,
    Undrain,
    Part(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        4 => Just(Outcome::pass()),
        1 => Just(Outcome::warn("slow")),
        2 => Just(Outcome::fail("no"))
    ];
    prop_oneof![
        6 => (0..4usize, outcome).prop_map(|(n, outcome)| Step::Put(n, outcome)),
        6 => (1..20_000u64).prop_map(Step::Advance),
        // The limits of the components below, and one millisecond more.
        2 => prop_oneof![Just(16_000u64), Just(16_001), Just(32_000), Just(1000)].prop_map(Step::Advance),
        1 => (0..4usize, any::<bool>()).prop_map(|(n, on)| Step::Enable(n, on)),
        1 => Just(Step::Open),
        1 => Just(Step::TakeOut),
        1 => Just(Step::Undrain),
        1 => any::<bool>().prop_map(Step::Part),
    ]
}

async fn take(health: &Health, step: Step) {
    match step {
        Step::Put(n, outcome) => put(health, n, outcome),
        Step::Advance(millis) => advance(Duration::from_millis(millis)).await,
        Step::Enable(n, on) => assert!(health.set_enabled(&Scope::Core, &format!("c{n}"), on)),
        Step::Open => assert!(health.open_gate("g")),
        Step::TakeOut => drop(health.take_out()),
        Step::Undrain => drop(health.undrain()),
        Step::Part(well) => {
            let part = health.container().essential("part");
            if well { part.started() } else { part.failed("disk full") }
        }
    }
}

fn check(health: &Health) {
    let verdicts = [
        (live(health, View::Full), aggregate::live(health)),
        (startup(health, View::Full, &[]), aggregate::startup(health, &[])),
        (ready(health, View::Full, &[]), aggregate::ready(health, &[])),
    ];
    for (answer, verdict) in verdicts {
        let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, page["output"].as_str()), (verdict.status, Some(&*verdict.text())));
    }
    // The same verdicts as text.
    for endpoint in [Endpoint::Live, Endpoint::Startup, Endpoint::Ready, Endpoint::Health] {
        let status =
            |verbose| text::answer(health, endpoint, Query { verbose, exclude: &[] }, View::Full).status;
        assert_eq!(status(true), status(false), "{endpoint:?}");
    }
}

proptest! {
    #[test]
    fn kept_answers_are_true(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut builder = builder();
            builder.gate("g");
            for n in 0..4 {
                let critical = spec(&format!("c{n}")).critical(n < 2).fall(1).rise(1);
                if n % 2 == 0 {
                    builder.check(Scope::Core, critical, check_fn(|| async { Outcome::pass() }));
                } else {
                    builder.passive(Scope::Core, critical);
                }
            }
            let health = builder.build();
            for step in steps {
                take(&health, step).await;
                check(&health);
            }
        });
    }
}
