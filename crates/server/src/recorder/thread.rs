//! The thread of a follower, which may block as it likes.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle, current, park_timeout};
use std::time::Duration;

use ccproxy_plugin_api::HookError;

use super::lane::Lane;

/// How long events may wait to be taken together.
const PERIOD: Duration = Duration::from_millis(100);
/// How many are taken together at most.
const BATCH: usize = 4096;
/// How long a follower that fails is left alone at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Starts the thread of a lane.
pub(super) fn start(lane: Arc<Lane>) -> io::Result<JoinHandle<()>> {
    // Linux shows fifteen bytes of a name.
    let name = lane.name.chars().take(15).collect();
    Builder::new().name(name).spawn(move || run(&lane))
}

fn run(lane: &Lane) {
    let _ = lane.thread.set(current());
    insist(lane, || guard(|| lane.hook.start()));
    let mut batch = Vec::new();
    loop {
        let ending = lane.is_ending();
        lane.take(BATCH, &mut batch);
        let events = batch.len();
        if events > 0 && !insist(lane, || guard(|| lane.hook.take(&batch))) {
            lane.drop_events(events);
        }
        batch.clear();
        let paused = guard(|| lane.hook.pause());
        tell(lane, &lane.pause_fails, paused.as_ref().err());
        lane.done(events);
        if events == BATCH {
            continue;
        }
        if ending {
            let _ = guard(|| {
                lane.hook.end();
                Ok(())
            });
            return;
        }
        park_timeout(PERIOD);
    }
}

/// Tries until it succeeds; gives up where that makes no sense, or where the time is up, with `false`.
fn insist(lane: &Lane, attempt: impl Fn() -> Result<(), HookError>) -> bool {
    let mut pause = PAUSES.0;
    loop {
        let result = attempt();
        tell(lane, &lane.failing, result.as_ref().err());
        let Err(error) = result else { return true };
        if error.is_lost() || lane.is_ending() {
            return false;
        }
        park_timeout(pause);
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Says once that something has begun or ceased to go wrong, neither at each attempt nor for each batch; health counts what is
/// lost.
fn tell(lane: &Lane, fails: &AtomicBool, error: Option<&HookError>) {
    let failed = fails.swap(error.is_some(), Ordering::Relaxed);
    match error {
        Some(error) if !failed => tracing::error!(follower = lane.name, %error, "follower_failed"),
        None if failed => tracing::info!(follower = lane.name, "follower_is_well_again"),
        _ => {}
    }
}

/// A follower that panics does no harm to others; what it was given is lost.
fn guard(work: impl FnOnce() -> Result<(), HookError>) -> Result<(), HookError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(HookError::lost("it panicked, as the log says")))
}
