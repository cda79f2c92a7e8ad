//! Every exchange has one end, and a client that has gone takes its call to the provider with it.

use std::time::Duration;

use bytes::Bytes;
use ccproxy_testkit::upstream::{At, Fault, Script};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::support::client::Piece;
use crate::support::stage::ask;
use crate::support::{Conn, Request, Stage, eventually};

/// How long a provider may be kept busy for a client that has gone.
const CANCELLED_WITHIN: Duration = Duration::from_millis(100);

/// Begins a request, waits until the provider has it, and, `mid_stream`, until some of the answer is here.
async fn begin(stage: &Stage, path: &str, stream: bool, mid_stream: bool) -> Conn {
    let at = if mid_stream { At::Body(150) } else { At::Head };
    stage.upstream.script(Script::fault(Fault::Stall(at)));
    let request = ask::request(path, stream);
    let mut conn = Conn::open(stage.app.address()).await;
    conn.send(&request).await;
    stage.upstream.wait_requests(1).await;
    if mid_stream {
        let mut head = conn.head(&request).await;
        assert!(matches!(conn.piece(&mut head).await, Piece::Data(_)));
    }
    conn
}

#[tokio::test]
async fn a_client_that_leaves_is_gone_for_the_provider_too() {
    let stage = Stage::start("").await;
    let mut begun = 0;
    for path in ask::ALL {
        for (stream, mid_stream) in [(true, false), (true, true), (false, false), (false, true)] {
            stage.upstream.reset();
            let conn = begin(&stage, path, stream, mid_stream).await;
            begun += 1;
            drop(conn);
            let cancelled = stage.upstream.wait_cancelled(CANCELLED_WITHIN).await;
            assert!(cancelled, "{path} stream: {stream}, mid-stream: {mid_stream}");
        }
    }
    assert_eq!(stage.counts().await, [begun, 0, 0, begun]);
}

#[tokio::test]
async fn a_stream_that_is_over_for_the_client_is_done() {
    // The client takes what it wants and leaves with the last event read: nothing was lost.
    let stage = Stage::start("").await;
    for path in ask::ALL {
        let response = stage.send(&ask::request(path, true).header("connection", "close")).await;
        assert!(response.whole);
    }
    assert_eq!(stage.counts().await, [3, 3, 0, 0]);
}

#[tokio::test]
async fn every_ending_is_counted_once() {
    let stage = Stage::start_with("timeouts = { headers = '50ms', idle = '50ms' }", "").await;
    let check = async |script: Option<Script>, request: Request, expect: [u64; 3]| {
        let before = stage.counts().await;
        stage.upstream.reset();
        if let Some(script) = script {
            stage.upstream.script(script);
        }
        let response = stage.send(&request).await;
        let after = stage.counts().await;
        let got: Vec<u64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(got[1..], expect, "{} {}", response.status, response.text());
        assert_eq!(got[0], 1, "one request is one exchange");
    };
    let (done, failed) = ([1, 0, 0], [0, 1, 0]);
    for path in ask::ALL {
        for stream in [true, false] {
            let ask = || ask::request(path, stream);
            check(None, ask(), done).await;
            check(Some(Script::error(429)), ask(), failed).await;
            check(Some(Script::error(529)), ask(), failed).await;
            check(Some(Script::error(401)), ask(), failed).await;
            check(Some(Script::raw("junk")), ask(), failed).await;
            for fault in [
                Fault::Reset(At::Head),
                Fault::Close(At::Head),
                Fault::Stall(At::Head),
                Fault::Stall(At::Body(70)),
                Fault::Close(At::Body(70)),
            ] {
                check(Some(Script::fault(fault)), ask(), failed).await;
            }
        }
        check(None, Request::post(path, "{"), failed).await;
        check(None, Request::post(path, "{\"stream\":true}"), failed).await;
    }
    check(None, Request::get("/v1/models"), done).await;
    check(None, Request::get("/codex/v1/models"), done).await;
    check(None, Request::new("HEAD", "/codex/v1/models"), done).await;
    check(None, Request::get("/codex/v1/responses"), failed).await;
}

#[tokio::test]
async fn a_stream_of_known_length_has_its_own_end() {
    let stage = Stage::start("").await;
    let check = async |body: &str, expect: [u64; 4]| {
        let script = Script::whole(200, body.to_owned()).header("content-type", "text/event-stream");
        let response = stage.scripted(script, &ask::request(ask::CHAT, true)).await;
        assert_eq!((response.text().as_str(), response.whole), (body, true));
        assert_eq!(stage.counts().await, expect, "{body}");
    };
    check("data: {\"choices\":[]}\n\ndata: [DONE]\n\n", [1, 1, 0, 0]).await;
    check("data: {\"choices\":[]}\n\n", [2, 1, 1, 0]).await;
    check("data: {\"error\":{}}\n\n", [3, 1, 2, 0]).await;
}

#[tokio::test]
async fn what_comes_after_the_last_event_changes_no_ending() {
    let stage = Stage::start_with("timeouts = { idle = '60ms' }", "").await;
    let (done, error) = ("data: {\"choices\":[]}\n\ndata: [DONE]\n\n", "data: {\"error\":{}}\n\n");
    let silent = |body: &'static str| Script::stream([body]).with_fault(Fault::Stall(At::Body(body.len())));
    // The provider keeps its connection open, and has nothing more to say.
    for (body, expect) in [(done, [1, 1, 0, 0]), (error, [2, 1, 1, 0])] {
        let response = stage.scripted(silent(body), &ask::request(ask::CHAT, true)).await;
        assert_eq!((response.text().as_str(), response.whole), (body, true));
        assert_eq!(stage.counts().await, expect);
    }
}

#[tokio::test]
async fn a_client_may_leave_with_the_last_event() {
    let stage = Stage::start("").await;
    let (done, error) = ("data: {\"choices\":[]}\n\ndata: [DONE]\n\n", "data: {\"error\":{}}\n\n");
    for (body, expect) in [(done, [1, 1, 0, 0]), (error, [2, 1, 1, 0])] {
        stage.upstream.script(Script::stream([body]).with_fault(Fault::Stall(At::Body(body.len()))));
        let request = ask::request(ask::CHAT, true);
        let mut conn = Conn::open(stage.app.address()).await;
        conn.send(&request).await;
        let mut head = conn.head(&request).await;
        conn.expect(&mut head, body.as_bytes()).await;
        drop(conn);
        assert_eq!(stage.counts().await, expect);
    }
}

#[tokio::test]
async fn a_client_that_leaves_while_it_sends_is_gone() {
    let stage = Stage::start("").await;
    let mut conn = Conn::open(stage.app.address()).await;
    conn.write(
        b"POST /codex/v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{\"model\"",
    )
    .await
    .unwrap();
    eventually("the exchange has begun", || stage.app.stats().begun() == 1).await;
    drop(conn);
    let [begun, done, failed, gone] = stage.counts().await;
    assert_eq!((begun, done, failed + gone), (1, 0, 1));
    assert!(stage.upstream.requests().is_empty(), "half a request is no request");
}

#[tokio::test]
async fn a_stream_that_is_reset_over_http2_ends_alone() {
    let stage = Stage::start("").await;
    stage.upstream.script(Script::fault(Fault::Stall(At::Body(150))));
    let io = TokioIo::new(tokio::net::TcpStream::connect(stage.app.address()).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { drop(connection.await) });
    let request = || {
        let body = Full::new(Bytes::from(ask::body(ask::CHAT, "gpt-x", true)));
        http::Request::post(format!("http://proxy.test{}", ask::CHAT)).body(body).unwrap()
    };
    let mut stalled = sender.send_request(request()).await.unwrap();
    assert!(stalled.frame().await.unwrap().unwrap().is_data());
    drop(stalled);
    assert!(stage.upstream.wait_cancelled(CANCELLED_WITHIN).await);
    let whole = sender.send_request(request()).await.unwrap().collect().await.unwrap().to_bytes();
    assert!(whole.ends_with(b"data: [DONE]\n\n"));
    assert_eq!(stage.counts().await, [2, 1, 0, 1]);
}
