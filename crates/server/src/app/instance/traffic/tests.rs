use ccproxy_health::{Builder, Identity, Scope, Spec, Status};

use super::*;

fn traffic() -> Traffic {
    let mut health = Builder::new(Identity::new("1", "test", "Test"));
    let mut reporter = |name| health.passive(Scope::plugin("claude"), Spec::new(name).unwrap());
    let reporters = Reporters {
        upstream: reporter("upstream"),
        errors: reporter("errors"),
        latency: reporter("latency"),
        rate_limit: reporter("rate_limit"),
    };
    Traffic::new(reporters, Duration::from_secs(30))
}

fn fault() -> Verdict {
    Verdict::Fault("it was on fire".into())
}

#[tokio::test(start_paused = true)]
async fn the_share_of_faults() {
    let traffic = traffic();
    let check = |verdict: Verdict, times: u32, status, percent: u32| {
        (0..times).for_each(|_| traffic.ended(verdict.clone(), None));
        let outcome = traffic.errors(traffic.window.tally(traffic.now()));
        assert_eq!((outcome.status, outcome.observed), {
            (status, Outcome::pass().observed(percent, "percent").observed)
        });
    };
    check(fault(), 4, Status::Pass, 100);
    check(fault(), 1, Status::Fail, 100);
    check(Verdict::Good, 5, Status::Fail, 50);
    check(Verdict::Good, 1, Status::Warn, 45);
    check(Verdict::Good, 39, Status::Warn, 10);
    check(Verdict::Good, 1, Status::Pass, 9);
    tokio::time::advance(Duration::from_secs(60)).await;
    check(fault(), 1, Status::Pass, 100);
    check(fault(), 4, Status::Fail, 100);
    let text = traffic.errors(traffic.window.tally(traffic.now())).output.unwrap();
    assert_eq!(text, "5 of the last minute's 5 exchanges failed; the last one: it was on fire");
}

#[tokio::test(start_paused = true)]
async fn the_breaker_as_health_sees_it() {
    let traffic = Arc::new(traffic());
    assert_eq!(traffic.pulse(), Outcome::pass());
    (0..5).for_each(|_| traffic.ended(fault(), None));
    assert!(traffic.admits().is_none());
    let text = "routes go around the upstream, which is tried again in 10 s";
    assert_eq!(traffic.pulse(), Outcome::fail(text));
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(traffic.pulse().status, Status::Warn);
    let trial = traffic.admits();
    assert!(trial.is_some() && traffic.admits().is_none());
    drop(trial);
    let again = traffic.admits();
    assert!(again.is_some() && traffic.admits().is_none(), "a trial that told nothing is given back");
    traffic.ended(Verdict::Good, None);
    drop(again);
    assert_eq!(traffic.pulse(), Outcome::pass());
}

#[tokio::test(start_paused = true)]
async fn clients_that_give_up() {
    let traffic = traffic();
    let second = Duration::from_secs;
    let check = |waited: u64, failed: u32, latency: Option<f64>| {
        traffic.abandoned(second(waited));
        assert_eq!(traffic.window.tally(traffic.now()), Tally { total: failed, failed }, "{waited} s");
        let ms = |outcome: Outcome| outcome.observed.unwrap().value;
        let told = traffic.latency.outcome(traffic.slow).map(ms);
        assert_eq!(told, latency.map(ccproxy_health::Value::Float), "{waited} s");
    };
    check(0, 0, None);
    check(30, 0, None);
    check(31, 1, Some(31_000.0));
    check(30, 1, Some(31_000.0));
    check(39, 2, Some(32_000.0));
    (0..200).for_each(|_| traffic.latency.note(second(1)));
    check(1, 2, Some(1000.0));
    check(9, 2, Some(2000.0));
    (0..3).for_each(|_| traffic.abandoned(second(60)));
    assert_eq!(traffic.pulse().status, Status::Fail, "five in a row open the breaker");
    let text = traffic.errors(traffic.window.tally(traffic.now())).output.unwrap();
    assert!(text.ends_with("no answer before the client gave up"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn health_hears_now_and_then() {
    let traffic = traffic();
    let again = || traffic.told.again.load(Ordering::Relaxed);
    let millis = Duration::from_millis;
    traffic.limited(None, None);
    assert_eq!(again(), 100, "a limit begins");
    tokio::time::advance(millis(50)).await;
    (0..100).for_each(|_| traffic.limited(None, None));
    (0..100).for_each(|_| traffic.ended(fault(), None));
    assert_eq!(again(), 100, "nothing was told");
    tokio::time::advance(millis(50)).await;
    traffic.limited(None, None);
    assert_eq!(again(), 200);
}

#[tokio::test(start_paused = true)]
async fn of_many_threads_one_tells() {
    let traffic = &traffic();
    let alone = traffic.told.alone();
    let left = std::sync::atomic::AtomicU32::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                traffic.publish_if_due(Duration::ZERO);
                left.fetch_sub(1, Ordering::SeqCst);
            });
        }
        while left.load(Ordering::SeqCst) > 1 {
            std::thread::yield_now();
        }
        drop(alone);
    });
    // The clock stands still on this thread only.
    assert!(traffic.told.again.load(Ordering::Relaxed) >= 100, "it was told");
}
