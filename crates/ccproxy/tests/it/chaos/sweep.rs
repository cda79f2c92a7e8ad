//! An answer that ends at any byte of the wire, in any of the ways in which a connection may.

use ccproxy_testkit::ChaosProxy;
use ccproxy_testkit::chaos::Trouble;

use super::{CLIENTS, Chaos, PROVIDERS, outcome};
use crate::support::stage::ask;
use crate::support::{Conn, Request};

/// The bytes of the provider's answer, and how many of them a stream needs to be whole.
async fn wire(chaos: &Chaos, seen: &str, stream: bool) -> (usize, usize) {
    let request = Request::post(seen, ask::body(seen, "a-model", stream)).header("connection", "close");
    let mut conn = Conn::open(chaos.upstream.addr()).await;
    conn.send(&request).await;
    let all = conn.rest().await;
    // The blank line behind the last event says nothing more.
    let rest = if stream { "\n\n\r\n0\r\n\r\n".len() } else { 0 };
    (all.len(), all.len() - rest)
}

async fn sweep(make: fn(usize) -> Trouble, steps: usize) {
    let chaos = Chaos::start(ChaosProxy::url).await;
    for (provider, seen) in PROVIDERS {
        for stream in [false, true] {
            let (all, needed) = wire(&chaos, seen, stream).await;
            // Every so often, and each of the last bytes, where it is decided.
            let cuts = (1..all).step_by(all / steps).chain(needed - 8..all);
            for cut in cuts {
                let client = CLIENTS[cut % CLIENTS.len()];
                chaos.upstream.reset();
                chaos.proxy.make(make(cut));
                let answer = chaos.ask(provider, client, stream).await;
                let got = outcome::of(client, stream, &answer);
                let what = format!("{client} of {seen}, stream: {stream}, {cut} of {needed}: {got}");
                let whole = got == "whole";
                assert!(!whole || cut >= needed, "{what}: it looks whole");
                assert!(got != "broken", "{what}: only a parser tells");
                assert!(chaos.upstream.requests().len() <= 1, "{what}: it is asked once");
            }
        }
    }
    chaos.is_well().await;
}

#[tokio::test]
async fn closed_at_every_byte() {
    sweep(Trouble::Close, 60).await;
}

#[tokio::test]
async fn reset_at_every_byte() {
    sweep(Trouble::Reset, 60).await;
}

#[tokio::test]
async fn half_open_at_every_byte() {
    sweep(Trouble::HalfOpen, 30).await;
}
