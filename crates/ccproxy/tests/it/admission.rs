//! How much is served at a time, and what becomes of the rest.

use std::time::Duration;

use ccproxy_testkit::upstream::{At, End, Fault, Script};
use futures_util::future::join_all;

use crate::support::client::Closed;
use crate::support::manual::Manual;
use crate::support::stage::{self, ask};
use crate::support::{Conn, LIMIT, Request, Stage, eventually, eventually_answers, within};

/// How many requests are with the provider.
fn running(stage: &Stage) -> usize {
    stage.upstream.requests().iter().filter(|request| request.end == End::Running).count()
}

/// A request that is with the provider until its connection is dropped.
async fn occupy(stage: &Stage, path: &str) -> Conn {
    let before = running(stage);
    stage.upstream.script(Script::fault(Fault::Stall(At::Body(1))));
    let mut conn = Conn::open(stage.app.address()).await;
    conn.send(&ask::request(path, true)).await;
    eventually("the provider has it", || running(stage) == before + 1).await;
    conn
}

#[tokio::test]
async fn no_more_are_under_way_than_may_be() {
    for (keys, extra) in [("", "[limits]\nconcurrency = 3"), ("concurrency = 3", "")] {
        let stage = Stage::start_with(keys, extra).await;
        let request = ask::request(ask::CHAT, true);
        stage.upstream.script(Script::default().gap(Duration::from_millis(3)).times(24));
        let most = std::cell::Cell::new(0);
        let watch = async {
            loop {
                most.set(most.get().max(running(&stage)));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let all = join_all((0..24).map(|_| stage.send(&request)));
        let answers = tokio::select! { answers = all => answers, () = watch => Vec::new() };
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.whole), "nobody was turned away");
        assert_eq!(most.get(), 3, "{keys}{extra}");
    }
}

#[tokio::test]
async fn whoever_came_first_is_served_first() {
    let provider = Manual::start().await;
    // On one thread a request is in the queue before it is known to have begun.
    let extra = "[limits]\nconcurrency = 1\n[server]\nworkers = 1";
    let app = ccproxy_testkit::TestApp::start(
        ccproxy::plugins::PLUGINS,
        &stage::config(&provider.url(), "", extra),
    )
    .await;
    let mut conns = Vec::new();
    for n in 0..5_u64 {
        let mut conn = Conn::open(app.address()).await;
        conn.send(&ask::request(ask::CHAT, true)).await;
        eventually("the request has begun", || app.stats().begun() == n + 1).await;
        conns.push(conn);
    }
    for conn in &mut conns {
        let mut taken = provider.take().await;
        let last =
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\ndata: [DONE]\n\n";
        taken.write(last.as_bytes()).await;
        drop(taken);
        let answer = conn.response(&ask::request(ask::CHAT, true)).await;
        assert_eq!((answer.status, answer.whole), (200, true), "it is the one whose turn it is");
    }
}

#[tokio::test]
async fn who_finds_no_place_is_turned_away_in_its_own_dialect() {
    for extra in ["queue = 0", "queue_timeout = '50ms'"] {
        let stage = Stage::start(&format!("[limits]\nconcurrency = 1\n{extra}")).await;
        let occupied = occupy(&stage, ask::MESSAGES).await;
        for (path, status, code) in [
            (ask::MESSAGES, 529, None),
            (ask::CHAT, 503, Some("overloaded")),
            (ask::RESPONSES, 503, Some("overloaded")),
        ] {
            let refused = stage.send(&ask::request(path, false)).await;
            assert_eq!(
                (refused.status, refused.header("retry-after")),
                (status, Some("1")),
                "{path} {extra}"
            );
            let error = refused.json()["error"].clone();
            let kind = if code.is_some() { "server_error" } else { "overloaded_error" };
            assert_eq!((error["type"].as_str(), error["code"].as_str()), (Some(kind), code));
        }
        assert_eq!(running(&stage), 1);
        // Whoever asks how we are, or for a page, is served all the same.
        for path in ["/health/live", "/health/ready", "/plugins", "/docs"] {
            assert_eq!(stage.send(&Request::get(path)).await.status, 200, "{path}");
        }
        let check = Request::get("/health/checks/admission");
        let told =
            eventually_answers(&stage.app, &check, |answer| answer.text().contains("3 requests turned"))
                .await;
        assert!(told.text().contains("3 requests turned away"), "{}", told.text());
        assert_eq!(told.json()["status"], "warn");
        drop(occupied);
        eventually("the client has gone", || stage.app.stats().client_gone() == 1).await;
        assert_eq!(stage.send(&ask::request(ask::CHAT, false)).await.status, 200, "its place is free");
    }
}

#[tokio::test]
async fn whoever_leaves_the_queue_makes_room_in_it() {
    let stage = Stage::start("[limits]\nconcurrency = 1\nqueue = 1").await;
    let occupied = occupy(&stage, ask::CHAT).await;
    let mut waits = Conn::open(stage.app.address()).await;
    waits.send(&ask::request(ask::CHAT, false)).await;
    eventually("it waits", || stage.app.stats().begun() == 2).await;
    let asks = async || stage.send(&ask::request(ask::CHAT, false)).await.status;
    within("the queue is full", async { while asks().await != 503 {} }).await;
    drop(waits);
    eventually("it has gone", || stage.app.stats().client_gone() == 1).await;
    let next = asks();
    let leave = async {
        let begun = stage.app.stats().begun();
        eventually("the next one waits", || stage.app.stats().begun() > begun).await;
        drop(occupied);
    };
    let (status, ()) = tokio::join!(next, leave);
    assert_eq!(status, 200);
    let asked = stage.upstream.requests().iter().filter(|seen| seen.end != End::Cancelled).count();
    assert_eq!(asked, 1, "the one that left has not been sent on");
}

#[tokio::test]
async fn routes_go_around_an_instance_that_is_full() {
    let routes = "[[routes]]\nmodel = '*'\ntargets = ['codex', 'local']\n[limits]\nqueue = 0";
    let stage = Stage::start_with("concurrency = 1", routes).await;
    let unified = "/v1/chat/completions";
    let held = [occupy(&stage, unified).await, occupy(&stage, unified).await];
    let seen = stage.upstream.requests();
    let keyed = |n: usize| seen[n].header("authorization").is_some();
    assert!(keyed(0) && !keyed(1), "first codex, then local");
    let refused = stage.send(&ask::request(unified, false)).await;
    assert_eq!((refused.status, refused.header("x-ccproxy-fail-open")), (503, None));
    // Whoever names the instance finds it full as well, and another one free.
    assert_eq!(stage.send(&ask::request(ask::CHAT, false)).await.status, 503);
    assert_eq!(stage.send(&ask::request(ask::MESSAGES, false)).await.status, 200);
    drop(held);
    eventually("both have gone", || stage.app.stats().client_gone() == 2).await;
    assert_eq!(stage.send(&ask::request(unified, false)).await.status, 200);
}

#[tokio::test]
async fn a_repetition_keeps_its_place_and_another_target_needs_one() {
    let routes = "[retry]\nbackoff = '1ms'\n[[routes]]\nmodel = '*'\ntargets = ['codex/a', 'codex/b']\n[limits]\nqueue = 0";
    let stage = Stage::start_with("concurrency = 1", routes).await;
    for path in [ask::CHAT, "/v1/chat/completions"] {
        stage.upstream.script(Script::error(503));
        let answer = stage.send(&ask::request(path, false)).await;
        assert_eq!((answer.status, answer.header("x-ccproxy-attempts")), (200, Some("2")), "{path}");
    }
    assert_eq!(stage.send(&ask::request(ask::CHAT, false)).await.status, 200, "no place is lost");
}

#[tokio::test]
async fn idle_connections_make_room() {
    let stage = Stage::start("[server]\nmax_connections = 2").await;
    let probe = Request::get("/health/live");
    let ask = ask::request(ask::MESSAGES, false);
    let mut conns = Vec::new();
    for _ in 0..3 {
        let mut conn = Conn::open(stage.app.address()).await;
        conn.send(&ask).await;
        assert_eq!(conn.response(&ask).await.status, 200);
        conns.push(conn);
        // The clock of connections counts milliseconds.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(conns[0].closed().await, Closed::Fin, "the one that was idle for longest");
    for conn in &mut conns[1..] {
        conn.send(&probe).await;
        assert_eq!(conn.response(&probe).await.status, 200, "the others stay");
    }
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_may_ask_for_health() {
    let stage = Stage::start("[server]\nmax_connections = 2").await;
    let busy = [occupy(&stage, ask::MESSAGES).await, occupy(&stage, ask::MESSAGES).await];
    for (path, status) in [(ask::MESSAGES, 529), (ask::CHAT, 503)] {
        let request = ask::request(path, false).header("anthropic-version", "2023-06-01");
        let request = if status == 529 { request } else { ask::request(path, false) };
        let refused = stage.send(&request).await;
        assert_eq!(refused.status, status, "{path}: {}", refused.text());
        assert_eq!((refused.header("retry-after"), refused.header("connection")), (Some("1"), Some("close")));
        assert!(refused.text().contains("as many connections as it may have"), "{}", refused.text());
    }
    assert_eq!(stage.send(&Request::get("/health/ready")).await.status, 200);
    assert_eq!(stage.upstream.requests().len(), 2);
    drop(busy);
    let again = ask::request(ask::CHAT, false);
    let served =
        tokio::time::timeout(LIMIT, eventually_answers(&stage.app, &again, |answer| answer.status == 200));
    assert!(served.await.is_ok());
}
