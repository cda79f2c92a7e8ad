//! The load generator: a fixed number of connections, each sending its next request as soon as the answer
//! to the one before is complete (a closed loop).
//!
//! One wrong answer fails the run: figures of a proxy that drops or alters answers mean nothing.

mod connection;
mod report;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ccproxy_wire::Dialect;
use hyper::Uri;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::shape::Shape;
use connection::Connection;
pub(crate) use connection::Expected;
pub use report::Report;
use report::Tally;

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// After this many requests over all connections.
    Requests(u64),
    /// Start no request after this time.
    Time(Duration),
}

/// What to send, where, and how often.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `http://address:port/path`; the host must be an address, and the path tells the dialect.
    pub url: Uri,
    /// Connections, each with one request under way.
    pub connections: u32,
    /// When to stop.
    pub limit: Limit,
    /// The connections begin one after the other, evenly over this time.
    pub spread: Duration,
    /// The answer asked for.
    pub shape: Shape,
    /// What the upstream speaks, where a proxy translates: then the answer is checked for what a translation keeps.
    pub provider: Option<Dialect>,
}

/// Why a run gave no figures.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The URL lacks a part or is not plain HTTP to an address.
    #[error("not a URL of the form http://address:port/path, with the path of a dialect at its end: {0}")]
    Url(Uri),
    /// The connection could not be made.
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    /// The connection broke, or what came was not HTTP.
    #[error("the exchange failed: {0}")]
    Exchange(#[from] hyper::Error),
    /// The answer is not what the upstream sends.
    #[error("wrong answer: {0}")]
    Wrong(String),
    /// The times cannot be recorded.
    #[error("cannot record times: {0}")]
    Record(#[from] hdrhistogram::CreationError),
    /// A worker died.
    #[error("a worker died: {0}")]
    Worker(#[from] tokio::task::JoinError),
}

/// Runs the plan to its end. All connections are open before the clock starts.
///
/// # Errors
/// When a connection cannot be made or breaks, or when any answer is wrong.
pub async fn run(plan: &Plan) -> Result<Report, LoadError> {
    let mut connections = Vec::new();
    for _ in 0..plan.connections {
        connections.push(Connection::open(plan).await?);
    }
    let started = Instant::now();
    let quota = Quota::new(plan.limit, started);
    // One for all: of thousands of connections, each with its own would take more memory than what is measured.
    let tally = Arc::new(Mutex::new(Tally::new()?));
    let mut workers = JoinSet::new();
    for (turn, connection) in (0..).zip(connections) {
        let begin = started + plan.spread * turn / plan.connections;
        workers.spawn(work(connection, begin, quota.clone(), Arc::clone(&tally)));
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    let report = lock(&tally).report(started.elapsed());
    Ok(report)
}

async fn work(
    mut connection: Connection,
    begin: Instant,
    quota: Quota,
    tally: Arc<Mutex<Tally>>,
) -> Result<(), LoadError> {
    tokio::time::sleep_until(begin).await;
    while quota.take() {
        connection.exchange(&tally).await?;
    }
    Ok(())
}

fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is left to do, shared by all connections.
#[derive(Debug, Clone)]
enum Quota {
    Requests(Arc<AtomicU64>),
    Until(Instant),
}

impl Quota {
    fn new(limit: Limit, started: Instant) -> Self {
        match limit {
            Limit::Requests(number) => Self::Requests(Arc::new(AtomicU64::new(number))),
            Limit::Time(time) => Self::Until(started + time),
        }
    }

    fn take(&self) -> bool {
        match self {
            Self::Requests(left) => {
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            }
            Self::Until(end) => Instant::now() < *end,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;
    use crate::upstream;

    const PATHS: [&str; 3] = ["/v1/messages", "/v1/chat/completions", "/v1/responses"];

    fn plan(url: Uri, limit: Limit, shape: Shape) -> Plan {
        Plan { url, connections: 3, limit, spread: Duration::from_millis(2), shape, provider: None }
    }

    async fn check(path: &str, shape: Shape, limit: Limit) -> Report {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap()).parse().unwrap();
        let plan = plan(url, limit, shape);
        tokio::select! {
            served = upstream::serve(listener) => panic!("the upstream ended: {served:?}"),
            report = run(&plan) => report.unwrap(),
        }
    }

    #[tokio::test]
    async fn counts_json_answers() {
        for path in PATHS {
            let report = check(path, Shape::of(0), Limit::Requests(50)).await;
            assert_eq!((report.requests, report.events), (50, 0));
            assert!(report.latency_us.p50 > 0.0 && report.latency_us.p50 <= report.latency_us.max);
        }
    }

    #[tokio::test]
    async fn counts_every_event_of_every_stream() {
        for (path, gap_us) in PATHS.into_iter().flat_map(|path| [(path, 0), (path, 1_000)]) {
            let shape = Shape { gap: Duration::from_micros(gap_us), ..Shape::of(7) };
            let report = check(path, shape, Limit::Requests(10)).await;
            assert_eq!((report.requests, report.events), (10, 70));
            assert!(report.first_event_us.p50 <= report.latency_us.p50);
        }
    }

    #[tokio::test]
    async fn stops_in_time() {
        let limit = Limit::Time(Duration::from_millis(50));
        let report = check("/v1/messages", Shape::of(2), limit).await;
        assert_eq!(report.events, 2 * report.requests);
        assert!(report.seconds >= 0.05);
    }

    #[tokio::test]
    async fn an_answer_that_is_no_translation_fails_the_run() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/v1/messages", listener.local_addr().unwrap()).parse().unwrap();
        let shape = Shape::of(0);
        let provider = Some(Dialect::Chat);
        let plan = Plan { provider, ..plan(url, Limit::Requests(1), shape) };
        tokio::select! {
            served = upstream::serve(listener) => panic!("the upstream ended: {served:?}"),
            outcome = run(&plan) => assert!(matches!(outcome, Err(LoadError::Wrong(_))), "{outcome:?}"),
        }
    }

    #[tokio::test]
    async fn a_wrong_answer_fails_the_run() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/v1/responses", listener.local_addr().unwrap()).parse().unwrap();
        let shape = Shape::of(0);
        let plan = plan(url, Limit::Requests(1), shape);
        let refuse = async {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _read = socket.read(&mut request).await.unwrap();
            socket.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = refuse => unreachable!(),
            outcome = run(&plan) => assert!(matches!(outcome, Err(LoadError::Wrong(_))), "{outcome:?}"),
        }
    }
}
