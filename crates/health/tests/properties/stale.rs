//! No pass is older than interval + timeout + grace, not even when everything that runs checks is gone.

use std::time::Duration;

use ccproxy_health::{Builder, Outcome, Scope, Spec, Status, View, check_fn, report};
use tokio::time::{Instant, advance};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::world::{identity, paused, settle};

async fn kill(rng: &mut fastrand::Rng) {
    let mut millis = |from, to| Duration::from_millis(rng.u64(from..to));
    let (every, timeout, grace) = (millis(1, 60_000), millis(0, 10_000), millis(0, 10_000));
    let mut builder = Builder::new(identity());
    builder.grace(grace);
    builder.container().part("server").started();
    let spec = Spec::new("db").unwrap().critical(true).interval(every).timeout(timeout).jitter(0.0);
    builder.check(Scope::Core, spec, check_fn(|| async { Outcome::pass() }));
    let (health, tasks, stop) = (builder.build(), TaskTracker::new(), CancellationToken::new());
    health.start(&tasks, stop.clone());
    settle().await;
    let taken = Instant::now();
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    let limit = every + timeout + grace;
    let look = || {
        let age = taken.elapsed();
        let status = health.snapshot().view(Instant::now()).next().unwrap().status;
        let probes = [
            report::ready(&health, View::Full, &[]).status,
            report::detail(&health, View::Full, &[]).status,
            report::component(&health, View::Full, &Scope::Core, "db").unwrap().status,
        ];
        for status in probes.into_iter().chain([status]) {
            assert_eq!(status == Status::Pass, age <= limit, "age {age:?}, limit {limit:?}");
            assert_eq!(status == Status::Fail, age > 2 * limit, "age {age:?}, limit {limit:?}");
        }
    };
    look();
    // The moment before, the limit, the moment after; and again when it is lost.
    let tick = Duration::from_millis(1);
    for step in [limit.saturating_sub(tick), tick, tick, limit - tick, tick, every] {
        advance(step).await;
        look();
    }
}

#[test]
fn no_pass_outlives_a_killed_scheduler() {
    let mut rng = fastrand::Rng::with_seed(6);
    for _ in 0..1000 {
        paused(kill(&mut rng));
    }
}
