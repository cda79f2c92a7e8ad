//! What the consumers of docs/HEALTH.md need of HTTP.

use bytes::Bytes;
use ccproxy_health::Outcome;
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{DRAINING, LIVE, Reply, SEED_CACHE, Service, raw};

const PROBES: [&str; 13] = [
    "/health",
    "/health/",
    "/health/live",
    "/health/ready",
    "/health/startup",
    "/health/startup/",
    "/plugins/claude/health",
    "/health/checks/disk",
    "/plugins/claude/health/upstream",
    "/livez",
    "/readyz",
    "/startupz?verbose",
    "/healthz/disk",
];

#[tokio::test]
async fn methods() {
    let service = Service::start();
    service.disk(Outcome::pass()).await;
    let listening = service.listen();
    for path in PROBES {
        let mut replies = Vec::new();
        for method in ["GET", "HEAD", "OPTIONS"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let reply = raw(&listening, &request).await;
            assert_eq!(reply.status, 200, "{method} {path}");
            assert_eq!(reply.header("cache-control"), Some(SEED_CACHE), "{method} {path}");
            assert_eq!(reply.header("transfer-encoding"), None, "{method} {path}");
            assert_eq!(reply.header("location"), None, "{method} {path}");
            assert_eq!(reply.header("set-cookie"), None, "{method} {path}");
            replies.push(reply);
        }
        let length: usize = replies[0].header("content-length").unwrap().parse().unwrap();
        assert_eq!(replies[0].body.len(), length, "{path}");
        assert!(length > 0, "{path}");
        let of_head: usize = replies[1].header("content-length").unwrap().parse().unwrap();
        // Ages grow from one answer to the next.
        let grows = if replies[0].body.contains("ageMs") { 8 } else { 0 };
        assert!((length..=length + grows).contains(&of_head), "{path}: {length}, HEAD {of_head}");
        assert_eq!(replies[1].body, "", "HEAD has no body: {path}");
        assert_eq!(replies[2].header("allow"), Some("GET, HEAD, OPTIONS"), "{path}");
        for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let reply = raw(&listening, &request).await;
            assert_eq!(
                (reply.status, reply.header("allow")),
                (405, Some("GET, HEAD, OPTIONS")),
                "{method} {path}"
            );
        }
    }
    listening.stop().await;
    service.end().await;
}

#[tokio::test]
async fn requests_as_they_come() {
    let service = Service::start();
    let listening = service.listen();
    let check = async |request: &str, status: u16, body: &str| {
        let reply = raw(&listening, request).await;
        assert_eq!((reply.status, &*reply.body), (status, body), "{request}");
        reply
    };
    // HAProxy's default, Nagios, curl with any Host, a balancer's own parameters.
    check("OPTIONS /health/live HTTP/1.0\r\n\r\n", 200, LIVE).await;
    check("GET /health/live HTTP/1.0\r\nUser-Agent: check_http/v2\r\nConnection: close\r\n\r\n", 200, LIVE)
        .await;
    let reply =
        check("GET /health/live HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 200, LIVE)
            .await;
    assert_eq!(reply.header("content-type"), Some("application/health+json"));
    check("GET /health/live?x=y&&exclude HTTP/1.0\r\n\r\n", 200, LIVE).await;
    let gzip = "GET /health/live HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n";
    assert_eq!(check(gzip, 200, LIVE).await.header("content-encoding"), None);
    check("GET /nothing HTTP/1.0\r\n\r\n", 404, r#"{"error":"no such page"}"#).await;

    service.health.drain();
    let reply = check("GET /health/ready HTTP/1.0\r\n\r\n", 503, DRAINING).await;
    assert_eq!(reply.header("retry-after"), Some("5"));
    check("GET /health/live HTTP/1.0\r\n\r\n", 200, LIVE).await;
    listening.stop().await;
    service.end().await;
}

#[tokio::test]
async fn unasked_bodies() {
    let service = Service::start();
    let listening = service.listen();
    for length in [0, 1, 60_000] {
        let body = "x".repeat(length);
        let head =
            "POST /drain HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer order\r\nConnection: close\r\n";
        let reply = raw(&listening, &format!("{head}Content-Length: {length}\r\n\r\n{body}")).await;
        assert_eq!((reply.status, &*reply.body), (200, r#"{"phase":"draining"}"#), "{length}");
    }
    listening.stop().await;
    service.end().await;
}

#[tokio::test]
async fn connections_are_kept() {
    let service = Service::start();
    let listening = service.listen();
    let mut stream = TcpStream::connect(listening.tcp.unwrap()).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(LIVE.as_bytes()) {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed early");
        }
        assert_eq!(Reply::parse(&String::from_utf8(answer).unwrap()).status, 200);
    }
    listening.stop().await;
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "stopping ends an idle connection in FIN");
    service.end().await;
}

#[tokio::test]
async fn http2_by_prior_knowledge() {
    let service = Service::start();
    let listening = service.listen();
    let stream = TcpStream::connect(listening.tcp.unwrap()).await.unwrap();
    let io = TokioIo::new(stream);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let tasks = tokio_util::task::TaskTracker::new();
    let connection = tasks.spawn(connection);
    for (method, body) in [("GET", LIVE), ("HEAD", ""), ("OPTIONS", LIVE)] {
        let request = http::Request::builder().method(method).uri("http://any.example/health/live");
        let response = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200, "{method}");
        assert_eq!(response.headers()["content-length"], LIVE.len().to_string(), "{method}");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), body, "{method}");
    }
    drop(sender);
    connection.await.unwrap().unwrap();
    listening.stop().await;
    service.end().await;
}

#[tokio::test]
async fn grpc_on_the_same_port() {
    let service = Service::start();
    let listening = service.listen();
    let stream = TcpStream::connect(listening.tcp.unwrap()).await.unwrap();
    let io = TokioIo::new(stream);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let tasks = tokio_util::task::TaskTracker::new();
    let connection = tasks.spawn(connection);
    // An uncompressed message of no bytes asks for the service as a whole; the answer's one field is the status.
    for (drained, status) in [(false, 1), (true, 2)] {
        if drained {
            service.health.take_out();
        }
        let request = http::Request::post("http://any.example/grpc.health.v1.Health/Check")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(Bytes::from_static(&[0; 5])));
        let answer =
            sender.send_request(request.unwrap()).await.unwrap().into_body().collect().await.unwrap();
        assert_eq!(answer.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(*answer.to_bytes(), [0, 0, 0, 0, 2, 8, status]);
    }
    drop(sender);
    connection.await.unwrap().unwrap();
    listening.stop().await;
    service.end().await;
}
