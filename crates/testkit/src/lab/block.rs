//! Blocking the main runtime, all of it.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use tokio::runtime::Handle;

/// The threads of the main runtime, besides the one that blocks on it.
pub(super) const THREADS: usize = 2;

/// Blocks this thread, which is the one that blocks on the runtime, and every thread of the runtime.
pub(super) fn everything(time: Duration) {
    // Nobody gets past the barrier before each thread holds one of the tasks.
    let all_held = Arc::new(Barrier::new(THREADS + 1));
    for _ in 0..THREADS {
        let all_held = Arc::clone(&all_held);
        // Detached on purpose: each ends by itself.
        drop(Handle::current().spawn(async move { hold(&all_held, time) }));
    }
    hold(&all_held, time);
}

#[allow(clippy::disallowed_methods, reason = "blocking is what it is for")]
fn hold(all_held: &Barrier, time: Duration) {
    all_held.wait();
    std::thread::sleep(time);
}
