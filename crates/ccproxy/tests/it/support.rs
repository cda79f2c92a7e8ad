//! What the topics share: the stage, a client that sees every byte, a provider worked by hand.

pub(crate) mod client;
#[cfg(target_os = "linux")]
pub(crate) mod collector;
pub(crate) mod manual;
pub(crate) mod pki;
#[cfg(target_os = "linux")]
pub(crate) mod program;
pub(crate) mod stage;

use std::future::Future;
use std::time::Duration;

pub(crate) use client::{Conn, Request, Response, send};
pub(crate) use stage::Stage;

/// Nothing in these tests takes this long.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Waits for what has to happen.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.unwrap_or_else(|_| panic!("{what}: not within {LIMIT:?}"))
}

/// Waits until a condition holds.
pub(crate) async fn eventually(what: &str, holds: impl Fn() -> bool) {
    within(what, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// Waits until the answer to a request is as wanted, and gives it.
pub(crate) async fn eventually_answers(
    app: &ccproxy_testkit::TestApp,
    request: &Request,
    wanted: impl Fn(&Response) -> bool,
) -> Response {
    within("the answer that is waited for", async {
        loop {
            let response = send(app.address(), request).await;
            if wanted(&response) {
                return response;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}
