//! No health result goes by the wall clock.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use ccproxy_health::{Builder, Identity, Outcome, Scope, Spec, Standing, Status};
use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// On paused time the wall clock stands almost still: seen from the process's own clock it is set back by all that
/// passes. What has grown old is old all the same, and what is fresh stays so.
#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_back_by_an_hour_keeps_nothing_fresh() {
    let mut builder = Builder::new(Identity::new("1", "s", "S"));
    let spec =
        Spec::new("x").unwrap().interval(Duration::from_secs(30)).initial_delay(Duration::from_secs(86_400));
    let reporter = builder.check(Scope::Core, spec, ccproxy_health::check_fn(std::future::pending));
    let health = builder.build();
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    health.start(&tasks, stop.clone());
    reporter.report(Outcome::pass());

    let standing = async |secs| {
        sleep(Duration::from_secs(secs)).await;
        let snapshot = health.snapshot();
        let seen = snapshot.view(Instant::now()).next().unwrap();
        (seen.status, seen.standing)
    };
    assert_eq!(standing(39).await, (Status::Pass, Standing::Known));
    assert!(matches!(standing(3600).await, (Status::Fail, Standing::Lost(age)) if age.as_secs() == 3639));
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}
