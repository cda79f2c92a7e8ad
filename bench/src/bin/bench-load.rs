//! A load generator on one thread; prints one line of JSON.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use ccproxy_bench::load::{Limit, Plan, run};
use ccproxy_bench::shape::Shape;
use ccproxy_wire::Dialect;
use clap::Parser;
use hyper::Uri;

/// Sends requests to a proxy in front of bench-upstream, in the dialect of the path, and measures the answers.
#[derive(Debug, Parser)]
#[command(group = clap::ArgGroup::new("limit").required(true))]
struct Options {
    /// For instance http://127.0.0.1:8000/codex/v1/chat/completions.
    #[arg(long)]
    url: Uri,
    /// What the upstream speaks, if the proxy translates: messages, chat or responses.
    #[arg(long, value_parser = dialect)]
    provider: Option<Dialect>,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Stop after so many requests.
    #[arg(long, group = "limit")]
    requests: Option<u64>,
    /// Stop after so many seconds.
    #[arg(long, group = "limit")]
    seconds: Option<u32>,
    /// The connections begin evenly over so many milliseconds.
    #[arg(long, default_value_t = 0)]
    spread_ms: u64,
    /// Events per answer; 0 for a JSON answer.
    #[arg(long, default_value_t = 0)]
    events: u32,
    /// Microseconds between two events; the upstream's timer rounds up to milliseconds.
    #[arg(long, default_value_t = 0)]
    gap_us: u64,
}

fn dialect(name: &str) -> Result<Dialect, &'static str> {
    match name {
        "messages" => Ok(Dialect::Messages),
        "chat" => Ok(Dialect::Chat),
        "responses" => Ok(Dialect::Responses),
        _ => Err("messages, chat or responses"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let limit = match (options.requests, options.seconds) {
        (Some(requests), _) => Limit::Requests(requests),
        (None, seconds) => Limit::Time(Duration::from_secs(seconds.unwrap_or(1).into())),
    };
    let shape = Shape { gap: Duration::from_micros(options.gap_us), ..Shape::of(options.events) };
    let spread = Duration::from_millis(options.spread_ms);
    let Options { url, provider, connections, .. } = options;
    let report = run(&Plan { url, connections, limit, spread, shape, provider }).await?;
    let mut line = serde_json::to_vec(&report)?;
    line.push(b'\n');
    std::io::stdout().write_all(&line)?;
    Ok(())
}
