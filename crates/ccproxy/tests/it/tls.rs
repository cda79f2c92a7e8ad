//! HTTPS on the main port.
#![allow(clippy::large_futures, reason = "memory is not short here")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ccproxy_server::End;
use ccproxy_testkit::upstream::Script;
use futures_util::{SinkExt, StreamExt};
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::date_time_ymd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::client::Closed;
use crate::support::pki::{Pki, connect, shown};
use crate::support::stage::ask;
use crate::support::{Conn, Request as Plain, Stage, send, within};

type Encrypted = TlsStream<TcpStream>;

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).header("host", "proxy.test").body(Full::default()).unwrap()
}

fn post(path: &str, stream: bool) -> Request<Full<Bytes>> {
    let body = Full::from(ask::body(path, "claude-x", stream));
    let request = Request::post(format!("https://proxy.test{path}")).header("host", "proxy.test");
    request.header("content-type", "application/json").body(body).unwrap()
}

/// One exchange on a connection, in the protocol that was agreed on.
async fn exchange(
    stream: Encrypted,
    request: Request<Full<Bytes>>,
) -> hyper::Result<(StatusCode, Version, Bytes)> {
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let mut connections = JoinSet::new();
    let response = if is_http2 {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        connections.spawn(connection);
        sender.send_request(request).await?
    } else {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        connections.spawn(connection);
        sender.send_request(request).await?
    };
    let (status, version) = (response.status(), response.version());
    Ok((status, version, response.into_body().collect().await?.to_bytes()))
}

async fn fetch(client: &TlsConnector, to: SocketAddr, path: &str) -> (StatusCode, String) {
    let stream = connect(client, to).await.unwrap();
    let (status, _, body) = within("an answer", exchange(stream, get(path))).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Asks for the certificate's health until it says something.
async fn health_says(client: &TlsConnector, to: SocketAddr, what: &str) -> String {
    within(what, async {
        loop {
            let (_, text) = fetch(client, to, "/health/checks/certificate").await;
            if text.contains(what) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

#[tokio::test]
async fn both_versions_of_http() {
    let pki = Pki::new();
    pki.place(&pki.pair(4000));
    let stage = Stage::start(&pki.section()).await;
    for (offered, version) in [
        (&["http/1.1"][..], Version::HTTP_11),
        (&["h2"], Version::HTTP_2),
        (&["http/1.1", "h2"], Version::HTTP_2),
        (&[], Version::HTTP_11),
    ] {
        let client = pki.client(offered, None);
        for stream in [false, true] {
            let connection = connect(&client, stage.app.address()).await.unwrap();
            let (status, spoken, body) = exchange(connection, post(ask::MESSAGES, stream)).await.unwrap();
            assert_eq!((status, spoken), (StatusCode::OK, version), "{offered:?}");
            let end: &[u8] = if stream { b"message_stop\"}\n\n" } else { b"}" };
            assert!(body.ends_with(end), "{offered:?}: {body:?}");
        }
    }
}

#[tokio::test]
async fn a_websocket() {
    let pki = Pki::new();
    pki.place(&pki.pair(4000));
    let stage = Stage::start(&pki.section()).await;
    let stream = connect(&pki.client(&["http/1.1"], None), stage.app.address()).await.unwrap();
    let url = "wss://proxy.test/codex/v1/responses";
    let (mut socket, _) = within("the handshake", client_async(url, stream)).await.unwrap();
    let create = r#"{"type":"response.create","model":"gpt-x","input":"hi"}"#;
    socket.send(Message::text(create)).await.unwrap();
    let completed = async {
        while let Some(frame) = socket.next().await {
            if frame.unwrap().to_text().unwrap().contains("response.completed") {
                return;
            }
        }
        panic!("it ended before the answer did");
    };
    within("the answer", completed).await;
}

#[tokio::test]
async fn whoever_speaks_plain_http_is_closed_on() {
    let pki = Pki::new();
    pki.place(&pki.pair(4000));
    let stage = Stage::start(&pki.section()).await;
    let junk = "x".repeat(5000);
    for said in ["GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n", "\x16\x03\x01\x00\x05hello", &junk] {
        let mut conn = Conn::open(stage.app.address()).await;
        conn.write(said.as_bytes()).await.unwrap();
        assert_eq!(conn.closed().await, Closed::Fin, "{said}");
    }
    assert_eq!(fetch(&pki.client(&[], None), stage.app.address(), "/health/live").await.0, StatusCode::OK);
}

#[tokio::test]
async fn slow_handshakes_are_cut_and_hold_nobody_up() {
    let pki = Pki::new();
    pki.place(&pki.pair(4000));
    let stage =
        Stage::start(&format!("{}[server]\nheader_timeout = '400ms'\nworkers = 1", pki.section())).await;
    let began = Instant::now();
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(Conn::open(stage.app.address()).await);
    }
    let mut slow = Conn::open(stage.app.address()).await;
    let drip = async {
        // The first bytes of a handshake that never becomes whole.
        for byte in [22, 3, 1, 1, 0, 1, 0, 0, 252, 3, 3].into_iter().chain(std::iter::repeat(0)) {
            if slow.write(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    };
    let good = async {
        let client = pki.client(&[], None);
        assert_eq!(fetch(&client, stage.app.address(), "/health/live").await.0, StatusCode::OK);
        assert!(began.elapsed() < Duration::from_millis(400), "it waited for the slow ones");
    };
    let (dripped, ()) = tokio::join!(within("the cut", drip), good);
    // The default is 10 s, so even a slow machine tells them apart.
    assert!((Duration::from_millis(390)..Duration::from_secs(5)).contains(&dripped), "{dripped:?}");
    for mut conn in silent {
        conn.closed().await;
    }
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_new_certificate_is_taken_without_a_failed_request() {
    let pki = Pki::new();
    let (old, new) = (pki.pair(4000), pki.pair(4001));
    pki.place(&old);
    let stage = Stage::start(&pki.section()).await;
    let address = stage.app.address();
    let mut kept = connect(&pki.client(&["http/1.1"], None), address).await.unwrap();
    assert_eq!(shown(&kept), old.der());

    let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut load = JoinSet::new();
    for protocol in ["http/1.1", "h2", "http/1.1", "h2"] {
        let (client, stop, served) = (pki.client(&[protocol], None), Arc::clone(&stop), Arc::clone(&served));
        load.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let stream = connect(&client, address).await.unwrap();
                let (status, ..) = exchange(stream, post(ask::MESSAGES, false)).await.unwrap();
                assert_eq!(status, StatusCode::OK);
                served.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while served.load(Ordering::Relaxed) < 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    pki.place(&new);
    let client = pki.client(&["http/1.1"], None);
    within("the new certificate", async {
        while shown(&connect(&client, address).await.unwrap()) != new.der() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let before = served.load(Ordering::Relaxed);
    while served.load(Ordering::Relaxed) < before + 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = load.join_next().await {
        ended.unwrap();
    }
    // What was there before goes on.
    kept.write_all(b"GET /health/live HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    within("an answer", kept.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_broken_pair_leaves_the_old_one_in_use_and_is_told() {
    let pki = Pki::new();
    let (old, new) = (pki.pair(4000), pki.pair(4001));
    pki.place(&old);
    let stage = Stage::start(&pki.section()).await;
    let (client, address) = (pki.client(&[], None), stage.app.address());
    let well = health_says(&client, address, "pass").await;
    assert!(well.contains("\"observedUnit\":\"days\""), "{well}");
    pki.write("cert.pem", &new.cert);
    let told = health_says(&client, address, "cannot be used").await;
    assert!(told.contains("\"status\":\"warn\"") && told.contains("server.tls.key"), "{told}");
    let dir = pki.path("").display().to_string();
    assert!(!told.contains(dir.trim_end_matches('/')), "{told}");
    assert_eq!(shown(&connect(&client, address).await.unwrap()), old.der());
    pki.write("key.pem", &new.key);
    health_says(&client, address, "pass").await;
    assert_eq!(shown(&connect(&client, address).await.unwrap()), new.der());
}

#[tokio::test]
async fn health_tells_when_the_certificate_ends() {
    let pki = Pki::new();
    pki.place(&pki.pair(2021));
    let stage = Stage::start(&pki.section()).await;
    // The client trusts nobody whose time is over, so it is asked on the other port.
    let expired = Stage::beside(stage, &format!("{}[management]\nport = 0", pki.section())).await;
    let health = within("the verdict", async {
        loop {
            let health = send(expired.app.management(), &Plain::get("/health")).await;
            if health.json()["checks"]["certificate"][0]["status"] == "fail" {
                return health;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    // Whoever goes on past it is served: the operator may say that this is critical.
    assert_eq!((health.status, health.json()["status"].as_str()), (200, Some("warn")), "{}", health.text());
    let check = &health.json()["checks"]["certificate"][0];
    assert!(check["output"].as_str().unwrap().starts_with("it expired "), "{check}");

    // Good from 2020 to 4000, or almost: the last tenth of its time is far away, and so are the last 14 days.
    pki.place(&pki.changed(|params| params.not_before = date_time_ymd(2020, 1, 1)));
    let stage = Stage::beside(expired, &pki.section()).await;
    health_says(&pki.client(&[], None), stage.app.address(), "\"status\":\"pass\"").await;
}

#[tokio::test]
async fn clients_that_have_to_show_a_certificate() {
    let (pki, others) = (Pki::new(), Pki::new());
    pki.place(&pki.pair(4000));
    let section = format!("{}client_ca = '{}'\n", pki.section(), pki.path("ca.pem").display());
    let stage = Stage::start(&section).await;
    let shows = async |pair: Option<&_>| {
        // Refusal comes after the handshake is over on this side.
        let stream = connect(&pki.client(&["http/1.1"], pair), stage.app.address()).await.unwrap();
        exchange(stream, get("/health/live")).await.is_ok_and(|(status, ..)| status == StatusCode::OK)
    };
    assert!(shows(Some(&pki.pair(4000))).await);
    assert!(!shows(None).await);
    assert!(!shows(Some(&others.pair(4000))).await);
    assert!(!shows(Some(&pki.pair(2021))).await, "it has expired");
}

#[tokio::test]
async fn a_drain_sees_encrypted_streams_to_their_end() {
    let pki = Pki::new();
    pki.place(&pki.pair(4000));
    let stage =
        Stage::start(&format!("{}[shutdown]\ndrain_delay = '50ms'\ndeadline = '20s'", pki.section())).await;
    let mut running = JoinSet::new();
    for (count, protocol) in [(1, "http/1.1"), (2, "h2")] {
        stage.upstream.script(Script::default().gap(Duration::from_millis(40)));
        let stream = connect(&pki.client(&[protocol], None), stage.app.address()).await.unwrap();
        running.spawn(exchange(stream, post(ask::MESSAGES, true)));
        stage.upstream.wait_requests(count).await;
    }
    stage.app.drain();
    while let Some(ended) = running.join_next().await {
        let (status, _, body) = ended.unwrap().unwrap();
        assert!(status == StatusCode::OK && body.ends_with(b"message_stop\"}\n\n"), "{body:?}");
    }
    assert_eq!(within("the end", stage.app.ended()).await, End::Drained);
}
