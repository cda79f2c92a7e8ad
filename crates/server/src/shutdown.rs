//! From start to stop: gates, drain, deadline.

use std::sync::Arc;
use std::time::Duration;

use ccproxy_config::Shutdown;
use futures_util::future::join;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::build::GATE_LISTENER;
use crate::app::{Current, Process};
use crate::listen::Connections;

/// How long what is recorded may take to be written down at the end.
const LAST_RECORDS: Duration = Duration::from_secs(2);

/// How serving came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every request was served to its end.
    Drained,
    /// The deadline passed with requests still running, which were cut.
    Cut {
        /// How many were cut.
        requests: u64,
    },
    /// We were told to stop at once.
    Aborted,
    /// We were to take over from another process, which goes on.
    NotTakenOver,
}

/// Starts what has to be started, then waits for the order to drain and sees it through.
pub(crate) async fn supervise(
    current: &Current,
    settings: &Shutdown,
    connections: &Connections,
    tasks: TaskTracker,
    close: CancellationToken,
    (drain, abort): (CancellationToken, CancellationToken),
) -> End {
    // Not the app of the start: it ends with its last request, where the configuration changes.
    let app = current.process();
    let (watchers, stop_watching) = (TaskTracker::new(), CancellationToken::new());
    app.health.start(&watchers, stop_watching.clone());
    app.health.open_gate(GATE_LISTENER);
    if let Err(error) = app.recorder.start() {
        tracing::error!(%error, "threads_of_followers_did_not_start");
    }
    app.starter.begin_all(&current.app());
    if let Some(shared) = app.ledgers.shared().cloned() {
        let stop = stop_watching.clone();
        watchers.spawn(async move { shared.run(stop).await });
    }
    let (process, stop) = (Arc::clone(&app), stop_watching.clone());
    watchers.spawn(async move {
        stop.run_until_cancelled(process.archive.restore(&process.ledgers)).await;
    });
    let end = tokio::select! {
        biased;
        () = abort.cancelled() => End::Aborted,
        end = wait(&app, settings, connections, &tasks, &close, &drain) => end,
    };
    close.cancel();
    connections.cut();
    app.recorder.finish(Instant::now() + LAST_RECORDS).await;
    app.archive.close();
    app.health.stop();
    app.starter.stop();
    stop_watching.cancel();
    end
}

async fn wait(
    app: &Process,
    settings: &Shutdown,
    connections: &Connections,
    tasks: &TaskTracker,
    close: &CancellationToken,
    drain: &CancellationToken,
) -> End {
    drain.cancelled().await;
    let deadline = Instant::now() + settings.deadline;
    // Readiness fails at once, and the listener goes on: whoever balances has time to notice.
    app.health.drain();
    tracing::info!(delay = ?settings.drain_delay, running = app.stats.running(), "draining");
    sleep(settings.drain_delay).await;
    app.close();
    close.cancel();
    connections.drain();
    tasks.close();
    let through = async {
        join(tasks.wait(), app.sockets.wait()).await;
        // Last: a client that goes away leaves one behind.
        app.leftovers.wait().await;
    };
    tokio::select! {
        () = through => End::Drained,
        () = sleep_until(deadline) => End::Cut { requests: app.stats.running() },
    }
}
