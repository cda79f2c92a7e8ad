//! What watches a provider instance: real traffic, and checks that cost nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ccproxy::plugins::PLUGINS;
use ccproxy_testkit::upstream::{At, Fault, Recorded, Script};
use ccproxy_testkit::{ScriptedUpstream, TestApp};
use serde_json::{Value, json};

use crate::support::stage::ask;
use crate::support::{Conn, Request, Response, Stage, eventually_answers, send, within};

const PAGE: &str = "/plugins/claude/health";

/// The first entry of a component on a page.
fn entry(page: &Response, name: &str) -> Value {
    page.json()["checks"][name][0].clone()
}

/// Waits until a component of `claude` has been looked at and has this status, without any traffic.
async fn until(app: &TestApp, name: &str, status: &str) -> Value {
    let wanted = |page: &Response| {
        let entry = entry(page, name);
        entry["status"] == status && entry["time"].is_string()
    };
    entry(&eventually_answers(app, &Request::get(PAGE), wanted).await, name)
}

/// Sends requests until a component of `claude` has this status.
async fn traffic_until(stage: &Stage, name: &str, status: &str) -> Value {
    within("health follows traffic", async {
        loop {
            stage.send(&ask::request(ask::MESSAGES, false)).await;
            let entry = entry(&stage.send(&Request::get(PAGE)).await, name);
            if entry["status"] == status {
                return entry;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    })
    .await
}

#[track_caller]
fn says(entry: &Value, text: &str) {
    let output = entry["output"].as_str().unwrap_or_default();
    assert!(output.contains(text), "{entry}");
}

#[tokio::test]
async fn the_share_of_errors() {
    let stage = Stage::start("").await;
    stage.upstream.script(Script::error(500).times(10_000));
    let errors = traffic_until(&stage, "errors", "fail").await;
    says(&errors, "exchanges failed; the last one: the provider answered HTTP 500");
    assert_eq!((&errors["observedValue"], &errors["observedUnit"]), (&json!(100), &json!("percent")));
    assert_eq!(errors["affectedEndpoints"], json!(["/claude/v1/{+path}"]));
    // It answers: it is reached.
    assert_eq!(entry(&stage.send(&Request::get(PAGE)).await, "upstream")["status"], "pass");
    assert_eq!(stage.send(&Request::get(PAGE)).await.status, 503);
    let ready = stage.send(&Request::get("/health/ready")).await;
    assert_eq!((ready.status, ready.json()["status"].as_str()), (200, Some("warn")));
    stage.upstream.reset();
    traffic_until(&stage, "errors", "warn").await;
    let errors = traffic_until(&stage, "errors", "pass").await;
    assert!(errors["observedValue"].as_u64().unwrap() < 10, "{errors}");
}

#[tokio::test]
async fn what_is_the_clients_fault_is_no_error() {
    let stage = Stage::start("").await;
    stage.upstream.script(Script::error(400).times(20));
    for _ in 0..20 {
        assert_eq!(stage.send(&ask::request(ask::MESSAGES, false)).await.status, 400);
    }
    let errors = until(&stage.app, "errors", "pass").await;
    assert_eq!(errors["observedValue"], 0);
    until(&stage.app, "breaker", "pass").await;
}

#[tokio::test]
async fn the_time_to_the_first_byte() {
    let stage = Stage::start("[health]\nslow = '50ms'").await;
    let slow = std::time::Duration::from_millis(80);
    stage.upstream.script(Script::default().delay(slow));
    stage.send(&ask::request(ask::MESSAGES, true)).await;
    let latency = until(&stage.app, "latency", "warn").await;
    says(&latency, "longer than 50ms on average");
    assert!(latency["observedValue"].as_f64().unwrap() >= 80.0, "{latency}");
    assert_eq!(latency["observedUnit"], "ms");
    let latency = traffic_until(&stage, "latency", "pass").await;
    assert!(latency["observedValue"].as_f64().unwrap() <= 50.0, "{latency}");
}

#[tokio::test]
async fn the_room_in_the_rate_limits() {
    let stage = Stage::start("").await;
    let told = |left: &str| {
        Script::default()
            .header("anthropic-ratelimit-tokens-limit", "1000")
            .header("anthropic-ratelimit-tokens-remaining", left)
            .header("anthropic-ratelimit-tokens-reset", "2099-01-01T00:00:00Z")
            .times(10_000)
    };
    stage.upstream.script(told("640"));
    let room = traffic_until(&stage, "rate_limit", "pass").await;
    assert_eq!((&room["observedValue"], &room["observedUnit"]), (&json!(64), &json!("percent")));
    stage.upstream.reset();
    stage.upstream.script(told("64"));
    let room = traffic_until(&stage, "rate_limit", "warn").await;
    says(&room, "6 percent of tokens left");
    stage.upstream.reset();
    stage.upstream.script(Script::error(429).header("retry-after", "2").times(1));
    assert_eq!(stage.send(&ask::request(ask::MESSAGES, false)).await.status, 429);
    let limited = |page: &Response| entry(page, "rate_limit")["observedValue"] == 0;
    let page = eventually_answers(&stage.app, &Request::get(PAGE), limited).await;
    says(&entry(&page, "rate_limit"), "HTTP 429");
    assert_eq!(page.status, 200, "it is a warning");
    // The time passes by itself; no traffic is needed to see it.
    until(&stage.app, "rate_limit", "pass").await;
    let errors = entry(&stage.send(&Request::get(PAGE)).await, "errors");
    assert_eq!(errors["observedValue"], 0, "a limit is no fault");
}

/// A configuration whose `claude` is critical, so that its upstream is looked at soon.
fn critical(base_url: &str) -> String {
    format!(
        "[providers.claude]\nkind = 'anthropic'\nbase_url = '{base_url}'\n[health]\ncritical = ['claude']\n"
    )
}

#[tokio::test]
async fn an_idle_upstream_is_connected_to_and_asked_nothing() {
    let mut upstream = ScriptedUpstream::start().await.unwrap();
    let app = TestApp::start(PLUGINS, &critical(&upstream.url())).await;
    let reached = until(&app, "upstream", "pass").await;
    assert_eq!(reached["observedUnit"], "ms", "{reached}");
    assert!(upstream.requests().is_empty(), "a connection is no request");
    assert_eq!(send(app.address(), &Request::get("/health/ready")).await.status, 200);

    upstream.refuse().await;
    let app = TestApp::start(PLUGINS, &critical(&upstream.url())).await;
    says(&until(&app, "upstream", "fail").await, "cannot be reached: connection refused");
    let ready = |ready: &Response| ready.status == 503 && ready.text().contains("claude/upstream");
    eventually_answers(&app, &Request::get("/health/ready"), ready).await;
}

/// A client that asks for a stream, waits for so long and leaves without an answer.
async fn leaves_after(stage: &Stage, wait: std::time::Duration) {
    stage.upstream.script(Script::fault(Fault::Stall(At::Head)));
    let before = stage.upstream.requests().len();
    let mut conn = Conn::open(stage.app.address()).await;
    conn.send(&ask::request(ask::MESSAGES, true)).await;
    stage.upstream.wait_requests(before + 1).await;
    tokio::time::sleep(wait).await;
    drop(conn);
    stage.counts().await;
}

#[tokio::test]
async fn an_upstream_that_never_answers() {
    let slow = std::time::Duration::from_millis(300);
    let stage = Stage::start("[health]\nslow = '300ms'").await;
    for _ in 0..5 {
        leaves_after(&stage, slow + slow / 3).await;
    }
    says(&until(&stage.app, "errors", "fail").await, "no answer before the client gave up");
    says(&until(&stage.app, "latency", "warn").await, "longer than 300ms");
    until(&stage.app, "breaker", "fail").await;
    assert_eq!(stage.counts().await, [5, 0, 0, 5]);

    let stage = Stage::start("").await;
    for _ in 0..5 {
        leaves_after(&stage, std::time::Duration::ZERO).await;
    }
    until(&stage.app, "breaker", "pass").await;
    let errors = entry(&stage.send(&Request::get(PAGE)).await, "errors");
    assert_eq!(errors.get("observedValue"), None, "whoever leaves at once says nothing: {errors}");
}

/// Instances `first` and `second` behind one route, and `only` behind another, which has the first's upstream.
fn routed(first: &str, second: &str) -> String {
    let instance =
        |name: &str, url: &str| format!("[providers.{name}]\nkind = 'anthropic'\nbase_url = '{url}'\n");
    [
        "[retry]\nattempts = 1\n".to_owned(),
        instance("claude", first),
        instance("second", second),
        instance("only", first),
        "[[routes]]\nmodel = 'solo-*'\ntargets = ['only']\n".to_owned(),
        "[[routes]]\nmodel = '*'\ntargets = ['claude', 'second/other']\n".to_owned(),
    ]
    .concat()
}

fn model_of(recorded: &Recorded) -> Value {
    serde_json::from_slice::<Value>(&recorded.body).unwrap()["model"].clone()
}

#[tokio::test]
async fn an_open_breaker_sends_traffic_to_the_second_target() {
    let (first, second) =
        (ScriptedUpstream::start().await.unwrap(), ScriptedUpstream::start().await.unwrap());
    first.script(Script::error(503).times(10_000));
    let app = TestApp::start(PLUGINS, &routed(&first.url(), &second.url())).await;
    let request = Request::post("/v1/messages", ask::body(ask::MESSAGES, "claude-x", false));
    until(&app, "breaker", "pass").await;
    for _ in 0..5 {
        assert_eq!(send(app.address(), &request).await.status, 503);
    }
    for _ in 0..3 {
        assert_eq!(send(app.address(), &request).await.status, 200);
    }
    assert_eq!((first.requests().len(), second.requests().len()), (5, 3));
    assert!(second.requests().iter().all(|recorded| model_of(recorded) == "other"));
    says(&until(&app, "breaker", "fail").await, "routes go around the upstream");
    assert_eq!(send(app.address(), &Request::get("/health/ready")).await.status, 200);

    // Whoever names the instance, or has one target only, is never refused.
    let named = ask::request(ask::MESSAGES, false);
    let solo = Request::post("/v1/messages", ask::body(ask::MESSAGES, "solo-x", false));
    for request in [&named, &solo, &solo, &solo, &solo, &solo, &solo] {
        assert_eq!(send(app.address(), request).await.status, 503);
    }
    assert_eq!((first.requests().len(), second.requests().len()), (12, 3));
}

#[tokio::test]
async fn with_every_breaker_open_the_first_target_is_tried() {
    let (first, second) =
        (ScriptedUpstream::start().await.unwrap(), ScriptedUpstream::start().await.unwrap());
    first.script(Script::error(503).times(10_000));
    second.script(Script::error(503).times(10_000));
    let app = TestApp::start(PLUGINS, &routed(&first.url(), &second.url())).await;
    let request = Request::post("/v1/messages", ask::body(ask::MESSAGES, "claude-x", false));
    for _ in 0..12 {
        assert_eq!(send(app.address(), &request).await.status, 503);
    }
    assert_eq!((first.requests().len(), second.requests().len()), (7, 5));
}

/// A program of this name that runs a script of the shell.
fn program(dir: &Path, script: &str) -> String {
    let path = dir.join("claude");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_vendors_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let cli = program(dir.path(), "test -z \"$ANTHROPIC_API_KEY\" && echo '2.1.9 (Claude Code)'");
    let stage = Stage::start("").await;
    let config = |kind: &str, cli: &str| {
        format!("[providers.claude]\nkind = '{kind}'\nbase_url = '{}'\ncli = '{cli}'", stage.upstream.url())
    };
    let app = TestApp::start(PLUGINS, &config("anthropic", &cli)).await;
    let found = until(&app, "cli", "pass").await;
    assert_eq!(
        (&found["observedValue"], &found["observedUnit"]),
        (&json!("2.1.9 (Claude Code)"), &json!("version"))
    );
    let app = TestApp::start(PLUGINS, &config("openai", "no-such-program-anywhere")).await;
    says(&until(&app, "cli", "fail").await, "not installed");
    assert_eq!(send(app.address(), &Request::get("/health/ready")).await.status, 200, "nothing waits for it");
    assert!(stage.upstream.requests().is_empty());
}

/// A token without a signature that anybody would accept, which ends so many seconds from now.
fn token(left: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let end = i64::try_from(now).unwrap() + left;
    let claims = json!({"iat": end - 36_000, "exp": end}).to_string();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let six = |three: &[u8], at: usize| {
        let bits = three.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
        char::from(alphabet[usize::try_from(bits << (8 * (3 - three.len())) >> (18 - 6 * at) & 63).unwrap()])
    };
    let letters = |three: &[u8]| (0..=three.len()).map(|at| six(three, at)).collect::<String>();
    format!("e30.{}.planted", claims.as_bytes().chunks(3).map(letters).collect::<String>())
}

#[tokio::test]
async fn a_token_that_ends() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let check = async |left: i64, status: &str, text: &str| {
        let token = token(left);
        let config = format!(
            "[providers.claude]\nkind = 'anthropic'\nbase_url = '{}'\nauth_header = 'bearer'\ncredentials = [{{ value = '{token}' }}]",
            upstream.url()
        );
        let app = TestApp::start(PLUGINS, &config).await;
        let entry = until(&app, "credentials", status).await;
        says(&entry, text);
        let seconds = entry["observedValue"].as_i64().unwrap();
        assert!((left - 10..=left).contains(&seconds), "{entry}");
        assert_eq!(entry["observedUnit"], "s");
        assert!(!entry.to_string().contains("planted"), "{entry}");
    };
    check(30_000, "pass", "").await;
    check(3000, "warn", "expires in").await;
    check(-60, "fail", "has expired").await;
}
