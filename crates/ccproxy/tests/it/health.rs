//! The health endpoints, as every kind of watcher asks for them.

use std::time::Duration;

use bytes::Bytes;
use ccproxy_testkit::TestApp;
use ccproxy_testkit::upstream::Script;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::support::client::Closed;
use crate::support::stage::ask;
use crate::support::{Conn, Request, Response, Stage, eventually_answers, within};

const VERSION: &str = env!("CARGO_PKG_VERSION");

const PROBES: [&str; 5] =
    ["/health", "/health/live", "/health/ready", "/health/startup", "/plugins/claude/health"];

/// Puts `T` for every time: RFC 3339 with microseconds and `+00:00`.
fn timeless(body: &str) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once("\"time\":\"") {
        let (time, after) = after.split_once('"').unwrap();
        let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000000+00:00", "{time}");
        out.push_str(before);
        out.push_str("\"time\":\"T\"");
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Sends requests to a provider until a probe's answer is as wanted: health learns from traffic.
async fn traffic_until(
    stage: &Stage,
    traffic: &Request,
    probe: &Request,
    wanted: impl Fn(&Response) -> bool,
) -> Response {
    within("health follows traffic", async {
        loop {
            stage.send(traffic).await;
            let answer = stage.send(probe).await;
            if wanted(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

/// A stage on which every check has passed that is not spread over half a minute.
async fn settled(extra: &str) -> Stage {
    let stage = Stage::start(extra).await;
    for name in ["claude", "codex", "local"] {
        let path = format!("/plugins/{name}/health?exclude=upstream");
        let probe = Request::get(&path).header("x-api-key", "k");
        eventually_answers(&stage.app, &probe, |answer| answer.json()["status"] == "pass").await;
    }
    stage
}

#[tokio::test]
async fn the_bodies_byte_for_byte() {
    let stage = settled("").await;
    let check = async |path: &str, expect: &str| {
        let response = stage.send(&Request::get(path)).await;
        assert_eq!(
            (response.status, timeless(&response.text())),
            (200, expect.replace("$V", VERSION)),
            "{path}"
        );
    };
    check("/health/live", r#"{"status":"pass","version":"$V","output":"Application process is running"}"#)
        .await;
    check(
        "/health/ready",
        r#"{"status":"pass","version":"$V","output":"Service is ready to accept traffic"}"#,
    )
    .await;
    check("/health/startup", r#"{"status":"pass","version":"$V","output":"Service has started"}"#).await;
    // A trailing slash is answered, unknown parameters are ignored.
    check(
        "/health/live/?verbose&x=%00&=&exclude",
        r#"{"status":"pass","version":"$V","output":"Application process is running"}"#,
    )
    .await;
    check(
        "/health/ready/?cachebuster=1",
        r#"{"status":"pass","version":"$V","output":"Service is ready to accept traffic"}"#,
    )
    .await;
}

/// `/health` of the original. More checks may follow the container; nothing else may.
const DETAIL: &str = r#"{"status":"pass","version":"$V","serviceId":"claude-code-proxy","description":"CCProxy API Server","time":"T","checks":{"service_container":[{"componentId":"service-container","componentType":"service","status":"pass","time":"T","output":"Service container operational","version":"$V"}]}}"#;

#[tokio::test]
async fn the_detailed_body_byte_for_byte() {
    let expect = DETAIL.replace("$V", VERSION);
    let hash = blake3::hash(b"k");
    let auth = format!(
        "[auth]\nkeys = [{{ name = 'a', hash = 'blake3:{hash}' }}]\n[health]\ndetails = 'authorized'"
    );
    let stage = settled(&auth).await;
    let well = |answer: &Response| timeless(&answer.text()) == expect;
    for path in ["/health", "/health/"] {
        eventually_answers(&stage.app, &Request::get(path), well).await;
    }
    let stage = settled("").await;
    let more = format!("{},\"", expect.strip_suffix("}}").unwrap());
    let well = |answer: &Response| timeless(&answer.text()).starts_with(&more);
    eventually_answers(&stage.app, &Request::get("/health"), well).await;
}

#[track_caller]
fn check_headers(response: &Response, what: &str) {
    let check =
        |name: &str, expect: Option<&str>| assert_eq!(response.header(name), expect, "{what}: {name}");
    check("content-type", Some("application/health+json"));
    check("cache-control", Some("no-cache, no-store, must-revalidate"));
    check("transfer-encoding", None);
    check("content-encoding", None);
    check("set-cookie", None);
    check("location", None);
    let length: usize = response.header("content-length").expect("a length").parse().unwrap();
    assert!(length > 0 && length <= 10 * 1024, "{what}: {length}");
}

#[tokio::test]
async fn headers_and_methods() {
    let stage = settled("").await;
    for path in PROBES {
        let get = stage.send(&Request::get(path).header("accept-encoding", "gzip")).await;
        check_headers(&get, path);
        assert_eq!((get.status, get.header("vary")), (200, None));
        let head = stage.send(&Request::new("HEAD", path)).await;
        check_headers(&head, path);
        assert_eq!((head.status, head.body.len()), (200, 0));
        let options = stage.send(&Request::new("OPTIONS", path)).await;
        check_headers(&options, path);
        assert_eq!((options.status, options.header("allow")), (200, Some("GET, HEAD, OPTIONS")));
        for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let response = stage.send(&Request::new(method, path)).await;
            assert_eq!(
                (response.status, response.header("allow")),
                (405, Some("GET, HEAD, OPTIONS")),
                "{method} {path}"
            );
        }
    }
    assert_eq!(stage.send(&Request::get("/health/nonsense")).await.status, 404);
    assert_eq!(stage.send(&Request::get("/plugins/nobody/health")).await.status, 404);
    assert!(stage.upstream.requests().is_empty(), "no probe reaches a provider");
    assert_eq!(stage.app.stats().begun(), 0, "probes are no exchanges");
}

#[tokio::test]
async fn every_version_of_http() {
    let stage = settled("").await;
    for path in PROBES {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let request = Request::new(method, path).http10();
            let mut conn = Conn::open(stage.app.address()).await;
            conn.send(&request).await;
            let response = conn.response(&request).await;
            assert_eq!(response.status, 200, "{method} {path}");
            check_headers(&response, path);
            assert_eq!(conn.closed().await, Closed::Fin, "HTTP/1.0 ends with its answer");
        }
        let closing = Request::get(path).header("connection", "close");
        let mut conn = Conn::open(stage.app.address()).await;
        conn.send(&closing).await;
        assert_eq!(conn.response(&closing).await.status, 200);
        assert_eq!(conn.closed().await, Closed::Fin, "{path}");
    }
    let stream = tokio::net::TcpStream::connect(stage.app.address()).await.unwrap();
    let io = TokioIo::new(stream);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { drop(connection.await) });
    for path in PROBES {
        let uri = format!("http://anything.example{path}");
        let request = http::Request::get(uri).body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "application/health+json");
        let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), length);
    }
}

#[tokio::test]
async fn all_providers_down_is_ready_with_a_warning() {
    let mut stage = settled("[health]\nenvoy_degraded = true").await;
    stage.upstream.refuse().await;
    for (name, path) in
        [("claude", ask::MESSAGES), ("codex", ask::CHAT), ("local", "/local/v1/chat/completions")]
    {
        let probe = Request::get(&format!("/plugins/{name}/health"));
        let health =
            traffic_until(&stage, &ask::request(path, false), &probe, |health| health.status == 503).await;
        check_headers(&health, name);
        assert_eq!(health.json()["status"], "fail");
        assert_eq!(health.json()["checks"]["upstream"][0]["status"], "fail", "{}", health.text());
        assert!(health.text().contains("cannot be reached"));
        assert!(health.header("retry-after").is_some());
    }
    let check = async |path: &str, status: &str, degraded: Option<&str>| {
        let response = stage.send(&Request::get(path)).await;
        assert_eq!((response.status, response.json()["status"].as_str()), (200, Some(status)), "{path}");
        assert_eq!(response.header("x-envoy-degraded"), degraded, "{path}");
        check_headers(&response, path);
    };
    check("/health/live", "pass", None).await;
    check("/health/ready", "warn", Some("1")).await;
    // A check can be left out, by its name or with its plugin's.
    check("/health/ready?exclude=upstream&x&exclude=errors&exclude=breaker", "pass", None).await;
    let all: Vec<String> = ["claude", "codex", "local"]
        .iter()
        .flat_map(|name| ["upstream", "errors", "breaker"].map(|check| format!("exclude={name}/{check}")))
        .collect();
    check(&format!("/health/ready?{}", all.join("&")), "pass", None).await;
    check("/health/ready?exclude=claude/upstream", "warn", Some("1")).await;
    let ready = stage.send(&Request::get("/health/ready")).await.text();
    for name in ["claude", "codex", "local"] {
        assert!(ready.contains(&format!("{name}/upstream")), "{ready}");
    }
    let list = stage.send(&Request::get("/plugins")).await.json();
    assert!(list["plugins"].as_array().unwrap().iter().all(|plugin| plugin["status"] == "failed"), "{list}");

    // And well again, by traffic alone.
    stage.upstream.accept().await.unwrap();
    let probe = Request::get("/plugins/claude/health");
    let well = |health: &Response| health.json()["checks"]["upstream"][0]["status"] == "pass";
    traffic_until(&stage, &ask::request(ask::MESSAGES, false), &probe, well).await;
}

#[tokio::test]
async fn a_critical_provider_takes_readiness_with_it() {
    let mut stage = settled("[health]\ncritical = ['claude']").await;
    // Critical, and nothing heard of it yet: traffic says.
    assert_eq!(stage.send(&ask::request(ask::MESSAGES, false)).await.status, 200);
    stage.upstream.refuse().await;
    let probe = Request::get("/health/ready");
    let traffic = ask::request(ask::MESSAGES, false);
    let response = traffic_until(&stage, &traffic, &probe, |ready| ready.status == 503).await;
    check_headers(&response, "not ready");
    assert!(response.header("retry-after").is_some());
    assert_eq!(stage.send(&Request::get("/health/live")).await.status, 200);
}

#[tokio::test]
async fn who_sees_what() {
    let hash = blake3::hash(b"k");
    let auth = format!("[auth]\nkeys = [{{ name = 'a', hash = 'blake3:{hash}' }}]\n[health]\ndetails = ");
    let mut stage = settled(&format!("{auth}'authorized'")).await;
    let keyed = |path: &str| Request::get(path).header("authorization", "Bearer k");
    let anonymous = stage.send(&Request::get("/health")).await;
    assert_eq!(anonymous.header("vary"), Some("Authorization, X-Api-Key"));
    assert!(anonymous.text().contains("service_container"));
    let plugin = stage.send(&Request::get("/plugins/claude/health")).await.json();
    assert_eq!(plugin["checks"], serde_json::json!({}), "nothing inside is named");
    assert!(stage.send(&keyed("/plugins/claude/health")).await.text().contains("credentials"));

    stage.upstream.refuse().await;
    let failing = ask::request(ask::MESSAGES, false).header("x-api-key", "k");
    let warns = |ready: &Response| ready.json()["status"] == "warn";
    let ready = traffic_until(&stage, &failing, &keyed("/health/ready"), warns).await;
    assert!(ready.text().contains("claude/upstream"), "{}", ready.text());
    let anonymous = stage.send(&Request::get("/health/ready")).await;
    assert_eq!((anonymous.status, anonymous.json()["status"].as_str()), (200, Some("warn")));
    assert!(!anonymous.text().contains("claude"), "{}", anonymous.text());
    let wrong = stage.send(&Request::get("/health/ready").header("x-api-key", "wrong")).await;
    assert_eq!(wrong.body, anonymous.body, "a wrong key shows no more than none, and is no error");

    let stage = settled(&format!("{auth}'status'")).await;
    for path in PROBES {
        let request = Request::get(&format!("{path}?exclude=upstream"));
        let well = |response: &Response| response.text() == r#"{"status":"pass"}"#;
        let response = eventually_answers(&stage.app, &request, well).await;
        assert_eq!(response.status, 200, "{path}");
        check_headers(&response, path);
        assert!(stage.send(&keyed(path)).await.text().contains("\"version\""));
    }
}

#[tokio::test]
async fn before_the_start_is_over() {
    // The credential's command takes its time; the probes do not.
    let slow = "[providers.slow]\nkind = \"openai\"\ncredentials = [{ command = [\"sleep\", \"30\"] }]";
    let app = TestApp::start_cold(ccproxy::plugins::PLUGINS, slow).await;
    let check = async |path: &str, expect: u16| {
        let response = crate::support::send(app.address(), &Request::get(path)).await;
        assert_eq!(response.status, expect, "{path}: {}", response.text());
        check_headers(&response, path);
        assert_eq!(response.header("retry-after").is_some(), expect == 503);
    };
    check("/health/live", 200).await;
    check("/health/ready", 503).await;
    check("/health/startup", 503).await;
    let startup = crate::support::send(app.address(), &Request::get("/health/startup")).await;
    assert!(startup.text().contains("plugins-started"), "{}", startup.text());
    check("/health/startup?exclude=plugins-started&exclude=x", 200).await;
}

#[tokio::test]
async fn a_provider_that_limits_our_rate_is_a_warning() {
    let stage = settled("").await;
    stage.upstream.script(Script::error(429).times(10_000));
    let probe = Request::get("/plugins/claude/health");
    let warns = |health: &Response| health.json()["status"] == "warn";
    let health = traffic_until(&stage, &ask::request(ask::MESSAGES, false), &probe, warns).await;
    assert_eq!(health.status, 200);
    assert!(health.text().contains("429"));
}

#[tokio::test]
async fn a_provider_that_never_ends_an_answer_fails() {
    let stage = settled("").await;
    let begun = "event: message_start\ndata: {}\n\n";
    stage.upstream.script(Script::stream([begun]).times(10_000));
    let probe = Request::get("/plugins/claude/health");
    let fails = |health: &Response| health.json()["checks"]["errors"][0]["status"] == "fail";
    let health = traffic_until(&stage, &ask::request(ask::MESSAGES, true), &probe, fails).await;
    assert!(health.text().contains("broke the connection"), "{}", health.text());
    stage.upstream.reset();
    let passes = |health: &Response| health.json()["checks"]["errors"][0]["status"] == "pass";
    traffic_until(&stage, &ask::request(ask::MESSAGES, true), &probe, passes).await;
}
