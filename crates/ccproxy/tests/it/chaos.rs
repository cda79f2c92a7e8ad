//! Whatever a provider or the way to it does wrong, the client is told in its own dialect, nothing half looks whole, and
//! nobody waits for longer than was configured.

mod fault;
mod outcome;
mod sweep;
mod table;

use std::time::Duration;

use ccproxy_testkit::{ChaosProxy, ScriptedUpstream};
use tokio::time::Instant;

use crate::support::program::Program;
use crate::support::stage::ask;
use crate::support::{Request, Response};
use fault::Fault;
use table::{Row, TABLE};

/// The instances, each of which speaks one dialect, and the path of it at the provider.
const PROVIDERS: [(&str, &str); 3] =
    [("m", "/v1/messages"), ("c", "/v1/chat/completions"), ("r", "/v1/responses")];
/// What the clients speak, by its path below an instance.
const CLIENTS: [&str; 3] = ["/v1/messages", "/v1/chat/completions", "/v1/responses"];

/// Longer than any of the configured timeouts, and much less than the defaults.
const PATIENCE: Duration = Duration::from_secs(4);

/// The configuration of every test here: instances at `base`, little patience, and one call for each request.
fn config(base: &str) -> String {
    // The first handshake reads the system's certificates, which takes a busy machine longer.
    let headers = if base.starts_with("https") { "2s" } else { "200ms" };
    let instance = |(name, kind, version, more): (&str, &str, &str, &str)| {
        format!(
            "[providers.{name}]\nkind = '{kind}'\nbase_url = '{base}{version}'\n{more}\n\
             timeouts = {{ connect = '2s', headers = '{headers}', idle = '200ms' }}\n"
        )
    };
    [
        ("m", "anthropic", "", ""),
        ("c", "openai-compatible", "/v1", "dialects = ['chat']"),
        ("r", "openai-compatible", "/v1", "dialects = ['responses']"),
    ]
    .map(instance)
    .into_iter()
    .fold("[retry]\nattempts = 1\n".to_owned(), |all, one| all + &one)
}

/// The program, the provider, and what stands between them.
struct Chaos {
    program: Program,
    upstream: ScriptedUpstream,
    proxy: ChaosProxy,
}

impl Chaos {
    /// `base` makes the URL of the provider of that of the proxy.
    async fn start(base: impl Fn(&ChaosProxy) -> String) -> Self {
        let upstream = ScriptedUpstream::start().await.unwrap();
        let proxy = ChaosProxy::start(upstream.addr()).await.unwrap();
        let program = Program::start("", &config(&base(&proxy))).await;
        Self { program, upstream, proxy }
    }

    /// Sends a request, which has to be answered in time.
    async fn ask(&self, provider: &str, client: &str, stream: bool) -> Response {
        let path = format!("/{provider}{client}");
        let begun = Instant::now();
        let answer = self.program.send(&Request::post(&path, ask::body(&path, "a-model", stream))).await;
        assert!(begun.elapsed() < PATIENCE, "{path}: {:?}", begun.elapsed());
        answer
    }

    /// Nothing has panicked, and the program still serves.
    async fn is_well(&self) {
        self.upstream.reset();
        self.proxy.make(ccproxy_testkit::chaos::Trouble::None);
        let live = self.program.send(&Request::get("/health/live")).await;
        assert_eq!(live.status, 200);
        let log = self.program.log();
        assert!(!log.contains("\"target\":\"panic\"") && !log.contains("panicked"), "{log}");
    }
}

/// What clients get under a fault, in the columns of the table, and how many calls a request has made.
async fn observe(chaos: &Chaos, fault: &Fault) -> ([String; 4], usize) {
    let mut columns: [Vec<String>; 4] = Default::default();
    let mut calls = Vec::new();
    for (provider, seen) in PROVIDERS {
        for client in CLIENTS {
            for stream in [false, true] {
                chaos.upstream.reset();
                fault.make(chaos, seen, stream);
                let answer = chaos.ask(provider, client, stream).await;
                let column = usize::from(client != seen) + 2 * usize::from(stream);
                columns[column].push(outcome::of(client, stream, &answer));
                calls.push(chaos.upstream.requests().len());
            }
        }
    }
    calls.sort_unstable();
    calls.dedup();
    assert_eq!(calls.len(), 1, "{fault:?}: {calls:?} calls");
    (columns.map(|column| outcome::together(&column)), calls[0])
}

async fn check(chaos: &Chaos, rows: impl Iterator<Item = &'static Row>) {
    let mut wrong = String::new();
    let mut count = 0;
    for row in rows {
        let (columns, calls) = observe(chaos, &row.fault).await;
        count += 1;
        if columns != row.expect || calls != row.calls {
            wrong.push_str(&format!("    row({:?}, {calls}, {columns:?}),\n", row.fault));
        }
    }
    assert!(wrong.is_empty() && count > 0, "it is so now:\n{wrong}");
    chaos.is_well().await;
}

#[tokio::test]
async fn what_the_provider_does_wrong() {
    let chaos = Chaos::start(ChaosProxy::url).await;
    check(&chaos, TABLE.iter().filter(|row| row.fault.is_of_answers())).await;
    chaos.proxy.make(ccproxy_testkit::chaos::Trouble::None);
    for (provider, seen) in PROVIDERS {
        for client in CLIENTS {
            let answer = chaos.ask(provider, client, true).await;
            assert_eq!(outcome::of(client, true, &answer), "whole", "{client} {seen}: it is over");
        }
    }
}

#[tokio::test]
async fn a_provider_that_falls_silent() {
    let chaos = Chaos::start(ChaosProxy::url).await;
    check(&chaos, TABLE.iter().filter(|row| row.fault.is_silence())).await;
}

#[tokio::test]
async fn what_does_not_speak_tls() {
    let chaos = Chaos::start(|proxy| format!("https://{}", proxy.addr())).await;
    check(&chaos, TABLE.iter().filter(|row| row.fault.is_of_tls())).await;
}

#[tokio::test]
async fn who_is_not_there() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}", taken.local_addr().unwrap());
    drop(taken);
    for (url, fault) in [(dead.as_str(), Fault::Refuse), ("http://no-such-name.invalid", Fault::Name)] {
        let chaos = Chaos::start(|_| url.to_owned()).await;
        check(&chaos, TABLE.iter().filter(|row| row.fault == fault)).await;
    }
}

#[tokio::test]
async fn a_burst_passes() {
    let chaos = Chaos::start(ChaosProxy::url).await;
    for (provider, seen) in PROVIDERS {
        for client in CLIENTS {
            for status in [429, 500, 503, 529] {
                chaos.upstream.reset();
                chaos.upstream.script(ccproxy_testkit::upstream::Script::error(status).times(3));
                for _ in 0..3 {
                    let told = chaos.ask(provider, client, true).await.status;
                    let other = client != seen && client != "/v1/messages";
                    assert_eq!(told, if status == 529 && other { 503 } else { status }, "{client} of {seen}");
                }
                assert_eq!(chaos.ask(provider, client, true).await.status, 200, "{client} of {seen}");
                assert_eq!(chaos.upstream.requests().len(), 4, "each is asked once");
            }
        }
    }
    chaos.is_well().await;
}
