//! The way to providers: TLS, proxies, HTTP/2.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use ccproxy::plugins::PLUGINS;
use ccproxy_testkit::proxy::Seen;
use ccproxy_testkit::{ConnectProxy, ScriptedUpstream, TestApp};
use http::{Response, Version};
use http_body_util::Full;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::support::pki::{Pair, Pki};
use crate::support::stage::{ask, config};
use crate::support::{Conn, Request, Response as Answer, eventually, eventually_answers, send, within};

/// Encrypts what the scripted provider says. Dropping it ends it.
struct Front {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Front {
    async fn of(upstream: &ScriptedUpstream, acceptor: TlsAcceptor) -> Self {
        let behind = upstream.addr();
        Self::serve(acceptor, move |mut stream| async move {
            let mut plain = TcpStream::connect(behind).await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut plain).await;
        })
        .await
    }

    async fn serve<F>(acceptor: TlsAcceptor, each: impl Fn(Encrypted) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let (mut tasks, each) = (JoinSet::new(), Arc::new(each));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, each) = (acceptor.clone(), Arc::clone(&each));
                tasks.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        each(stream).await;
                    }
                });
            }
        });
        Self { address, _tasks: tasks }
    }

    fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

type Encrypted = tokio_rustls::server::TlsStream<TcpStream>;

async fn app(url: &str, keys: &str, extra: &str) -> TestApp {
    TestApp::start(PLUGINS, &config(url, keys, extra)).await
}

async fn asked(app: &TestApp) -> Answer {
    send(app.address(), &ask::request(ask::MESSAGES, false)).await
}

fn trusting(pki: &Pki) -> String {
    format!("tls.ca = '{}'", pki.path("ca.pem").display())
}

#[tokio::test]
async fn an_authority_of_ones_own() {
    let pki = Pki::new();
    let upstream = ScriptedUpstream::start().await.unwrap();
    let front = Front::of(&upstream, pki.acceptor(&[])).await;
    for keys in [trusting(&pki), format!("{}\nhttp2 = 'auto'", trusting(&pki))] {
        let answer = asked(&app(&front.url(), &keys, "").await).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    let app = app(&front.url(), "", "[health]\ncritical = ['claude']").await;
    let request = Request::get("/plugins/claude/health/upstream");
    eventually_answers(&app, &request, |health| health.text().contains("tls.ca")).await;
    let answer = asked(&app).await;
    assert_eq!(answer.status, 502);
    assert!(
        answer.text().contains("does not trust") && answer.text().contains("tls.ca"),
        "{}",
        answer.text()
    );
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn files_that_are_of_no_use_are_told() {
    let pki = Pki::new();
    pki.write("empty.pem", "");
    let upstream = ScriptedUpstream::start().await.unwrap();
    let front = Front::of(&upstream, pki.acceptor(&[])).await;
    for file in ["empty.pem", "none.pem"] {
        let path = pki.path(file).display().to_string();
        let app = app(&front.url(), &format!("tls.ca = '{path}'"), "").await;
        let answer = asked(&app).await;
        assert_eq!(answer.status, 500, "{}", answer.text());
        assert!(
            answer.text().contains("instance's tls") && !answer.text().contains(file),
            "{}",
            answer.text()
        );
        // What was missing may come.
        pki.write(file, &std::fs::read_to_string(pki.path("ca.pem")).unwrap());
        assert_eq!(asked(&app).await.status, 200);
    }
}

#[tokio::test]
async fn a_provider_that_wants_a_certificate() {
    let pki = Pki::new();
    pki.place(&pki.pair(4000));
    let upstream = ScriptedUpstream::start().await.unwrap();
    // The program itself plays the provider: it can ask for certificates.
    let section = format!("{}client_ca = '{}'\n", pki.section(), pki.path("ca.pem").display());
    let provider = app(&upstream.url(), "", &section).await;
    let url = format!("https://{}/claude", provider.address());
    let Pair { cert, key } = pki.pair(4000);
    pki.write("me.pem", &cert);
    pki.write("me.key", &key);
    let path = |name| pki.path(name).display().to_string();
    let client = format!(
        "{}\ntls.client = {{ cert = '{}', key = '{}' }}",
        trusting(&pki),
        path("me.pem"),
        path("me.key")
    );
    let answer = asked(&app(&url, &client, "").await).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = asked(&app(&url, &trusting(&pki), "").await).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
}

#[tokio::test]
async fn through_a_proxy() {
    let pki = Pki::new();
    let upstream = ScriptedUpstream::start().await.unwrap();
    let front = Front::of(&upstream, pki.acceptor(&[])).await;
    let basic = "Basic bWU6cEBzcw==";

    // Only the proxy knows the name.
    let proxy = ConnectProxy::start(front.address, Some(basic)).await.unwrap();
    let section = format!("[upstream]\nproxy = 'http://me:p%40ss@{}'", proxy.address());
    let encrypted = app("https://provider.test", &trusting(&pki), &section).await;
    let answer = asked(&encrypted).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = proxy.seen();
    let connect =
        Seen { line: "CONNECT provider.test:443 HTTP/1.1".to_owned(), authorization: Some(basic.to_owned()) };
    assert!(!seen.is_empty() && seen.iter().all(|seen| *seen == connect), "{seen:?}");
    assert_eq!(upstream.requests()[0].header("proxy-authorization"), None);

    let proxy = ConnectProxy::start(upstream.addr(), Some(basic)).await.unwrap();
    let section = format!("[upstream]\nproxy = 'http://me:p%40ss@{}'", proxy.address());
    let plain = app("http://provider.test:81", "", &section).await;
    let answer = asked(&plain).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let line = "POST http://provider.test:81/v1/messages HTTP/1.1".to_owned();
    assert!(
        proxy.seen().contains(&Seen { line, authorization: Some(basic.to_owned()) }),
        "{:?}",
        proxy.seen()
    );

    // Whoever is refused is told why, and nobody is told the password.
    let section = format!("[upstream]\nproxy = 'http://me:wrong-hush@{}'", proxy.address());
    let refused = asked(&app("https://provider.test", &trusting(&pki), &section).await).await;
    assert_eq!(refused.status, 502);
    assert!(refused.text().contains("the proxy wants a user and password"), "{}", refused.text());
    assert!(!refused.text().contains("hush"), "{}", refused.text());
}

#[tokio::test]
async fn a_proxy_behind_tls() {
    let pki = Pki::new();
    let upstream = ScriptedUpstream::start().await.unwrap();
    let front = Front::of(&upstream, pki.acceptor(&[])).await;
    let proxy = ConnectProxy::start(front.address, None).await.unwrap();
    let inner = proxy.address();
    let outer = Front::serve(pki.acceptor(&[]), move |mut stream| async move {
        let mut plain = TcpStream::connect(inner).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut plain).await;
    })
    .await;
    let section = format!("[upstream]\nproxy = '{}'", outer.url());
    let answer = asked(&app("https://provider.test", &trusting(&pki), &section).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(proxy.seen().iter().any(|seen| seen.line.starts_with("CONNECT provider.test:443 ")));
}

#[tokio::test]
async fn past_the_proxy() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let proxy = ConnectProxy::start(upstream.addr(), None).await.unwrap();
    let section = |except: &str| format!("[upstream]\nproxy = '{}'\nno_proxy = [{except}]", proxy.address());
    let answer = asked(&app(&upstream.url(), "", &section("'10.0.0.0/8', '127.0.0.0/8'")).await).await;
    assert_eq!((answer.status, proxy.seen().len()), (200, 0));
    // This machine is no exception by itself.
    let answer = asked(&app(&upstream.url(), "", &section("'10.0.0.0/8'")).await).await;
    assert_eq!(answer.status, 200);
    assert!(
        proxy.seen().iter().any(|seen| seen.line.starts_with("POST http://127.0.0.1")),
        "{:?}",
        proxy.seen()
    );
}

/// A request that the provider has, and whose client is still there.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A provider that speaks HTTP/2 only and takes so many streams a connection; it answers when it may.
async fn http2_provider(pki: &Pki, streams: u32) -> (Front, Arc<AtomicUsize>, Arc<Semaphore>) {
    let (running, may) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (counted, leave) = (Arc::clone(&running), Arc::clone(&may));
    let front = Front::serve(pki.acceptor(&["h2"]), move |stream| {
        let (counted, leave) = (Arc::clone(&counted), Arc::clone(&leave));
        async move {
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                assert_eq!(request.version(), Version::HTTP_2);
                let (running, leave) = (Running::begin(&counted), Arc::clone(&leave));
                async move {
                    let _running = running;
                    leave.acquire().await.unwrap().forget();
                    let body = Full::new(Bytes::from_static(b"{\"type\":\"message\"}"));
                    Response::builder().header("content-type", "application/json").body(body)
                }
            });
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.timer(TokioTimer::new()).max_concurrent_streams(streams);
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        }
    })
    .await;
    (front, running, may)
}

#[tokio::test]
async fn http2_with_more_requests_than_a_connection_takes() {
    let pki = Pki::new();
    let (front, running, may) = http2_provider(&pki, 64).await;
    let keys = format!("{}\nhttp2 = 'auto'", trusting(&pki));
    let app = Arc::new(app(&front.url(), &keys, "[server]\nworkers = 1").await);
    let mut asking = JoinSet::new();
    let mut ask = || {
        let app = Arc::clone(&app);
        asking.spawn(async move { asked(&app).await.status });
    };
    ask();
    eventually("the first request is there", || running.load(Ordering::Relaxed) == 1).await;
    for _ in 1..200 {
        ask();
    }
    // None of them waits for a place while another is answered.
    eventually("all requests are there", || running.load(Ordering::Relaxed) == 200).await;
    may.add_permits(200);
    let all = async {
        while let Some(status) = asking.join_next().await {
            assert_eq!(status.unwrap(), 200);
        }
    };
    within("the answers", all).await;
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_stream_only() {
    let pki = Pki::new();
    let (front, running, may) = http2_provider(&pki, 64).await;
    let keys = format!("{}\nhttp2 = 'auto'", trusting(&pki));
    let app = Arc::new(app(&front.url(), &keys, "[server]\nworkers = 1").await);
    let mut leaving = Conn::open(app.address()).await;
    leaving.send(&ask::request(ask::MESSAGES, false)).await;
    eventually("the first request is there", || running.load(Ordering::Relaxed) == 1).await;
    let other = Arc::clone(&app);
    let mut staying = JoinSet::new();
    staying.spawn(async move { asked(&other).await.status });
    eventually("the second is there", || running.load(Ordering::Relaxed) == 2).await;
    drop(leaving);
    eventually("the provider is told", || running.load(Ordering::Relaxed) == 1).await;
    may.add_permits(1);
    assert_eq!(within("the second's answer", staying.join_next()).await.unwrap().unwrap(), 200);
}

#[tokio::test]
async fn without_http2_nobody_is_offered_it() {
    let pki = Pki::new();
    let (front, running, _may) = http2_provider(&pki, 64).await;
    let answer = asked(&app(&front.url(), &trusting(&pki), "").await).await;
    assert_eq!((answer.status, running.load(Ordering::Relaxed)), (502, 0));
}
