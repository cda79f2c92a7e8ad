//! The doors for those who watch and run the service.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::support::stage::ask;
use crate::support::{Request, Stage, send};

const DOORS: &str = "[management]\nport = 0\nagent_port = 0\n";

/// What the agent says to whoever connects.
async fn agent(stage: &Stage) -> String {
    let mut line = String::new();
    TcpStream::connect(stage.app.agent()).await.unwrap().read_to_string(&mut line).await.unwrap();
    line
}

#[tokio::test]
async fn an_operator_takes_it_out_and_puts_it_back() {
    let stage = Stage::start(DOORS).await;
    let (main, management) = (stage.app.address(), stage.app.management());
    let order = async |path: &str| {
        let answer = send(management, &Request::post(path, "")).await;
        (answer.status, answer.text())
    };
    let ready = async |at: SocketAddr| send(at, &Request::get("/health/ready")).await.status;
    assert_eq!((ready(main).await, ready(management).await), (200, 200));
    assert_eq!(agent(&stage).await, "up ready 100%\n");

    assert_eq!(order("/drain").await, (200, r#"{"phase":"draining"}"#.to_owned()));
    assert_eq!((ready(main).await, ready(management).await), (503, 503));
    assert_eq!(agent(&stage).await, "drain\n");
    assert_eq!(send(main, &Request::get("/livez")).await.text(), "ok");
    // Whoever still comes is served, and told to go elsewhere next time.
    let served = stage.send(&ask::request(ask::MESSAGES, false)).await;
    assert_eq!((served.status, served.header("connection")), (200, Some("close")));
    assert_eq!(order("/drain").await.0, 200, "twice is once");

    assert_eq!(order("/undrain").await, (200, r#"{"phase":"ready"}"#.to_owned()));
    assert_eq!((ready(main).await, agent(&stage).await.as_str()), (200, "up ready 100%\n"));
    let served = stage.send(&ask::request(ask::MESSAGES, false)).await;
    assert_eq!((served.status, served.header("connection")), (200, None));
}

#[tokio::test]
async fn a_shutdown_is_not_taken_back() {
    let stage = Stage::start(&format!("{DOORS}[shutdown]\ndrain_delay = '5s'")).await;
    stage.app.drain();
    let probe = Request::get("/health/ready");
    crate::support::eventually_answers(&stage.app, &probe, |ready| ready.status == 503).await;
    let undrain = send(stage.app.management(), &Request::post("/undrain", "")).await;
    assert_eq!(undrain.status, 409, "{}", undrain.text());
    assert_eq!(stage.send(&probe).await.status, 503);
}

#[tokio::test]
async fn who_may_give_orders() {
    let token = "token = { value = 'the-managers' }\n";
    let open = Stage::start(DOORS).await;
    let closed = Stage::start(&format!("{DOORS}{token}")).await;
    let check = async |stage: &Stage, main: bool, header: Option<(&str, &str)>, expect: u16| {
        let at = if main { stage.app.address() } else { stage.app.management() };
        let order = Request::post("/undrain", r#"{"a":"body"}"#);
        let order = header.iter().fold(order, |order, (name, value)| order.header(name, value));
        let answer = send(at, &order).await;
        assert_eq!(answer.status, expect, "main: {main}, {header:?}: {}", answer.text());
    };
    let (right, wrong) = (Some(("authorization", "Bearer the-managers")), Some(("x-api-key", "else")));
    let page = Some(("origin", "http://127.0.0.1:8000"));
    // Behind the main port may be a balancer that passes on what anybody sends.
    check(&open, true, None, 403).await;
    check(&open, false, None, 200).await;
    check(&open, false, page, 403).await; // of another port
    check(&closed, true, right, 200).await;
    check(&closed, true, wrong, 403).await;
    check(&closed, true, None, 403).await;
    check(&closed, false, right, 200).await;
    check(&closed, false, None, 403).await;
    assert_eq!(send(open.app.management(), &Request::get("/drain")).await.status, 405);
    // The manager's token is good for the pages and for nothing else.
    let hash = blake3::hash(b"k");
    let keys = format!(
        "[auth]\nkeys = [{{ name = 'a', hash = 'blake3:{hash}' }}]\n[health]\ndetails = 'authorized'\n"
    );
    let stage = Stage::start(&format!("{DOORS}{token}{keys}")).await;
    let manager = |path: &str| Request::get(path).header("authorization", "Bearer the-managers");
    for path in ["/health/history", "/metrics", "/plugins"] {
        for (request, expect) in [(Request::get(path), 401), (manager(path), 200)] {
            let answer = stage.send(&request).await;
            let vary = answer.header("vary");
            assert_eq!((answer.status, vary), (expect, Some("Authorization, X-Api-Key")), "{path}");
        }
    }
    // On a loopback address everybody sees everything, unless the configuration says otherwise.
    let seen = Stage::start(&format!("{DOORS}{token}[auth]\ntoken = {{ value = 'the-clients' }}")).await;
    for at in [seen.app.address(), seen.app.management()] {
        let answer = send(at, &Request::get("/plugins")).await;
        assert_eq!((answer.status, answer.header("vary")), (200, None));
    }
    // Whoever can open the socket has shown enough.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.sock");
    let _socket = Stage::start(&format!("[management]\nsocket = {path:?}\n{token}{keys}")).await;
    let mut answer = String::new();
    let mut socket = UnixStream::connect(&path).await.unwrap();
    socket.write_all(b"GET /plugins HTTP/1.0\r\n\r\n").await.unwrap();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.contains("claude"), "{answer}");
    let models = stage.send(&manager("/v1/models")).await;
    assert_eq!(models.status, 401, "{}", models.text());
}

#[tokio::test]
async fn both_doors_have_the_same_pages() {
    let stage = Stage::start(DOORS).await;
    let pages = [
        ("/health", 200),
        ("/health/live", 200),
        ("/health/ready/", 200),
        ("/health/startup", 200),
        ("/health/checks/memory", 200),
        ("/health/checks/service_container", 200),
        ("/health/checks/nonsense", 404),
        ("/health/history", 200),
        ("/plugins/claude/health", 200),
        ("/plugins/claude/health/credentials", 200),
        ("/plugins/nobody/health", 404),
        ("/livez", 200),
        ("/readyz/", 200),
        ("/startupz?verbose", 200),
        ("/healthz?exclude=memory&verbose", 200),
        ("/readyz/phase", 200),
        ("/readyz/nonsense", 404),
        ("/metrics", 200),
        ("/plugins", 200),
        ("/nonsense", 404),
    ];
    for (path, expect) in pages {
        for at in [stage.app.address(), stage.app.management()] {
            let answer = send(at, &Request::get(path)).await;
            assert_eq!(answer.status, expect, "{path} at {at}: {}", answer.text());
        }
    }
    // So HAProxy asks that was told no path.
    let locked = format!("{DOORS}[auth]\ntoken = {{ value = 'k' }}\n[health]\ndetails = 'status'");
    let locked = Stage::start(&locked).await;
    let haproxy = async |stage: &Stage, expect: u16| {
        for at in [stage.app.address(), stage.app.management()] {
            for target in ["/", "*"] {
                let options = Request::new("OPTIONS", target);
                for request in [options.clone(), options.http10()] {
                    let answer = send(at, &request).await;
                    assert_eq!((answer.status, &*answer.text()), (expect, ""), "{target} at {at}");
                    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
                    assert_eq!(answer.header("content-length"), Some("0"));
                }
            }
        }
    };
    haproxy(&stage, 200).await;
    haproxy(&locked, 200).await;
    send(stage.app.management(), &Request::post("/drain", "")).await;
    haproxy(&stage, 503).await;
    assert!(stage.upstream.requests().is_empty());
}

#[tokio::test]
async fn metrics_count_what_the_pages_tell() {
    let mut stage = Stage::start(DOORS).await;
    stage.upstream.refuse().await;
    let probe = Request::get("/plugins/claude/health/upstream");
    crate::support::within("the provider is known to be down", async {
        while stage.send(&probe).await.status != 503 {
            stage.send(&ask::request(ask::MESSAGES, false)).await;
        }
    })
    .await;
    let metrics = stage.send(&Request::get("/metrics")).await.text();
    let upstream = metrics.lines().find(|line| {
        line.contains(r#"plugin="claude",component="upstream""#) && line.contains(r#"status="fail""#)
    });
    assert!(upstream.is_some_and(|line| line.ends_with(" 1")), "{upstream:?}");
    assert!(metrics.contains("\nccproxy_health_ready 1\n"), "{metrics}");
    let history = stage.send(&Request::get("/health/history")).await.text();
    assert!(history.contains(r#""component":"claude/upstream""#), "{history}");
}
