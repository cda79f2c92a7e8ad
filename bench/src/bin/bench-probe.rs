//! Asks health pages on one thread; prints one line of JSON.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use ccproxy_bench::probe::{Pace, Plan, run};
use clap::Parser;

/// Probes a server at a fixed rate, or as fast as it answers, and measures the answers.
#[derive(Debug, Parser)]
struct Options {
    /// For instance 127.0.0.1:8000.
    #[arg(long)]
    address: SocketAddr,
    /// A page; several take turns.
    #[arg(long = "path", required = true)]
    paths: Vec<String>,
    /// So many probes.
    #[arg(long)]
    probes: u64,
    /// So many a second, each at its time; without it, each connection sends its next when it has its answer.
    #[arg(long)]
    rate: Option<u32>,
    /// Connections, where there is no rate.
    #[arg(long, default_value_t = 32, conflicts_with = "rate")]
    connections: u32,
    /// A fresh connection for each probe.
    #[arg(long)]
    fresh: bool,
    /// A probe that takes longer has failed, where there is a rate.
    #[arg(long, default_value_t = 1_000, requires = "rate")]
    timeout_ms: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Options { address, paths, probes, rate, connections, fresh, timeout_ms } = Options::parse();
    let pace = match rate {
        Some(rate) => Pace::Open { rate, probes, timeout: Duration::from_millis(timeout_ms) },
        None => Pace::Closed { connections, probes },
    };
    let report = run(Plan { address, paths, fresh, pace }).await?;
    let mut line = serde_json::to_vec(&report)?;
    line.push(b'\n');
    std::io::stdout().write_all(&line)?;
    Ok(())
}
