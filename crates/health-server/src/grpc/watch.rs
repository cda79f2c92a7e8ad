//! One watch: what a service is at once, then every change.

use std::pin::Pin;
use std::time::Duration;

use ccproxy_health::{Health, Phase};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic_health::pb::HealthCheckResponse;
use tonic_health::pb::health_check_response::ServingStatus;

/// Time alone makes a result stale and a heart late.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Many checks make many snapshots; a thousand watches need not weigh each of them.
const PACE: Duration = Duration::from_millis(50);

/// What a watch's client is sent.
pub(super) type Messages = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

pub(super) fn messages(
    health: Health,
    service: String,
    until: CancellationToken,
    permit: OwnedSemaphorePermit,
) -> Messages {
    let watch = Watch {
        phase: health.watch_phase(),
        changes: health.changes(),
        looked: Instant::now(),
        told: None,
        health,
        service,
        until,
        _permit: permit,
    };
    Box::pin(unfold(watch, Watch::next))
}

struct Watch {
    health: Health,
    service: String,
    phase: Receiver<Phase>,
    changes: Receiver<()>,
    looked: Instant,
    told: Option<ServingStatus>,
    until: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

impl Watch {
    /// The next message; none when the process's life, or its server's, is over.
    async fn next(mut self) -> Option<(Result<HealthCheckResponse, Status>, Self)> {
        loop {
            let over = *self.phase.borrow_and_update() == Phase::Stopped || self.until.is_cancelled();
            self.changes.borrow_and_update();
            self.looked = Instant::now();
            let now = super::look(&self.health, &self.service).unwrap_or(ServingStatus::ServiceUnknown);
            if self.told.replace(now) != Some(now) {
                return Some((Ok(super::response(now)), self));
            }
            if over {
                return None;
            }
            self.wait().await;
        }
    }

    /// Until there may be something new. A change of phase is told at once.
    async fn wait(&mut self) {
        let changes = &mut self.changes;
        let looked = self.looked;
        // The senders belong to the health, which this watch holds: no receiver fails.
        let changed = async {
            sleep_until(looked + PACE).await;
            changes.changed().await
        };
        tokio::select! {
            _ = self.phase.changed() => {}
            () = self.until.cancelled() => {}
            _ = changed => {}
            () = sleep(LOOK_AGAIN) => {}
        }
    }
}
