//! `ccproxy health`: the probe for images that hold no other.

mod verdict;

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::uri::Scheme;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::reachable;
use crate::cli::Health;
use crate::context::Context;
use crate::failure::Failure;
use crate::load::load;
use crate::terminal::print;
use verdict::Verdict;

/// A health page is smaller by far.
const LARGEST: usize = 1 << 20;

pub(super) fn health(flags: &Health, file: Option<&Path>, context: &Context) -> Result<ExitCode, Failure> {
    let verdict = match page(flags, file, context) {
        Ok(page) => ask(&page, flags.timeout)?,
        // Docker reserves the exit code 2, so what is wrong here is not healthy, whoever is to blame.
        Err(failure) => Verdict::unknown(None, failure.to_string()),
    };
    print(&if flags.json { verdict.json() } else { verdict.text() })?;
    Ok(if verdict.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The address of the page to ask for.
fn page(flags: &Health, file: Option<&Path>, context: &Context) -> Result<Uri, Failure> {
    let path = match flags {
        Health { live: true, .. } => "/health/live",
        Health { ready: true, .. } => "/health/ready",
        Health { startup: true, .. } => "/health/startup",
        _ => "/health",
    };
    let uri = match &flags.url {
        Some(url) if has_path(url) => url.clone(),
        Some(url) => format!("{}{path}", url.trim_end_matches('/')),
        None => {
            let server = load(file, Vec::new(), context)?.settings.server;
            if server.port == 0 {
                let message = "the port is chosen by the system; name the proxy with --url";
                return Err(Failure::Usage(message.to_owned()));
            }
            let ip = server.ip().ok_or_else(|| Failure::Usage("server.host is no address".to_owned()))?;
            format!("http://{}{path}", reachable(SocketAddr::new(ip, server.port)))
        }
    };
    let uri: Option<Uri> = uri.parse().ok();
    uri.filter(|uri| uri.scheme() == Some(&Scheme::HTTP) && uri.host().is_some())
        .ok_or_else(|| Failure::Usage("--url takes http://HOST:PORT, or an http:// page".to_owned()))
}

fn has_path(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').is_some_and(|(_, path)| !path.is_empty())
}

fn ask(page: &Uri, limit: Duration) -> Result<Verdict, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io("cannot start the runtime", error))?;
    let verdict = runtime.block_on(async {
        match timeout(limit, get(page)).await {
            Ok(Ok((status, body))) => Verdict::read(page, status, &body),
            Ok(Err(reason)) => Verdict::unknown(Some(page), reason),
            Err(_) => {
                let reason = format!("no answer within {}", humantime::format_duration(limit));
                Verdict::unknown(Some(page), reason)
            }
        }
    });
    // A name that is still being looked up must not hold up the exit.
    runtime.shutdown_background();
    Ok(verdict)
}

async fn get(page: &Uri) -> Result<(u16, Bytes), String> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let answer = client.get(page.clone()).await.map_err(|error| explained(&error))?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
    Ok((status, body.to_bytes()))
}

/// What went wrong, down to the system's own words.
fn explained(error: &hyper_util::client::legacy::Error) -> String {
    let mut innermost: &dyn StdError = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let refused = innermost
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    if refused {
        return "nothing listens there; start it with `ccproxy serve`, or name another place with --url"
            .to_owned();
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn page_of(args: &[&str], env: &[(&str, &str)]) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        let context = Context { env: env.iter().copied().collect(), cwd: dir.path().to_owned() };
        let cli = Cli::try_parse_from(["ccproxy", "health"].iter().chain(args)).unwrap();
        let Command::Health(flags) = cli.command else { panic!("not health") };
        page(&flags, None, &context).ok().map(|uri| uri.to_string())
    }

    #[test]
    fn finds_the_page() {
        let check = |args: &[&str], env: &[(&str, &str)], expect: Option<&str>| {
            assert_eq!(page_of(args, env).as_deref(), expect, "{args:?} {env:?}");
        };
        check(&[], &[], Some("http://127.0.0.1:8000/health"));
        check(&["--live"], &[("CCPROXY__SERVER__PORT", "81")], Some("http://127.0.0.1:81/health/live"));
        check(
            &["--ready"],
            &[("CCPROXY__SERVER__HOST", "0.0.0.0")],
            Some("http://127.0.0.1:8000/health/ready"),
        );
        check(&["--startup"], &[("CCPROXY__SERVER__HOST", "::")], Some("http://[::1]:8000/health/startup"));
        check(&["--ready", "--url", "http://a:1/"], &[], Some("http://a:1/health/ready"));
        check(&["--url", "http://a:1"], &[], Some("http://a:1/health"));
        check(&["--ready", "--url", "http://a:1/livez"], &[], Some("http://a:1/livez"));
        check(&["--url", "https://a:1"], &[], None);
        check(&["--url", "a:1"], &[], None);
        check(&[], &[("CCPROXY__SERVER__PORT", "0")], None);
    }
}
