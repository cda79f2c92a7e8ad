//! What the tests of this crate share.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Builder, Health, Identity, Outcome, Scope, Spec, State};

pub(crate) const VERSION: &str = "0.1.0";

/// A builder with the identity of the original and a container whose one part has started.
pub(crate) fn builder() -> Builder {
    let builder = Builder::new(Identity::new(VERSION, "claude-code-proxy", "CCProxy API Server"));
    builder.container().part("server").started();
    builder
}

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A spec without chance: every 10 s, 1 s allowed, falls after 3, rises after 2.
pub(crate) fn spec(name: &str) -> Spec {
    Spec::new(name).unwrap().interval(secs(10)).timeout(secs(1)).jitter(0.0).fall(3).rise(2)
}

/// A started health and what ends it.
pub(crate) struct Running {
    pub(crate) health: Health,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

pub(crate) fn start(builder: Builder) -> Running {
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let health = builder.build();
    health.start(&tasks, stop.clone());
    Running { health, tasks, stop }
}

impl Running {
    pub(crate) async fn end(self) -> Health {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.health
    }

    pub(crate) fn state(&self, name: &str) -> State {
        self.health.snapshot().find(&Scope::Core, name).unwrap().state()
    }
}

/// Lets every task do what it can at this moment; on paused time no time passes.
pub(crate) async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

/// Puts readings straight into the snapshot, as the writer would, past all hysteresis.
pub(crate) fn put(health: &Health, index: usize, outcome: Outcome) {
    let mut next = (*health.snapshot()).clone();
    let (after, _) = next.readings[index].after(outcome, tokio::time::Instant::now(), jiff::Timestamp::now());
    next.readings[index] = Arc::new(after);
    health.inner.snapshot.store(Arc::new(next));
}
