//! From the order to stop to the end.

use std::net::SocketAddr;
use std::time::Duration;

use ccproxy_server::End;
use ccproxy_testkit::upstream::{At, Fault, Script};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::support::client::{Closed, Piece};
use crate::support::stage::ask;
use crate::support::{Conn, Request, Stage, eventually, within};

/// A stream that has begun and goes on for about half a second, one event at a time.
async fn long_stream(stage: &Stage) -> (Conn, Request) {
    let request = ask::request(ask::CHAT, true);
    stage.upstream.script(Script::default().gap(Duration::from_millis(40)));
    let mut conn = Conn::open(stage.app.address()).await;
    conn.send(&request).await;
    stage.upstream.wait_requests(1).await;
    (conn, request)
}

/// Waits until nobody listens any more.
async fn refused(stage: &Stage) {
    let address = stage.app.address();
    within("the listener is closed", async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_runs_runs_to_its_end() {
    let stage = Stage::start("[shutdown]\ndrain_delay = '150ms'\ndeadline = '20s'").await;
    let mut live = Conn::open(stage.app.address()).await;
    let probe = Request::get("/health/live");
    live.send(&probe).await;
    assert_eq!(live.response(&probe).await.status, 200);
    let (mut conn, request) = long_stream(&stage).await;

    stage.app.drain();
    tokio::task::yield_now().await;
    let began = Instant::now();
    let ready = stage.send(&Request::get("/health/ready")).await;
    assert_eq!((ready.status, ready.json()["status"].as_str()), (503, Some("fail")));
    assert!(ready.header("retry-after").is_some() && ready.text().contains("draining"), "{}", ready.text());
    // New connections are still served while the balancer makes up its mind.
    let fresh = stage.send(&ask::request(ask::MESSAGES, false)).await;
    assert_eq!((fresh.status, fresh.header("connection")), (200, Some("close")));
    assert_eq!(stage.send(&probe).await.status, 200, "live to the end");
    assert!(began.elapsed() < Duration::from_millis(150), "all this within the drain delay");

    let response = conn.response(&request).await;
    assert!(response.whole && response.text().ends_with("data: [DONE]\n\n"), "{}", response.text());
    assert_eq!(conn.closed().await, Closed::Fin);
    refused(&stage).await;
    let stats = stage.counts().await;
    assert_eq!(stats, [2, 2, 0, 0]);
    assert_eq!(within("the end", stage.app.ended()).await, End::Drained);
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_end_up() {
    let stage = Stage::start("[shutdown]\ndrain_delay = '20ms'\ndeadline = '20s'").await;
    let mut conns = Vec::new();
    for _ in 0..5 {
        let mut conn = Conn::open(stage.app.address()).await;
        let request = ask::request(ask::MESSAGES, false);
        conn.send(&request).await;
        assert_eq!(conn.response(&request).await.status, 200);
        conns.push(conn);
    }
    stage.app.drain();
    for mut conn in conns {
        assert_eq!(conn.closed().await, Closed::Fin);
    }
    let began = Instant::now();
    assert_eq!(within("the end", stage.app.ended()).await, End::Drained);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn streams_that_never_end_do_not_hold_the_end_up() {
    let stage = Stage::start("[shutdown]\ndrain_delay = '50ms'\ndeadline = '20s'").await;
    let request = Request::get("/health/events");
    let mut conn = Conn::open(stage.app.address()).await;
    conn.send(&request).await;
    let mut head = conn.head(&request).await;
    conn.expect(&mut head, b"event: phase\ndata: {\"phase\":\"ready\"}\n\n").await;
    stage.app.drain();
    let mut heard = Vec::new();
    // Checks go on, so there may be transitions among the phases.
    let end = loop {
        match conn.piece(&mut head).await {
            Piece::Data(data) => heard.extend_from_slice(&data),
            end => break end,
        }
    };
    let heard = String::from_utf8(heard).unwrap();
    assert!(heard.contains("event: phase\ndata: {\"phase\":\"draining\"}\n\n"), "{heard}");
    assert!(matches!(end, Piece::End), "it ends as streams end: {end:?}");
    assert_eq!(conn.closed().await, Closed::Fin);
    assert_eq!(within("the end", stage.app.ended()).await, End::Drained);
}

/// A watch of gRPC, its HTTP/2 by hand.
struct Watch(TcpStream);

impl Watch {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    /// On data and headers; on a ping, that it is an answer.
    const END: u8 = 1;
    const END_HEADERS: u8 = 4;

    async fn open(address: SocketAddr) -> Self {
        let mut watch = Self(TcpStream::connect(address).await.unwrap());
        watch.0.set_nodelay(true).unwrap();
        // POST, http; the path, the content type, `te`; names by their number in HPACK's table where they have one.
        let head =
            b"\x83\x86\x04\x1c/grpc.health.v1.Health/Watch\x0f\x10\x10application/grpc\0\x02te\x08trailers";
        watch.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        watch.write(Self::SETTINGS, 0, 0, &[]).await;
        watch.write(Self::HEADERS, Self::END_HEADERS, 1, head).await;
        watch.write(Self::DATA, Self::END, 1, &[0; 5]).await;
        watch
    }

    async fn write(&mut self, kind: u8, flags: u8, stream: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).unwrap();
        let frame = [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat();
        self.0.write_all(&frame).await.unwrap();
    }

    /// The next frame's kind, flags and payload; none at the end of the connection. Pings are answered.
    async fn frame(&mut self) -> Option<(u8, u8, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let [_, high, low, kind, flags, ..] = head;
        let mut payload = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        self.0.read_exact(&mut payload).await.ok()?;
        if (kind, flags) == (Self::PING, 0) {
            self.write(Self::PING, Self::END, 0, &payload).await;
        }
        Some((kind, flags, payload))
    }

    /// The status in the next message; none when the stream ends as streams do.
    async fn next(&mut self) -> Option<u8> {
        within("a message", async {
            loop {
                match self.frame().await.expect("a stream has an end of its own") {
                    (Self::DATA, _, payload) => return payload.last().copied(),
                    (Self::HEADERS, flags, _) if flags & Self::END != 0 => return None,
                    _ => {}
                }
            }
        })
        .await
    }
}

#[tokio::test]
async fn watches_do_not_hold_the_end_up() {
    let extra = "[management]\nport = 0\n[shutdown]\ndrain_delay = '50ms'\ndeadline = '20s'";
    let stage = Stage::start(extra).await;
    let (serving, not_serving) = (Some(1), Some(2));
    let mut main = Watch::open(stage.app.address()).await;
    let mut management = Watch::open(stage.app.management()).await;
    assert_eq!((main.next().await, management.next().await), (serving, serving));
    stage.app.drain();
    assert_eq!((main.next().await, management.next().await), (not_serving, not_serving));
    assert_eq!(main.next().await, None);
    let closed = async { while main.frame().await.is_some() {} };
    let (end, last, ()) = within("the end", async {
        // One after the other would leave pings unanswered.
        tokio::join!(stage.app.ended(), management.next(), closed)
    })
    .await;
    assert_eq!((end, last), (End::Drained, None));
}

#[tokio::test]
async fn an_http2_peer_that_takes_no_note_does_not_hold_the_end_up() {
    // The preface, no settings, and a GET of /livez as stream 1; after that, silence.
    const GET: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
        \0\0\x0a\x01\x05\0\0\0\x01\x82\x86\x04\x06/livez";
    let stage = Stage::start("[shutdown]\ndrain_delay = '20ms'\ndeadline = '20s'").await;
    let mut peer = TcpStream::connect(stage.app.address()).await.unwrap();
    peer.write_all(GET).await.unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(b"ok") {
        assert_ne!(peer.read_buf(&mut heard).await.unwrap(), 0, "{heard:?}");
    }
    stage.app.drain();
    assert_eq!(within("the end", stage.app.ended()).await, End::Drained);
}

#[tokio::test]
async fn a_connection_that_has_sent_nothing_does_not_hold_the_end_up() {
    let extra = "[server]\nheader_timeout = '300ms'\n[shutdown]\ndrain_delay = '20ms'\ndeadline = '20s'";
    let stage = Stage::start(extra).await;
    let mut silent = Conn::open(stage.app.address()).await;
    let mut begun = Conn::open(stage.app.address()).await;
    begun.write(b"GET /health/li").await.unwrap();
    assert_eq!(stage.send(&Request::get("/health/live")).await.status, 200);
    stage.app.drain();
    silent.closed().await;
    begun.closed().await;
    assert_eq!(within("the end", stage.app.ended()).await, End::Drained);
}

#[tokio::test]
async fn at_the_deadline_what_still_runs_is_cut() {
    let stage = Stage::start("[shutdown]\ndrain_delay = '20ms'\ndeadline = '200ms'").await;
    stage.upstream.script(Script::fault(Fault::Stall(At::Body(200))).times(2));
    let request = ask::request(ask::CHAT, true);
    let mut conns = Vec::new();
    for n in 1..=2 {
        let mut conn = Conn::open(stage.app.address()).await;
        conn.send(&request).await;
        stage.upstream.wait_requests(n).await;
        conns.push(conn);
    }
    let began = Instant::now();
    stage.app.drain();
    for mut conn in conns {
        let response = conn.response(&request).await;
        assert!(!response.whole, "what is cut must not look whole");
    }
    assert!(stage.upstream.wait_cancelled(Duration::from_secs(1)).await);
    assert_eq!(within("the end", stage.app.ended()).await, End::Cut { requests: 2 });
    let took = began.elapsed();
    assert!((Duration::from_millis(200)..Duration::from_millis(700)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn the_second_order_ends_it_at_once() {
    let stage = Stage::start("[shutdown]\ndrain_delay = '10s'\ndeadline = '20s'").await;
    let (mut conn, request) = long_stream(&stage).await;
    let mut head = conn.head(&request).await;
    stage.app.drain();
    eventually("readiness is gone", || stage.app.health().phase() == ccproxy_health::Phase::Draining).await;
    let began = Instant::now();
    stage.app.abort();
    let end = loop {
        match conn.piece(&mut head).await {
            Piece::Data(_) => {}
            end => break end,
        }
    };
    assert_eq!(end, Piece::Cut, "what is cut must not look whole");
    let Stage { app, upstream } = stage;
    assert_eq!(within("the end", app.ended()).await, End::Aborted);
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
    assert!(upstream.wait_cancelled(Duration::from_secs(1)).await);
}

#[tokio::test]
async fn an_order_to_end_needs_no_drain_before() {
    let stage = Stage::start("").await;
    stage.app.abort();
    assert_eq!(within("the end", stage.app.ended()).await, End::Aborted);
}
