//! Soaks ccproxy in requests of every kind on one thread; prints a line of JSON for every percent, and one at the end.

use std::error::Error;
use std::net::SocketAddr;

use ccproxy_bench::soak::{Plan, run};
use clap::Parser;

/// Sends requests of every kind, with every fault, in turn, and judges every answer.
#[derive(Debug, Parser)]
struct Options {
    /// ccproxy, as bench/soak-run configures it.
    #[arg(long)]
    address: SocketAddr,
    /// Clients, each with one request under way.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,
    /// So many requests.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    requests: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Options { address, clients, requests } = Options::parse();
    let report = run(Plan { address, clients, requests }, |mark| print(&mark)).await?;
    print(&report);
    Ok(())
}

/// One line. Whoever reads has gone when it cannot be written.
fn print(line: &impl serde::Serialize) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let written =
        serde_json::to_writer(&mut out, line).map_err(Into::into).and_then(|()| out.write_all(b"\n"));
    drop(written.and_then(|()| out.flush()));
}
