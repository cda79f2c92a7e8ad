//! Whether the client is still there, for calls that outlive it (`disconnect.policy = "finish"`).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Response;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::body::Body;

/// Whether the client of an exchange is still there.
#[derive(Clone, Default)]
pub(crate) struct Presence(Arc<State>);

#[derive(Default)]
struct State {
    since: OnceLock<Instant>,
    left: CancellationToken,
}

impl Presence {
    /// The client has gone. It does so once.
    pub(super) fn leave(&self) {
        self.0.since.get_or_init(Instant::now);
        self.0.left.cancel();
    }

    pub(super) fn has_left(&self) -> bool {
        self.0.left.is_cancelled()
    }

    /// Resolves when the client has been gone for this long.
    pub(super) async fn overdue(&self, limit: Duration) {
        self.0.left.cancelled().await;
        sleep_until(*self.0.since.get_or_init(Instant::now) + limit).await;
    }
}

/// Tells that the client has gone, unless its answer came first.
struct Waiting(Option<Presence>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(presence) = self.0.take() {
            presence.leave();
        }
    }
}

/// Makes an answer in a task that goes on without whoever waits for it, as long as the configuration allows. `None` if the
/// task panicked.
pub(super) async fn outlive<F>(app: &App, presence: Presence, work: F) -> Option<Response<Body>>
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let (give, answer) = oneshot::channel();
    let mut waiting = Waiting(Some(presence.clone()));
    let limit = app.limits.disconnect.time;
    app.leftovers.spawn(async move {
        tokio::select! {
            // With nobody to take it, the answer is dropped, and what is left of it is read then.
            answer = work => drop(give.send(answer)),
            () = presence.overdue(limit) => {}
        }
    });
    let answer = answer.await.ok();
    waiting.0 = None;
    answer
}
