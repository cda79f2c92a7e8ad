//! The prober: asks health pages as watchers do and notes what came, and when.
//!
//! Paced, it is an open loop: a probe is due at its time whatever became of those before, and its latency runs from
//! when it was due. A server that hangs for a second so shows in a second's worth of probes, not in one. Flooding, it is
//! a closed loop over N connections. A probe that fails is counted and ends nothing.

mod exchange;
mod report;
mod ticks;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::clock;
use exchange::{Connection, Request};
pub use report::Report;
use report::Tally;
use ticks::Ticks;

/// Whom to ask, what, and how often.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// The pages, which take turns.
    pub paths: Vec<String>,
    /// A fresh connection for each probe, as the kubelet has it, instead of kept ones.
    pub fresh: bool,
    /// When the next probe is sent.
    pub pace: Pace,
}

/// When the next probe is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At its time.
    Open {
        /// Probes per second.
        rate: u32,
        /// How many.
        probes: u64,
        /// A probe that takes longer has failed.
        timeout: Duration,
    },
    /// When the one before it on the same connection is answered.
    Closed {
        /// Connections.
        connections: u32,
        /// How many, over all connections.
        probes: u64,
    },
}

/// Why a run gave no figures.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There is nothing to ask.
    #[error("no path was given")]
    NoPath,
    /// The timer cannot be had.
    #[error("cannot keep time: {0}")]
    Timer(#[from] std::io::Error),
    /// The times cannot be recorded.
    #[error("cannot record times: {0}")]
    Record(#[from] hdrhistogram::CreationError),
    /// A probe died.
    #[error("a probe died: {0}")]
    Died(#[from] tokio::task::JoinError),
}

/// What one probe met.
#[derive(Debug)]
struct Met {
    /// Which of the paths.
    path: usize,
    due: u64,
    sent: u64,
    ended: u64,
    outcome: Result<Seen, Trouble>,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    status: u16,
    body: usize,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Trouble {
    #[error("connect")]
    Connect,
    #[error("timeout")]
    Timeout,
    /// The connection ended before the answer did.
    #[error("broken")]
    Broken,
    /// No HTTP/1.1, or without a `Content-Length`.
    #[error("malformed")]
    Malformed,
    /// The answer was whole, but the connection did not end in a FIN.
    #[error("reset")]
    Reset,
}

/// Runs the plan to its end.
///
/// # Errors
/// When there is no path or no timer. What the server does wrong is in the report.
pub async fn run(plan: Plan) -> Result<Report, ProbeError> {
    let requests: Vec<_> =
        plan.paths.iter().map(|path| Request::new(plan.address, path, plan.fresh)).collect();
    if requests.is_empty() {
        return Err(ProbeError::NoPath);
    }
    let requests: Arc<[Request]> = requests.into();
    let mut tally = Tally::new(&plan.paths)?;
    let begun = clock::now_ns();
    match plan.pace {
        Pace::Open { rate, probes, timeout } => open(&requests, rate, probes, timeout, &mut tally).await?,
        Pace::Closed { connections, probes } => closed(&requests, connections, probes, &mut tally).await?,
    }
    Ok(tally.report(clock::now_ns().saturating_sub(begun)))
}

async fn open(
    requests: &Arc<[Request]>,
    rate: u32,
    probes: u64,
    timeout: Duration,
    tally: &mut Tally,
) -> Result<(), ProbeError> {
    let mut ticks = Ticks::start(rate)?;
    let mut running = JoinSet::new();
    let mut idle: Vec<Connection> = Vec::new();
    let mut turn = 0;
    while turn < probes || !running.is_empty() {
        tokio::select! {
            biased;
            due = ticks.next(), if turn < probes => {
                for due in due?.take(usize::try_from(probes - turn).unwrap_or(usize::MAX)) {
                    let path = at(turn, requests);
                    let probe = probe(Arc::clone(requests), path, idle.pop(), due);
                    running.spawn(async move {
                        match tokio::time::timeout(timeout, probe).await {
                            Ok(done) => done,
                            Err(_) => (Met::timed_out(path, due), None),
                        }
                    });
                    turn += 1;
                }
            }
            Some(done) = running.join_next() => {
                let (met, connection) = done?;
                tally.add(&met);
                idle.extend(connection);
            }
        }
    }
    Ok(())
}

async fn closed(
    requests: &Arc<[Request]>,
    connections: u32,
    probes: u64,
    tally: &mut Tally,
) -> Result<(), ProbeError> {
    let turns = Arc::new(AtomicU64::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let (requests, turns) = (Arc::clone(requests), Arc::clone(&turns));
        let mut tally = tally.empty()?;
        workers.spawn(async move {
            let mut connection = None;
            loop {
                let turn = turns.fetch_add(1, Ordering::Relaxed);
                if turn >= probes {
                    return tally;
                }
                let path = at(turn, &requests);
                let met;
                (met, connection) = probe(Arc::clone(&requests), path, connection, clock::now_ns()).await;
                tally.add(&met);
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        tally.merge(&done?);
    }
    Ok(())
}

/// Whose turn it is.
fn at(turn: u64, requests: &[Request]) -> usize {
    usize::try_from(turn % requests.len().max(1) as u64).unwrap_or(0)
}

/// One probe. It hands back the connection if that may be used again.
async fn probe(
    requests: Arc<[Request]>,
    path: usize,
    kept: Option<Connection>,
    due: u64,
) -> (Met, Option<Connection>) {
    let sent = clock::now_ns();
    let mut met = Met { path, due, sent, ended: 0, outcome: Err(Trouble::Malformed) };
    let Some(request) = requests.get(path) else { return (met, None) };
    let (outcome, connection) = request.exchange(kept, &mut met.ended).await;
    met.outcome = outcome;
    (met, connection)
}

impl Met {
    fn timed_out(path: usize, due: u64) -> Self {
        let now = clock::now_ns();
        Self { path, due, sent: due, ended: now, outcome: Err(Trouble::Timeout) }
    }
}

#[cfg(test)]
mod tests;
