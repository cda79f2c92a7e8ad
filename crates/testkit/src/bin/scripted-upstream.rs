//! The scripted upstream as a program, for test suites in other languages.
//!
//! It prints `listening http://127.0.0.1:PORT` and runs until it is told to end. `POST /__script` queues a script or a
//! list of them, `GET /__requests` shows what came, `POST /__reset` forgets both.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use ccproxy_testkit::ScriptedUpstream;
use clap::Parser;

/// Plays an Anthropic and an OpenAI provider on 127.0.0.1.
#[derive(Parser)]
struct Args {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Append one line of JSON per request to this file.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let log = args.log.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
    let mut upstream = ScriptedUpstream::start_on(args.port, log).await?;
    writeln!(io::stdout(), "listening {}", upstream.url())?;
    told_to_end().await?;
    upstream.refuse().await;
    Ok(())
}

#[cfg(unix)]
async fn told_to_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn told_to_end() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
