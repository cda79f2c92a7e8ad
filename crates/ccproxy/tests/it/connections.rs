//! Connections: kept, pipelined, slow, and abused.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::client::Closed;
use crate::support::stage::ask;
use crate::support::{Conn, Request, Stage};

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let stage = Stage::start("").await;
    let mut conn = Conn::open(stage.app.address()).await;
    for path in ask::ALL.into_iter().cycle().take(9) {
        for stream in [false, true] {
            let request = ask::request(path, stream);
            conn.send(&request).await;
            let response = conn.response(&request).await;
            assert_eq!((response.status, response.whole), (200, true), "{path}");
        }
        // Also after an error of ours.
        let wrong = Request::post(path, "{");
        conn.send(&wrong).await;
        assert_eq!(conn.response(&wrong).await.status, 400);
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let stage = Stage::start("").await;
    let mut conn = Conn::open(stage.app.address()).await;
    let requests = [
        Request::get("/health/live"),
        ask::request(ask::MESSAGES, false),
        Request::get("/nothing"),
        ask::request(ask::CHAT, true),
        Request::get("/codex/v1/models"),
    ];
    let wire: Vec<u8> = requests.iter().flat_map(Request::wire).collect();
    conn.write(&wire).await.unwrap();
    for (request, expect) in requests.iter().zip([200, 200, 404, 200, 200]) {
        assert_eq!(conn.response(request).await.status, expect);
    }
}

#[tokio::test]
async fn a_client_that_waits_for_leave_to_send_gets_it() {
    let stage = Stage::start("").await;
    let body = ask::body(ask::CHAT, "gpt-x", false);
    let request = Request::post(ask::CHAT, body.clone()).header("expect", "100-continue");
    let wire = request.wire();
    let (head, rest) = wire.split_at(wire.len() - body.len());
    let mut conn = Conn::open(stage.app.address()).await;
    conn.write(head).await.unwrap();
    conn.write(rest).await.unwrap();
    assert_eq!(conn.response(&request).await.status, 200);
    let seen = stage.upstream.requests().pop().unwrap();
    assert_eq!((seen.header("expect"), &seen.body[..]), (None, body.as_bytes()));
}

#[tokio::test]
async fn slow_heads_and_idle_connections_are_closed() {
    let stage = Stage::start("[server]\nheader_timeout = '200ms'\nkeep_alive = '400ms'").await;
    let began = Instant::now();
    let mut silent = Conn::open(stage.app.address()).await;
    let mut slow = Conn::open(stage.app.address()).await;
    let mut kept = Conn::open(stage.app.address()).await;
    let probe = Request::get("/health/live");
    kept.send(&probe).await;
    assert_eq!(kept.response(&probe).await.status, 200);
    // One byte now and then buys no time.
    let drip = async {
        for byte in probe.wire() {
            if slow.write(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        slow.closed().await;
        began.elapsed()
    };
    let silence = async {
        silent.closed().await;
        began.elapsed()
    };
    let (dripped, silence) = tokio::join!(drip, silence);
    for took in [dripped, silence] {
        // The defaults are 10 s and more, so even a slow machine tells them apart.
        assert!((Duration::from_millis(190)..Duration::from_secs(5)).contains(&took), "{took:?}");
    }
    assert_eq!(kept.closed().await, Closed::Fin);
    assert!(began.elapsed() >= Duration::from_millis(390), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let stage = Stage::start("[server]\nbody_timeout = '200ms'").await;
    for path in ["/codex/v1/responses", "/claude/v1/messages"] {
        let request = Request::post(path, r#"{"model":"m"}"#);
        let wire = request.wire();
        let mut conn = Conn::open(stage.app.address()).await;
        conn.write(&wire[..wire.len() - 1]).await.unwrap();
        let answer = conn.response(&request).await;
        assert_eq!(answer.status, 408);
        assert!(answer.text().contains("stood still for 200ms"), "{}", answer.text());
        conn.closed().await;
    }
    assert!(stage.upstream.requests().is_empty());
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let stage = Stage::start("").await;
    for junk in ["\x16\x03\x01\x02\x00\x01", "EHLO mail.example.com\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let mut conn = Conn::open(stage.app.address()).await;
        conn.write(junk.as_bytes()).await.unwrap();
        conn.write(b"\r\n\r\n").await.ok();
        conn.closed().await;
    }
    // Two lengths are how requests are smuggled.
    let mut conn = Conn::open(stage.app.address()).await;
    conn.write(
        b"POST /codex/v1/responses HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x",
    )
    .await
    .unwrap();
    assert_eq!(conn.response(&Request::post("/", "")).await.status, 400);
    assert_eq!(stage.send(&Request::get("/health/live")).await.status, 200);
    assert!(stage.upstream.requests().is_empty());
}
