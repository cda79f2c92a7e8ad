//! The thread and its doors.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ccproxy_health_server::{Body, Details, Listener, ListenerError, Pages};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;

use crate::support::{LIVE, Service, raw, say};

const LIVE_REQUEST: &str = "GET /health/live HTTP/1.0\r\n\r\n";

#[tokio::test]
async fn unix_socket() {
    let service = Service::start();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("management.sock");
    let pages = service.pages(Details::Always);
    let listener = || Listener { unix: Some((path.clone(), pages.clone())), ..Listener::default() };
    let listening = listener().start().unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let reply = say(UnixStream::connect(&path).await.unwrap(), LIVE_REQUEST).await;
    assert_eq!((reply.status, &*reply.body), (200, LIVE));

    let Err(ListenerError::Bind(name, error)) = listener().start() else { panic!("two on one socket") };
    assert_eq!((name, error.kind()), (path.display().to_string(), std::io::ErrorKind::AddrInUse));
    let reply = say(UnixStream::connect(&path).await.unwrap(), LIVE_REQUEST).await;
    assert_eq!(reply.status, 200, "the first one is unharmed");

    listening.stop().await;
    assert!(!path.exists());
    // A file left by a process that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listening = listener().start().unwrap();
    assert_eq!(say(UnixStream::connect(&path).await.unwrap(), LIVE_REQUEST).await.status, 200);
    listening.stop().await;
    service.end().await;
}

#[tokio::test]
async fn agent() {
    let service = Service::start();
    let agent = Some(("127.0.0.1:0".parse().unwrap(), service.health.clone()));
    let listening = Listener { agent, ..Listener::default() }.start().unwrap();
    let mut line = String::new();
    let mut stream = TcpStream::connect(listening.agent.unwrap()).await.unwrap();
    stream.read_to_string(&mut line).await.unwrap();
    assert_eq!(line, "up ready 100%\n");
    listening.stop().await;
    service.end().await;
}

#[tokio::test]
async fn other_pages() {
    let service = Service::start();
    let other = |door: &Pages, request: Request<()>| {
        assert!(door.sees_details(request.headers()));
        let known = request.uri().path() == "/plugins";
        let page = known.then(|| Response::new(Body::from(Bytes::from_static(b"[]"))));
        Box::pin(async move { page }) as ccproxy_health::BoxFuture<'static, _>
    };
    let tcp = Some(("127.0.0.1:0".parse().unwrap(), service.pages(Details::Always)));
    let listening = Listener { tcp, other: Some(Arc::new(other)), ..Listener::default() }.start().unwrap();
    let reply = raw(&listening, "GET /plugins HTTP/1.0\r\n\r\n").await;
    assert_eq!((reply.status, &*reply.body), (200, "[]"));
    assert_eq!(raw(&listening, "GET /else HTTP/1.0\r\n\r\n").await.status, 404);
    assert_eq!(raw(&listening, LIVE_REQUEST).await.body, LIVE);
    listening.stop().await;
    service.end().await;
}

#[tokio::test]
async fn an_address_in_use() {
    let service = Service::start();
    let listening = service.listen();
    let taken = listening.tcp.unwrap();
    let tcp = Some((taken, service.pages(Details::Always)));
    let Err(ListenerError::Bind(name, _)) = (Listener { tcp, ..Listener::default() }).start() else {
        panic!("two on one port")
    };
    assert_eq!(name, taken.to_string());
    drop(listening);
    service.end().await;
}

#[tokio::test]
async fn stopping_waits_for_nobody_long() {
    let service = Service::start();
    let listening = service.listen();
    let address = listening.tcp.unwrap();
    // One that says nothing, one that says half, one that listens for ever.
    let mut silent = TcpStream::connect(address).await.unwrap();
    let half = TcpStream::connect(address).await.unwrap();
    half.writable().await.unwrap();
    half.try_write(b"GET /health/li").unwrap();
    let endless = TcpStream::connect(address).await.unwrap();
    endless.writable().await.unwrap();
    endless.try_write(b"GET /health/events HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut endless = endless;
    let mut heard = [0; 4096];
    assert!(endless.read(&mut heard).await.unwrap() > 0);
    let begin = Instant::now();
    listening.stop().await;
    // 25 ms are allowed; the rest is a busy machine's.
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert_eq!(silent.read(&mut [0; 8]).await.unwrap_or(0), 0);
    let rest = endless.read(&mut heard).await.unwrap();
    assert!(heard[..rest].ends_with(b"0\r\n\r\n"), "a stream ends as streams do");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    service.end().await;
}

#[tokio::test]
async fn a_watch_ends_as_watches_do() {
    let service = Service::start();
    let listening = service.listen();
    let io = TokioIo::new(TcpStream::connect(listening.tcp.unwrap()).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let tasks = tokio_util::task::TaskTracker::new();
    let connection = tasks.spawn(connection);
    let request = http::Request::post("http://any.example/grpc.health.v1.Health/Watch")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from_static(&[0; 5])));
    let mut watch = sender.send_request(request.unwrap()).await.unwrap().into_body();
    let serving = watch.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(*serving, [0, 0, 0, 0, 2, 8, 1]);
    listening.stop().await;
    let rest = watch.collect().await.expect("a watch is not cut");
    assert_eq!(rest.trailers().expect("it has an end")["grpc-status"], "0");
    connection.await.unwrap().unwrap();
    service.end().await;
}
