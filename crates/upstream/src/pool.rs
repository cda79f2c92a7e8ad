//! The clients of one thread: one for HTTP/1.1, some for HTTP/2.
//!
//! A client has one HTTP/2 connection to a provider. What exceeds the provider's limit of streams there, which is 100 as
//! a rule, waits in silence until another stream has ended. So there are several clients, and none is given that many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ccproxy_config::Http2;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::connect::Connector;

/// An HTTP client with its own pool of connections.
pub(crate) type HttpClient = Client<Connector, Full<Bytes>>;

/// More idle connections than this to one provider are closed.
const MAX_IDLE: usize = 256;
/// Providers and load balancers close idle connections after a minute or more; we do it first.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// How often the other end of an HTTP/2 connection that is in use is asked whether it is still there, and how long it may
/// take to say so.
const PING: Duration = Duration::from_secs(20);

/// So many requests share a connection.
const FULL: usize = 64;
/// So many connections there are for HTTP/2, before requests crowd on them.
const CONNECTIONS: usize = 16;

pub(crate) struct Pool {
    first: Lane,
    more: Vec<Lane>,
}

/// A client, and how many requests it has.
struct Lane {
    client: HttpClient,
    busy: Arc<AtomicUsize>,
}

/// A request is on its way, or its answer; kept until the end of it.
pub(crate) struct Busy(Arc<AtomicUsize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub(crate) fn new(connector: &Connector, http2: Http2) -> Self {
        let more = if http2 == Http2::Auto { CONNECTIONS - 1 } else { 0 };
        let lane = || Lane { client: client(connector.clone()), busy: Arc::default() };
        Self { first: lane(), more: std::iter::repeat_with(lane).take(more).collect() }
    }

    /// The first client that has room, or else the one with the fewest requests.
    pub(crate) fn take(&self) -> (&HttpClient, Busy) {
        // Of several with equally many, the first: those below FULL count as one.
        let busy = |lane: &&Lane| lane.busy.load(Ordering::Relaxed).max(FULL - 1);
        let lane = self
            .more
            .iter()
            .fold(&self.first, |best, lane| if busy(&lane) < busy(&best) { lane } else { best });
        lane.busy.fetch_add(1, Ordering::Relaxed);
        (&lane.client, Busy(Arc::clone(&lane.busy)))
    }
}

/// An HTTP client with its own pool of connections.
pub(crate) fn client(connector: Connector) -> HttpClient {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE)
        .http2_keep_alive_interval(PING)
        .http2_keep_alive_timeout(PING)
        .build(connector)
}
