//! A mock upstream on one thread: `bench-upstream --port 9000`.

use std::io;
use std::net::Ipv4Addr;

use clap::Parser;
use tokio::net::TcpListener;

/// Answers all three dialects as fast as it can.
#[derive(Debug, Parser)]
struct Options {
    /// Port on 127.0.0.1.
    #[arg(long)]
    port: u16,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    ccproxy_bench::upstream::serve(TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?).await
}
