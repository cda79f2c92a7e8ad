use std::time::Duration;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use tokio::time::advance;

use super::*;
use crate::{
    aggregate,
    check::Status,
    testing::{builder, secs, settle, start},
};

#[tokio::test]
async fn the_last_gate_makes_ready_and_no_step_leads_back() {
    let mut builder = builder();
    builder.gate("config loaded").gate("storage open");
    let health = builder.build();
    assert_eq!(health.phase(), Phase::Starting);
    assert!(health.open_gate("config loaded") && !health.open_gate("no such gate"));
    assert_eq!(health.phase(), Phase::Starting);
    let changed = health.phase_changed();
    assert!(health.open_gate("storage open"));
    assert_eq!((health.phase(), changed.await), (Phase::Ready, Phase::Ready));
    let (drained, stopped) = (health.phase_changed(), health.clone());
    stopped.drain();
    assert_eq!(drained.await, Phase::Draining);
    health.open_gate("storage open");
    assert_eq!(health.phase(), Phase::Draining);
    health.stop();
    health.drain();
    assert_eq!(health.phase(), Phase::Stopped);
}

#[test]
fn no_gates_means_ready_and_a_drain_may_come_before() {
    assert_eq!(builder().build().phase(), Phase::Ready);
    let mut starting = builder();
    starting.gate("never");
    let health = starting.build();
    health.drain();
    assert!(health.open_gate("never"));
    assert_eq!(health.phase(), Phase::Draining);
}

#[tokio::test(start_paused = true)]
async fn liveness_follows_the_heartbeats() {
    let running = start(builder());
    let live = || aggregate::live(&running.health);
    for _ in 0..1000 {
        advance(Duration::from_millis(100)).await;
        settle().await;
        assert_eq!(live().status, Status::Pass);
    }
    // The tests' runtime is the main runtime: while nothing is awaited, it is stalled.
    advance_without_running(secs(5)).await;
    assert_eq!(live().status, Status::Pass);
    advance_without_running(Duration::from_millis(200)).await;
    assert_eq!(live().status, Status::Fail);
    let about: Vec<String> = live().problems.into_iter().map(|problem| problem.about).collect();
    assert_eq!(about, ["main runtime", "scheduler", "writer"]);
    settle().await;
    assert_eq!(live().status, Status::Pass, "progress again is life again");

    running.health.drain();
    let health = running.end().await;
    advance(secs(3600)).await;
    assert_eq!(aggregate::live(&health).status, Status::Pass, "an orderly end is no stall");
}

/// Moves the clock and polls no other task before returning.
async fn advance_without_running(time: Duration) {
    let mut moved = Box::pin(advance(time));
    // The clock moves at the first poll; what follows only yields to other tasks.
    std::future::poll_fn(|context| {
        let _ = moved.as_mut().poll(context);
        std::task::Poll::Ready(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_runtime_is_watched() {
    let mut builder = builder();
    let heart = builder.heart("worker 1");
    let running = start(builder);
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    tasks.spawn(heart.beat_until(stop.clone()));
    let live = || aggregate::live(&running.health);
    for _ in 0..100 {
        advance(Duration::from_millis(100)).await;
        settle().await;
    }
    assert_eq!(live().status, Status::Pass);
    stop.cancel();
    settle().await;
    advance(secs(3)).await;
    assert_eq!(live().status, Status::Pass, "an orderly end is no stall");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_heart_that_never_beats_is_a_stall() {
    let mut builder = builder();
    let _heart = builder.heart("worker 1");
    let running = start(builder);
    for _ in 0..60 {
        advance(Duration::from_millis(100)).await;
        settle().await;
    }
    let about: Vec<String> =
        aggregate::live(&running.health).problems.into_iter().map(|problem| problem.about).collect();
    assert_eq!(about, ["worker 1"]);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_second_start_does_nothing() {
    let running = start(builder());
    running.health.start(&running.tasks, running.stop.clone());
    assert_eq!(running.tasks.len(), 3);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_killed_task_is_a_stall() {
    let health = builder().build();
    advance(secs(5)).await;
    assert_eq!(aggregate::live(&health).status, Status::Pass);
    advance(secs(1)).await;
    assert_eq!(
        aggregate::live(&health).text(),
        "Application process is stalled: main runtime: no progress for 6 s; scheduler: no progress for 6 s; writer: no progress for 6 s"
    );
}

#[test]
fn an_operators_drain_can_be_taken_back_and_a_shutdown_cannot() {
    let mut gated = builder();
    gated.gate("storage open");
    let health = gated.build();
    assert!(!health.undrain(), "nothing to take back");
    assert!(health.take_out() && !health.take_out());
    health.open_gate("storage open");
    assert_eq!(health.phase(), Phase::Draining);
    assert!(health.undrain());
    assert_eq!(health.phase(), Phase::Ready);
    assert!(health.take_out());
    health.drain();
    assert!(!health.undrain() && !health.take_out());
    assert_eq!(health.phase(), Phase::Draining);
}
