//! Processes that start together do not beat in step on what they share.
//!
//! The promise is about windows of 100 ms: none has more than twice the mean of runs at a shared dependency. It can
//! be kept where the mean is a number of runs at all. 50 processes with one check of 30 s each make 0.17 runs per window:
//! there, any two runs at the same moment are more than twice the mean, however they are spread. So twice the mean is
//! asserted for 24 checks in each of 50 processes every 3 s, about 42 runs per window: were they spread by pure chance,
//! one window of 6,000 in some 10,000 such tests would exceed it. For one check each the number is bounded instead: at
//! most 5 of the 50 within any window.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex},
    time::Duration,
};

use ccproxy_health::{Builder, Outcome, Scope, Spec, check_fn};
use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::world::{identity, paused};

const PROCESSES: usize = 50;
const WINDOW: Duration = Duration::from_millis(100);

/// How many runs there were in each window of this time.
async fn runs(checks: usize, spec: impl Fn(&str) -> Spec, time: Duration) -> Vec<usize> {
    let windows = usize::try_from(time.as_millis() / WINDOW.as_millis()).unwrap();
    let counts = Arc::new(Mutex::new(vec![0; windows]));
    let (tasks, stop, began) = (TaskTracker::new(), CancellationToken::new(), Instant::now());
    let started = RefCell::new(Vec::new());
    for _ in 0..PROCESSES {
        let mut builder = Builder::new(identity());
        for n in 0..checks {
            let counts = Arc::clone(&counts);
            let check = check_fn(move || {
                let window = usize::try_from(began.elapsed().as_millis() / WINDOW.as_millis()).unwrap();
                if let Some(count) = counts.lock().unwrap().get_mut(window) {
                    *count += 1;
                }
                async { Outcome::pass() }
            });
            builder.check(Scope::plugin("shared"), spec(&format!("c{n}")), check);
        }
        let health = builder.build();
        health.start(&tasks, stop.clone());
        started.borrow_mut().push(health);
    }
    sleep(time).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    let counts = counts.lock().unwrap();
    counts.clone()
}

fn most_and_mean(counts: &[usize]) -> (usize, f64) {
    let mean = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    (counts.iter().copied().max().unwrap(), mean)
}

fn every(seconds: u64) -> impl Fn(&str) -> Spec {
    move |name| Spec::new(name).unwrap().interval(Duration::from_secs(seconds))
}

const TEN_MINUTES: Duration = Duration::from_secs(600);

#[test]
fn no_window_has_more_than_twice_the_mean() {
    fastrand::seed(9);
    let spec = |name: &str| every(3)(name).jitter(0.1).spread_start();
    let counts = paused(runs(24, spec, TEN_MINUTES));
    let (most, mean) = most_and_mean(&counts);
    assert!((40.0..45.0).contains(&mean), "{mean}");
    assert!(most as f64 <= 2.0 * mean, "{most} runs in a window, {mean} in the mean");
}

#[test]
fn of_one_check_each_few_meet() {
    fastrand::seed(9);
    let spec = |name: &str| every(30)(name).jitter(0.1).spread_start();
    let (most, mean) = most_and_mean(&paused(runs(1, spec, TEN_MINUTES)));
    assert!((0.15..0.2).contains(&mean), "{mean}");
    assert!(most <= 5, "{most}");
}

/// What is asserted above is worth asserting: without a spread they do all come at once.
#[test]
fn without_a_spread_they_all_meet() {
    let (most, _) = most_and_mean(&paused(runs(1, |name| every(30)(name).jitter(0.0), TEN_MINUTES / 10)));
    assert_eq!(most, PROCESSES);
}
