//! A check that alternates makes no noise, and an outage is seen when it was promised.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ccproxy_health::{Builder, Outcome, Scope, Spec, State, View, check_fn, report};
use tokio::time::{Instant, interval, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::world::{identity, paused, settle};

fn spec(every: u64, fall: u32, rise: u32) -> Spec {
    let spec = Spec::new("db").unwrap().critical(true).jitter(0.0).fall(fall).rise(rise);
    spec.interval(Duration::from_secs(every)).timeout(Duration::from_millis(500))
}

async fn alternate(spec: Spec, first_passes: bool) {
    let turn = AtomicUsize::new(usize::from(!first_passes));
    let flap = check_fn(move || {
        let good = turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        async move { if good { Outcome::pass() } else { Outcome::fail("flap") } }
    });
    let mut builder = Builder::new(identity());
    builder.check(Scope::Core, spec, flap);
    builder.container().part("server").started();
    let (health, tasks, stop) = (builder.build(), TaskTracker::new(), CancellationToken::new());
    health.start(&tasks, stop.clone());
    settle().await;
    let first = report::ready(&health, View::Full, &[]).status;
    let end = Instant::now() + Duration::from_secs(600);
    let mut look = interval(Duration::from_millis(100));
    while look.tick().await < end {
        assert_eq!(report::ready(&health, View::Full, &[]).status, first);
    }
    assert_eq!(health.events().len(), 1, "the first and no other");
    stop.cancel();
}

#[test]
fn a_check_that_alternates_for_ten_minutes_makes_no_transition_after_the_first() {
    for (every, fall, rise) in [(1, 2, 2), (5, 3, 2), (10, 2, 4)] {
        for first_passes in [true, false] {
            paused(alternate(spec(every, fall, rise), first_passes));
        }
    }
}

/// How long after its beginning, right after a good look, an outage was seen.
async fn outage(spec: Spec, good: Duration) -> Duration {
    let hang = Arc::new(AtomicBool::new(false));
    let check = {
        let hang = Arc::clone(&hang);
        check_fn(move || {
            let hang = hang.load(Ordering::SeqCst);
            async move { if hang { std::future::pending().await } else { Outcome::pass() } }
        })
    };
    let mut builder = Builder::new(identity());
    builder.check(Scope::Core, spec, check);
    let (health, tasks, stop) = (builder.build(), TaskTracker::new(), CancellationToken::new());
    let mut transitions = health.subscribe();
    health.start(&tasks, stop.clone());
    assert_eq!(transitions.recv().await.unwrap().to, State::Pass);
    sleep(good).await;
    settle().await;
    hang.store(true, Ordering::SeqCst);
    let began = Instant::now();
    assert_eq!(transitions.recv().await.unwrap().to, State::Fail);
    assert!(!report::ready(&health, View::Full, &[]).ok);
    stop.cancel();
    began.elapsed()
}

#[test]
fn an_outage_is_seen_after_exactly_fall_times_interval_plus_timeout() {
    let mut rng = fastrand::Rng::with_seed(5);
    for _ in 0..100 {
        let (every, fall) = (rng.u64(1..20), rng.u32(1..6));
        let timeout = Duration::from_millis(rng.u64(1..every * 1000));
        let spec = spec(every, fall, rng.u32(1..4)).timeout(timeout);
        // After some good looks: the outage begins right after the last of them.
        let good = Duration::from_secs(every * rng.u64(0..4));
        let expect = Duration::from_secs(every) * fall + timeout;
        assert_eq!(paused(outage(spec, good)), expect, "every {every} s, fall {fall}, timeout {timeout:?}");
    }
}
