//! From start to stop: gates, drain, deadline.

use std::sync::Arc;
use std::time::Duration;

use ccproxy_config::Shutdown;
use futures_util::future::{join, join_all};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::build::{GATE_LISTENER, GATE_PLUGINS};
use crate::app::{App, Instance};
use crate::listen::Connections;

/// A plugin that takes longer to start is reported and no longer waited for.
const START_LIMIT: Duration = Duration::from_secs(30);

/// An instance that did not start is tried again after this long.
const START_AGAIN: Duration = Duration::from_secs(15);

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
}

/// Starts what has to be started, then waits for the order to drain and sees it through.
pub(crate) async fn supervise(
    app: &Arc<App>,
    settings: &Shutdown,
    connections: &Connections,
    tasks: TaskTracker,
    close: CancellationToken,
    drain: CancellationToken,
    abort: CancellationToken,
) -> End {
    let (watchers, stop_watching) = (TaskTracker::new(), CancellationToken::new());
    app.health.start(&watchers, stop_watching.clone());
    app.health.open_gate(GATE_LISTENER);
    watchers.spawn(start(Arc::clone(app), stop_watching.clone()));
    let end = tokio::select! {
        biased;
        () = abort.cancelled() => End::Aborted,
        end = wait(app, settings, connections, &tasks, &close, &drain) => end,
    };
    close.cancel();
    connections.cut();
    app.health.stop();
    stop_watching.cancel();
    end
}

async fn wait(
    app: &App,
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
    tokio::select! {
        ((), ()) = join(tasks.wait(), app.sockets.wait()) => End::Drained,
        () = sleep_until(deadline) => End::Cut { requests: app.stats.running() },
    }
}

/// Starts every instance, all at once, and opens the gate when each has started or failed to. Those that have failed
/// are tried again until they start: what was missing may come, and then the instance is well.
async fn start(app: Arc<App>, stop: CancellationToken) {
    let started = join_all(app.instances.values().map(|instance| start_one(instance))).await;
    app.health.open_gate(GATE_PLUGINS);
    let failed = app.instances.values().zip(started).filter_map(|(it, started)| Some((it, started.err()?)));
    let retries = join_all(failed.map(|(instance, reason)| start_again(instance, reason)));
    tokio::select! {
        () = stop.cancelled() => {}
        _ = retries => {}
    }
}

/// Tries until it starts. A reason is logged once.
async fn start_again(instance: &Instance, mut reason: String) {
    loop {
        tracing::error!(instance = instance.name, reason, "instance_did_not_start");
        loop {
            sleep(START_AGAIN).await;
            match start_one(instance).await {
                Ok(()) => return tracing::info!(instance = instance.name, "instance_started"),
                Err(same) if same == reason => {}
                Err(other) => break reason = other,
            }
        }
    }
}

/// Starts an instance, or says why it did not start.
async fn start_one(instance: &Instance) -> Result<(), String> {
    let reason = match timeout(START_LIMIT, instance.provider.start()).await {
        Ok(Ok(())) => {
            instance.part.started();
            return Ok(());
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("did not start within {START_LIMIT:?}"),
    };
    instance.part.failed(&reason);
    Err(reason)
}
