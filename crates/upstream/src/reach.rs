//! Whether an endpoint can be reached: a connection, TLS included, that is closed at once. No request is ever made.

use std::time::Duration;

use ccproxy_health::{Check, Outcome};
use futures_util::future::BoxFuture;
use http::Uri;
use tokio::time::{Instant, timeout};
use tower::ServiceExt as _;

use crate::connect::{ConnectTimedOut, Connector};
use crate::error::{cannot_begin, connect_reason, find};

/// A little less than the time that health gives a check, so that the reason is told.
const TIMEOUT: Duration = Duration::from_millis(4500);

/// Connects as a call would.
pub(crate) struct Probe {
    /// The base URL; only its scheme, host and port matter.
    url: String,
    connector: Connector,
}

impl Probe {
    pub(crate) fn new(url: String, connector: Connector) -> Self {
        Self { url, connector }
    }

    async fn connect(&self) -> Outcome {
        let Ok(uri) = Uri::try_from(self.url.as_str()) else {
            return Outcome::fail("the base URL is none");
        };
        let begun = Instant::now();
        let error = match timeout(TIMEOUT, self.connector.clone().oneshot(uri)).await {
            Ok(Ok(_closed_at_once)) => {
                return Outcome::pass().observed(begun.elapsed().as_secs_f64() * 1e3, "ms");
            }
            Ok(Err(error)) => error,
            Err(_) => return Outcome::fail(format!("no connection within {TIMEOUT:?}")),
        };
        if let Some(reason) = cannot_begin(&*error) {
            return Outcome::fail(reason);
        }
        let reason = match find::<ConnectTimedOut>(&*error) {
            Some(timed_out) => timed_out.to_string(),
            None => connect_reason(&*error).to_owned(),
        };
        Outcome::fail(format!("the provider cannot be reached: {reason}"))
    }
}

impl Check for Probe {
    fn run(&self) -> BoxFuture<'_, Outcome> {
        Box::pin(self.connect())
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_health::Status;
    use ccproxy_plugin_api::{Call, Fault};
    use ccproxy_wire::Operation;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use crate::{Endpoint, Network};

    async fn run(url: &str) -> (Status, String) {
        let outcome = Endpoint::new(url, "/v1", Network::default()).unwrap().reachability().run().await;
        (outcome.status, outcome.output.unwrap_or_default())
    }

    #[tokio::test]
    async fn it_connects_and_says_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        assert_eq!(run(&url).await, (Status::Pass, String::new()));
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut said = Vec::new();
        connection.read_to_end(&mut said).await.unwrap();
        assert_eq!(said, b"", "no byte is sent, and the connection is closed");
        drop(listener);
        let (status, text) = run(&url).await;
        assert_eq!(status, Status::Fail);
        assert!(text.ends_with("connection refused"), "{text}");
    }

    #[tokio::test]
    async fn tls_is_part_of_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let no_tls = async {
            let (connection, _) = listener.accept().await.unwrap();
            connection.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            connection
        };
        let ((status, text), _) = tokio::join!(run(&url), no_tls);
        assert_eq!(status, Status::Fail);
        assert!(text.ends_with("TLS failed"), "{text}");
    }

    /// Which certificates there are is up to the environment, so another process looks.
    #[tokio::test]
    async fn without_root_certificates() {
        const INSIDE: &str = "CCPROXY_TEST_WITHOUT_ROOTS";
        if std::env::var_os(INSIDE).is_none() {
            let mut again = tokio::process::Command::new(std::env::current_exe().unwrap());
            again.args(["--exact", "reach::tests::without_root_certificates"]).env(INSIDE, "1");
            again.env("SSL_CERT_FILE", "/dev/null").env_remove("SSL_CERT_DIR");
            let output = again.output().await.unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
            return;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let text = "this machine has no root certificates; install ca-certificates";
        assert_eq!(run(&url).await, (Status::Fail, text.to_owned()));
        let call = Call {
            operation: Operation::Models,
            method: http::Method::GET,
            target: "models".to_owned(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
            model: String::new(),
            stream: false,
        };
        let sent = Endpoint::new(&url, "/v1", Network::default()).unwrap().send(call, None).await;
        let error = sent.err().unwrap();
        assert_eq!((error.kind().fault(), error.message()), (Fault::Us, text));
    }

    #[tokio::test]
    async fn a_name_without_an_address() {
        let (status, text) = run("http://no-such-name.invalid").await;
        assert_eq!(status, Status::Fail);
        assert!(text.ends_with("its name does not resolve"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_handshake_that_hangs() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (status, text) = run(&url).await;
        assert_eq!((status, text.as_str()), (Status::Fail, "no connection within 4.5s"));
    }
}
