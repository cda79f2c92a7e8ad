//! Starting instances: each by a task of its own, which ends when the instance has started, is gone, or the process stops.

use std::sync::Arc;
use std::time::Duration;

use ccproxy_health::Part;
use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::build::GATE_PLUGINS;
use super::{App, Instance};

/// A plugin that takes longer to start is reported and no longer waited for.
const START_LIMIT: Duration = Duration::from_secs(30);

/// An instance that did not start is tried again after this long.
const START_AGAIN: Duration = Duration::from_secs(15);

/// Starts instances on the runtime of whoever asks for it.
#[derive(Default)]
pub(crate) struct Starter {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Starter {
    /// Starts every instance, all at once, and opens the gate when each has started or failed to.
    pub(crate) fn begin_all(&self, app: &App) {
        let begun: Vec<_> = app.instances.values().map(|instance| self.begin(app, instance)).collect();
        let health = app.health.clone();
        self.tasks.spawn(async move {
            join_all(begun).await;
            health.open_gate(GATE_PLUGINS);
        });
    }

    /// Starts an instance. One that fails is tried again until it starts: what was missing may come, and then it is
    /// well. What is given is told after the first attempt.
    pub(super) fn begin(&self, app: &App, instance: &Arc<Instance>) -> oneshot::Receiver<()> {
        let (first, attempted) = oneshot::channel();
        let part = app.health.container().part(&instance.name);
        let (instance, stop) = (Arc::clone(instance), self.stop.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = instance.gone.cancelled() => {}
                () = start(&instance, &part, first) => {}
            }
        });
        attempted
    }

    /// Ends what has not started yet.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

async fn start(instance: &Instance, part: &Part, first: oneshot::Sender<()>) {
    let attempt = start_one(instance, part).await;
    // Nobody waiting is no error.
    let _ = first.send(());
    if let Err(reason) = attempt {
        start_again(instance, part, reason).await;
    }
}

/// Tries until it starts. A reason is logged once.
async fn start_again(instance: &Instance, part: &Part, mut reason: String) {
    loop {
        tracing::error!(instance = instance.name, reason, "instance_did_not_start");
        loop {
            sleep(START_AGAIN).await;
            match start_one(instance, part).await {
                Ok(()) => return tracing::info!(instance = instance.name, "instance_started"),
                Err(same) if same == reason => {}
                Err(other) => break reason = other,
            }
        }
    }
}

/// Starts an instance, or says why it did not start.
async fn start_one(instance: &Instance, part: &Part) -> Result<(), String> {
    let reason = match timeout(START_LIMIT, instance.provider.start()).await {
        Ok(Ok(())) => {
            part.started();
            return Ok(());
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("did not start within {START_LIMIT:?}"),
    };
    part.failed(&reason);
    Err(reason)
}
