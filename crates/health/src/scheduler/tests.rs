use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
    mpsc,
};

use tokio::time::advance;

use super::*;
use crate::{
    Check, Scope, State, Status, check_fn,
    testing::{builder, put, secs, settle, spec, start},
};

/// A check that follows a switch and counts its runs.
#[derive(Default)]
struct Switch {
    down: AtomicBool,
    hang: AtomicBool,
    runs: AtomicUsize,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Switch {
    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

struct Guard<'a>(&'a AtomicUsize);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Check for Switch {
    fn run(&self) -> crate::BoxFuture<'_, Outcome> {
        Box::pin(async {
            self.runs.fetch_add(1, Ordering::SeqCst);
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            let _guard = Guard(&self.under_way);
            self.most.fetch_max(now, Ordering::SeqCst);
            if self.hang.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            if self.down.load(Ordering::SeqCst) { Outcome::fail("down") } else { Outcome::pass() }
        })
    }
}

/// Passes time in steps short enough for every task to do its part on time.
async fn pass_time(time: Duration) {
    settle().await;
    let end = Instant::now() + time;
    while Instant::now() < end {
        advance(Duration::from_millis(50)).await;
        settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_seen_after_exactly_fall_times_interval_plus_timeout() {
    let (switch, mut builder) = (Arc::new(Switch::default()), builder());
    builder.check(Scope::Core, spec("db"), switch.clone());
    let running = start(builder);
    settle().await;
    assert_eq!((running.state("db"), switch.runs()), (State::Pass, 1));

    // The outage begins right after a good look: the worst moment.
    switch.hang.store(true, Ordering::SeqCst);
    let began = Instant::now();
    while running.state("db") == State::Pass {
        pass_time(Duration::from_millis(50)).await;
        assert!(began.elapsed() < secs(60), "never seen");
    }
    assert_eq!(began.elapsed(), secs(3 * 10 + 1));
    assert_eq!(switch.most.load(Ordering::SeqCst), 1);
    let health = running.end().await;
    let reason = health.events().last().unwrap().reason.clone().unwrap();
    assert_eq!(&*reason, "timed out after 1s");
}

#[tokio::test(start_paused = true)]
async fn it_returns_after_rise_passes() {
    let (switch, mut builder) = (Arc::new(Switch::default()), builder());
    switch.down.store(true, Ordering::SeqCst);
    builder.check(Scope::Core, spec("db"), switch.clone());
    let running = start(builder);
    settle().await;
    assert_eq!(running.state("db"), State::Fail);
    switch.down.store(false, Ordering::SeqCst);
    pass_time(secs(10)).await;
    assert_eq!(running.state("db"), State::Fail);
    pass_time(secs(10)).await;
    assert_eq!(running.state("db"), State::Pass);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_and_harms_no_other() {
    let (switch, mut builder) = (Arc::new(Switch::default()), builder());
    builder.check(Scope::Core, spec("bad"), check_fn(|| async { panic!("planted: this check panics") }));
    builder.check(Scope::Core, spec("good"), switch.clone());
    let running = start(builder);
    pass_time(secs(100)).await;
    assert_eq!((running.state("bad"), running.state("good")), (State::Fail, State::Pass));
    assert_eq!(switch.runs(), 11);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn hung_checks_do_not_delay_others() {
    let (hung, good, mut builder) = (Arc::new(Switch::default()), Arc::new(Switch::default()), builder());
    hung.hang.store(true, Ordering::SeqCst);
    for n in 0..1000 {
        builder.check(Scope::Core, spec(&format!("hung-{n}")), hung.clone());
    }
    builder.check(Scope::Core, spec("good"), good.clone());
    let running = start(builder);
    settle().await;
    for _ in 0..60 {
        advance(Duration::from_millis(500)).await;
        settle().await;
        assert!(running.tasks.len() <= 3);
    }
    assert_eq!(good.runs(), 4);
    assert!(hung.most.load(Ordering::SeqCst) <= 1000);
    assert_eq!((running.state("hung-999"), running.state("good")), (State::Fail, State::Pass));
    running.end().await;
    assert_eq!(hung.under_way.load(Ordering::SeqCst), 0, "the end leaves no run behind");
}

#[tokio::test(start_paused = true)]
async fn good_traffic_makes_runs_unnecessary() {
    let (switch, mut builder) = (Arc::new(Switch::default()), builder());
    let reporter = builder.check(Scope::Core, spec("api").initial_delay(secs(5)), switch.clone());
    let running = start(builder);
    for _ in 0..30 {
        reporter.report(Outcome::pass());
        pass_time(secs(2)).await;
    }
    assert_eq!((running.state("api"), switch.runs()), (State::Pass, 0));
    reporter.report(Outcome::fail("502"));
    pass_time(secs(10)).await;
    assert_eq!(switch.runs(), 1, "bad traffic is a reason to look");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn passive_and_disabled_components_are_not_run() {
    let (switch, mut builder) = (Arc::new(Switch::default()), builder());
    builder.check(Scope::Core, spec("traffic").passive(), switch.clone());
    builder.check(Scope::Core, spec("off"), switch.clone());
    let running = start(builder);
    assert!(running.health.set_enabled(&Scope::Core, "off", false));
    assert!(!running.health.set_enabled(&Scope::Core, "none", false));
    pass_time(secs(60)).await;
    assert_eq!(switch.runs(), 0);
    running.health.set_enabled(&Scope::Core, "off", true);
    pass_time(secs(10)).await;
    assert_eq!(switch.runs(), 1);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_flapping_check_makes_one_transition() {
    let (turn, mut builder) = (Arc::new(AtomicUsize::new(0)), builder());
    let flap = check_fn(move || {
        let good = turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        async move { if good { Outcome::pass() } else { Outcome::fail("flap") } }
    });
    builder.check(Scope::Core, spec("flap").critical(true), flap);
    let running = start(builder);
    settle().await;
    for _ in 0..60 {
        pass_time(secs(10)).await;
        assert_eq!(crate::aggregate::ready(&running.health, &[]).status, Status::Pass);
    }
    let health = running.end().await;
    assert_eq!(health.events().len(), 1);
    assert_eq!(health.snapshot().find(&Scope::Core, "flap").unwrap().transitions(), 1);
}

#[test]
fn jitter_shortens_and_stays_within_its_share() {
    let spec = crate::Spec::new("x").unwrap().interval(secs(10)).jitter(0.2);
    let drawn: Vec<Duration> = (0..1000).map(|_| jitter(&spec)).collect();
    assert!(drawn.iter().all(|jitter| *jitter <= secs(2)));
    assert!(drawn.iter().max() > drawn.iter().min());
    let spread = spec.spread_start().initial_delay(secs(100));
    assert!((0..1000).map(|_| first_delay(&spread)).all(|delay| (secs(100)..=secs(110)).contains(&delay)));
}

/// A check that blocks its thread cannot be cancelled; it must be the only one of its kind, and be seen as failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_check_that_ignores_cancellation_runs_once() {
    let (release, blocked) = mpsc::channel::<()>();
    let (blocked, runs) = (Arc::new(Mutex::new(blocked)), Arc::new(AtomicUsize::new(0)));
    let check = {
        let runs = Arc::clone(&runs);
        check_fn(move || {
            let (blocked, runs) = (Arc::clone(&blocked), Arc::clone(&runs));
            async move {
                runs.fetch_add(1, Ordering::SeqCst);
                let _ = blocked.lock().unwrap().recv();
                Outcome::pass()
            }
        })
    };
    let mut builder = builder();
    let quick = spec("stuck").interval(Duration::from_millis(20)).timeout(Duration::from_millis(10));
    builder.check(Scope::Core, quick, check);
    let running = start(builder);
    let failures = || running.health.snapshot().find(&Scope::Core, "stuck").unwrap().tracked().fails;
    while failures() < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!((runs.load(Ordering::SeqCst), running.state("stuck")), (1, State::Fail));
    drop(release); // from here on every run ends at once
    while running.state("stuck") != State::Pass {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn no_pass_outlives_a_killed_scheduler() {
    let mut builder = builder();
    builder.grace(secs(4)).check(Scope::Core, spec("db"), check_fn(|| async { Outcome::pass() }));
    let health = builder.build(); // never started: no scheduler at all
    put(&health, 0, Outcome::pass());
    let status = || health.snapshot().view(Instant::now()).next().unwrap().status;
    advance(secs(15)).await;
    assert_eq!(status(), Status::Pass);
    advance(Duration::from_millis(1)).await;
    assert_eq!(status(), Status::Warn);
    advance(secs(15)).await;
    assert_eq!(status(), Status::Fail);
}
