//! Nothing that is shared takes the process out: neither liveness, nor readiness where nothing is marked critical.

use ccproxy_health::{Phase, Profile, Scope, Seen, Standing, Status, View, report};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::world::{Kind, World, cases, each_state, paused, settle};

/// The table of readiness, once more and in other words.
fn expected(world: &World) -> Status {
    if world.health.phase() != Phase::Ready {
        return Status::Fail;
    }
    let snapshot = world.health.snapshot();
    let one = |seen: Seen<'_>| match (seen.standing, seen.status, seen.reading.critical()) {
        (Standing::Idle | Standing::Disabled, ..) => Status::Pass,
        (Standing::Unknown, _, critical) => {
            if critical {
                Status::Fail
            } else {
                Status::Pass
            }
        }
        (_, Status::Fail, true) => Status::Fail,
        (_, Status::Fail, false) | (_, Status::Warn, true) => Status::Warn,
        _ => Status::Pass,
    };
    snapshot.view(Instant::now()).map(one).max().unwrap_or(Status::Pass)
}

#[test]
fn whatever_components_do_the_process_lives() {
    let kind = Kind { profile: Profile::Ccproxy, critical: true, process: false };
    each_state(kind, |world| {
        let live = report::live(&world.health, View::Full);
        assert_eq!((live.status, live.http_status()), (Status::Pass, 200));
        assert_eq!(report::ready(&world.health, View::Full, &[]).status, expected(world));
    });
}

#[test]
fn what_is_not_critical_does_not_take_readiness_down() {
    let kind = Kind { profile: Profile::Ietf, critical: false, process: false };
    each_state(kind, |world| {
        let ready = report::ready(&world.health, View::Anonymous, &[]);
        assert_eq!((ready.status, ready.http_status()), (expected(world), 200));
    });
}

#[test]
fn with_all_upstreams_down_it_is_ready_and_warns() {
    let kind = Kind { profile: Profile::Ccproxy, critical: false, process: false };
    for seed in 0..cases() / 50 {
        paused(async {
            let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
            let world = World::new(kind, fastrand::Rng::with_seed(seed));
            world.health.start(&tasks, stop.clone());
            world.break_plugins();
            settle().await;
            let upstreams =
                world.health.samples().iter().filter(|sample| sample.scope != Scope::Core).count();
            let ready = report::ready(&world.health, View::Full, &[]);
            let expect = if upstreams > 0 { Status::Warn } else { Status::Pass };
            assert_eq!((ready.http_status(), ready.status), (200, expect), "seed {seed}");
            stop.cancel();
            tasks.close();
            tasks.wait().await;
        });
    }
}
