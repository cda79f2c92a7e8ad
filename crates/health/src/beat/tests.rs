use std::future::Future;

use tokio::time::advance;
use tokio_util::task::TaskTracker;

use super::*;
use crate::{
    View, aggregate,
    check::Status,
    report,
    testing::{builder, secs, settle, start},
};

#[tokio::test(start_paused = true)]
async fn liveness_follows_the_heartbeats() {
    let running = start(builder());
    let live = || aggregate::live(&running.health);
    let ready = || report::ready(&running.health, View::StatusOnly, &[]).ok;
    for _ in 0..1000 {
        advance(Duration::from_millis(100)).await;
        settle().await;
        assert!(live().status == Status::Pass && ready());
    }
    // The tests' runtime is the main runtime: while nothing is awaited, it is stalled.
    advance_without_running(secs(5)).await;
    assert_eq!(live().status, Status::Pass);
    advance_without_running(Duration::from_millis(200)).await;
    assert_eq!(live().status, Status::Fail);
    assert!(!ready(), "who answers nothing is sent nothing");
    let about: Vec<String> = live().problems.into_iter().map(|problem| problem.about).collect();
    assert_eq!(about, ["main runtime", "scheduler", "writer"]);
    settle().await;
    assert_eq!(live().status, Status::Pass, "progress again is life again");
    assert!(ready());

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

#[tokio::test(start_paused = true)]
async fn stalls_have_numbers_of_their_own() {
    let beats = Beats::new(Vec::new(), secs(5));
    let mut numbers = Vec::new();
    for _ in 0..3 {
        beats.runtime.beat.beat();
        beats.scheduler.end();
        beats.writer.end();
        for (millis, stalled) in [(5000, false), (1, true), (998, true), (1, true)] {
            advance(Duration::from_millis(millis)).await;
            assert_eq!(beats.stalled(Instant::now()).is_some(), stalled);
            numbers.extend(beats.stalled(Instant::now()));
        }
    }
    // One for each second of each stall: the pages count whole seconds.
    assert_eq!(numbers.len(), 9);
    numbers.dedup();
    assert_eq!(numbers.len(), 6);
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 6, "a stall that is as long as another is another");
}

#[tokio::test(start_paused = true)]
async fn lateness_is_remembered_for_a_while() {
    let mut builder = builder();
    let heart = builder.heart("worker 0");
    let running = start(builder);
    running.tasks.spawn(heart.beat_until(running.stop.clone()));
    settle().await;
    let lags = || running.health.lags().into_iter().map(|(name, lag)| (name.to_string(), lag));
    let check = |expect: Duration| {
        let expect = [("main runtime".to_owned(), expect), ("worker 0".to_owned(), expect)];
        assert_eq!(lags().collect::<Vec<_>>(), expect);
    };
    check(Duration::ZERO);
    advance_without_running(Duration::from_millis(850)).await;
    check(Duration::from_millis(750));
    settle().await;
    check(Duration::from_millis(750));
    for _ in 0..40 {
        advance(Duration::from_millis(100)).await;
        settle().await;
    }
    check(Duration::from_millis(750));
    for _ in 0..60 {
        advance(Duration::from_millis(100)).await;
        settle().await;
    }
    check(Duration::ZERO);
    assert_eq!(running.health.stalls().len(), 4);
    assert!(running.health.stalls().iter().all(|(_, age)| *age <= BEAT));
    running.end().await;
}
