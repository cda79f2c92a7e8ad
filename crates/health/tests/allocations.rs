//! A probe takes no memory: what liveness, readiness and start-up answer is rendered when something changes and shared
//! until then, however many components there are.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use ccproxy_health::{
    Answer, Builder, Health, Identity, Outcome, Profile, Reporter, Scope, Spec, Status, View, report,
    text::{self, Endpoint, Query},
};
use tokio::time::advance;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const PROFILES: [Profile; 2] = [Profile::Ccproxy, Profile::Ietf];

fn probes(health: &Health, view: View) -> [Answer; 3] {
    [report::live(health, view), report::ready(health, view, &[]), report::startup(health, view, &[])]
}

/// The verdicts of liveness, readiness and start-up, and that 1,000 answers of each in every view take no memory.
fn check(health: &Health, expect: [Status; 3]) {
    for view in [View::Full, View::Anonymous, View::StatusOnly] {
        // The first may render.
        let first = probes(health, view);
        assert_eq!(first.each_ref().map(|answer| answer.status), expect);
        let counted = allocation_counter::measure(|| {
            for _ in 0..1000 {
                assert_eq!(probes(health, view), first);
            }
        });
        assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "{expect:?} {view:?}");
    }
}

/// A number of components of the core, all unknown, and one of a plugin that only traffic feeds.
fn health(profile: Profile, components: usize) -> (Health, Reporter) {
    let mut builder = Builder::new(Identity::new("1.2.3", "service", "Service"));
    builder.profile(profile).gate("config loaded");
    builder.container().essential("server").started();
    for n in 0..components {
        builder.passive(Scope::Core, Spec::new(&format!("component-{n}")).unwrap());
    }
    let reporter = builder.passive(Scope::plugin("p"), Spec::new("upstream").unwrap());
    (builder.build(), reporter)
}

async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn probes_take_no_memory() {
    use Status::{Fail, Pass, Warn};
    for (profile, components) in PROFILES.into_iter().zip([3, 10_000]) {
        let (health, reporter) = health(profile, components);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        health.start(&tasks, stop.clone());
        settle().await;
        check(&health, [Pass, Fail, Fail]);
        health.open_gate("config loaded");
        check(&health, [Pass, Pass, Pass]);
        reporter.report(Outcome::fail("refused"));
        settle().await;
        check(&health, [Pass, Warn, Pass]);
        health.drain();
        check(&health, [Pass, Fail, Pass]);
        stop.cancel();
        tasks.close();
        tasks.wait().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stall_takes_no_memory() {
    for profile in PROFILES {
        let (health, _) = health(profile, 3);
        health.open_gate("config loaded");
        advance(Duration::from_secs(6)).await;
        check(&health, [Status::Fail, Status::Fail, Status::Pass]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_ok_takes_no_memory() {
    let (health, _) = health(Profile::Ccproxy, 10_000);
    health.open_gate("config loaded");
    for endpoint in [Endpoint::Live, Endpoint::Ready, Endpoint::Startup] {
        let ask = || text::answer(&health, endpoint, Query::default(), View::Full);
        assert_eq!(&ask().body[..], b"ok");
        let counted = allocation_counter::measure(|| (0..1000).for_each(|_| assert!(ask().ok)));
        assert_eq!(counted.count_total, 0, "{endpoint:?}");
    }
}
