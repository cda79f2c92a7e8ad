//! Tokens of an OAuth issuer: asked for once, renewed in time, and seen by nobody but the provider.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ccproxy::plugins::PLUGINS;
use ccproxy_testkit::upstream::{Recorded, Script};
use ccproxy_testkit::{ScriptedUpstream, TestApp};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::stage::ask;
use crate::support::{Request, Response, eventually_answers, send, within};

const CLIENT: &str = "client_id = 'me', client_secret = 'planted-client-secret'";
const PAGE: &str = "/plugins/claude/health";

/// An instance `claude` at `upstream` whose tokens come from `issuer`.
fn config(upstream: &ScriptedUpstream, issuer: &ScriptedUpstream, keys: &str) -> String {
    format!(
        "[providers.claude]\nkind = 'anthropic'\nbase_url = '{}'\n\
         credentials = [{{ name = 'sso', oauth = {{ token_url = '{}/token', {keys} }} }}]\n\
         [health]\ncritical = ['claude/credentials']\n",
        upstream.url(),
        issuer.url()
    )
}

async fn stage() -> (ScriptedUpstream, ScriptedUpstream) {
    (ScriptedUpstream::start().await.unwrap(), ScriptedUpstream::start().await.unwrap())
}

fn token(fields: &Value) -> Script {
    Script::whole(200, fields.to_string())
}

async fn ask(app: &TestApp) -> Response {
    send(app.address(), &ask::request(ask::MESSAGES, false)).await
}

/// The tokens that the provider was shown, in order, each once.
fn tokens(upstream: &ScriptedUpstream) -> Vec<String> {
    let token = |recorded: &Recorded| {
        assert_eq!(recorded.header("x-api-key"), None);
        recorded.header("authorization").unwrap().strip_prefix("Bearer planted-").unwrap().to_owned()
    };
    let mut tokens: Vec<String> = upstream.requests().iter().map(token).collect();
    tokens.dedup();
    tokens
}

/// The forms that the issuer was sent.
fn forms(issuer: &ScriptedUpstream) -> Vec<String> {
    issuer.requests().iter().map(|recorded| String::from_utf8(recorded.body.to_vec()).unwrap()).collect()
}

#[tokio::test]
async fn many_calls_at_once_are_one_request_for_a_token() {
    let (upstream, issuer) = stage().await;
    // Two failures that pass, and then a slow answer.
    issuer.script(Script::whole(503, "busy"));
    issuer.script(Script::whole(429, "busy").header("retry-after-ms", "50"));
    issuer.script(
        token(&json!({"access_token": "planted-1", "expires_in": 3600})).delay(Duration::from_millis(200)),
    );
    let keys = format!("{CLIENT}, scope = 'a b', audience = 'urn:x'");
    let app = TestApp::start_cold(PLUGINS, &config(&upstream, &issuer, &keys)).await;
    let answers = join_all((0..50).map(|_| ask(&app))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(tokens(&upstream), ["1"]);
    let form = "grant_type=client_credentials&scope=a+b&audience=urn%3Ax";
    assert_eq!(forms(&issuer), [form; 3]);
    let request = &issuer.requests()[2];
    // me:planted-client-secret
    assert_eq!(request.header("authorization"), Some("Basic bWU6cGxhbnRlZC1jbGllbnQtc2VjcmV0"));
    assert_eq!((request.method.as_str(), request.path_and_query.as_str()), ("POST", "/token"));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let (upstream, issuer) = stage().await;
    let life = Duration::from_secs(4);
    let fields = |number: u32| json!({"access_token": format!("planted-{number}"), "expires_in": "4", "token_type": "bearer"});
    issuer.script(token(&fields(1)));
    issuer.script(token(&fields(2)).delay(Duration::from_millis(300)));
    let app = TestApp::start(PLUGINS, &config(&upstream, &issuer, CLIENT)).await;
    let begun = Instant::now();
    let mut meanwhile = 0;
    within("a renewal", async {
        while tokens(&upstream).len() < 2 {
            let renewing = issuer.requests().len() == 2;
            assert_eq!(ask(&app).await.status, 200);
            meanwhile += u32::from(renewing && tokens(&upstream) == ["1"]);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert!(begun.elapsed() < life, "the first one has not ended yet");
    assert!(meanwhile > 0, "the old one serves while the new one is got");
    assert_eq!(tokens(&upstream), ["1", "2"]);
    assert_eq!(issuer.requests().len(), 2);
}

#[tokio::test]
async fn a_new_refresh_token_is_written_back() {
    let (upstream, issuer) = stage().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("refresh");
    std::fs::write(&file, "planted-r1\n").unwrap();
    for number in 2..=3 {
        let access = format!("planted-{number}");
        issuer.script(token(
            &json!({"access_token": access, "expires_in": 1, "refresh_token": format!("planted-r{number}")}),
        ));
    }
    let keys = format!("client_id = 'me', refresh_token = {{ file = '{}' }}", file.display());
    let app = TestApp::start(PLUGINS, &config(&upstream, &issuer, &keys)).await;
    within("a renewal", async {
        while tokens(&upstream).last().is_none_or(|token| token != "3") {
            assert_eq!(ask(&app).await.status, 200);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let form = |token: &str| format!("grant_type=refresh_token&refresh_token=planted-{token}&client_id=me");
    assert_eq!(forms(&issuer)[..2], [form("r1"), form("r2")]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "planted-r3\n");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_refused_refresh_says_what_to_do() {
    let (upstream, issuer) = stage().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("refresh");
    std::fs::write(&file, "planted-r1").unwrap();
    let refusal = r#"{"error":"invalid_grant","error_description":"planted-r1 is revoked"}"#;
    issuer.script(Script::whole(400, refusal).times(1000));
    let keys = format!("{CLIENT}, refresh_token = {{ file = '{}' }}", file.display());
    let app = TestApp::start(PLUGINS, &config(&upstream, &issuer, &keys)).await;
    let failed = |page: &Response| page.json()["checks"]["credentials"][0]["status"] == "fail";
    let page = eventually_answers(&app, &Request::get(PAGE), failed).await;
    let output = page.json()["checks"]["credentials"][0]["output"].as_str().unwrap().to_owned();
    let advice = "refuses the refresh token (invalid_grant): get a new one and put it into file [path]";
    assert!(output.contains(advice), "{output}");
    for _ in 0..20 {
        let answer = ask(&app).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert!(answer.text().contains("no usable credential") && !answer.text().contains("planted"));
    }
    assert!(issuer.requests().len() <= 2, "an issuer that refuses is not asked for each call");
    assert!(!page.text().contains("planted"), "{}", page.text());
    issuer.reset();
    issuer.script(token(&json!({"access_token": "planted-1", "expires_in": 3600})));
    std::fs::write(&file, "planted-r2").unwrap();
    within("the new token is taken", async {
        while ask(&app).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(forms(&issuer), ["grant_type=refresh_token&refresh_token=planted-r2"]);
}

/// Waits until the log names where the program listens.
async fn address(log: &Path) -> std::net::SocketAddr {
    let url = |line: &str| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["url"].as_str()?.strip_prefix("http://")?.parse().ok()
    };
    within("it says where it listens", async {
        loop {
            if let Some(address) = std::fs::read_to_string(log).unwrap().lines().find_map(url) {
                return address;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let (upstream, issuer) = stage().await;
    let dir = tempfile::tempdir().unwrap();
    let (file, log) = (dir.path().join("refresh"), dir.path().join("log"));
    std::fs::write(&file, "planted-r1").unwrap();
    let fields = json!({"access_token": "planted-1", "expires_in": 1, "refresh_token": "planted-r2"});
    issuer.script(token(&fields));
    issuer.script(
        Script::whole(
            400,
            r#"{"error":"planted-r2","error_description":"planted-r2 planted-client-secret"}"#,
        )
        .times(1000),
    );
    upstream.script(Script::whole(401, r#"{"error":{"message":"planted-1 is no token"}}"#));
    let keys = format!("{CLIENT}, client_auth = 'body', refresh_token = {{ file = '{}' }}", file.display());
    let config = config(&upstream, &issuer, &keys).replace("}]", "}, 'planted-key']");
    std::fs::write(dir.path().join("ccproxy.toml"), format!("server.port = 0\n{config}")).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_ccproxy"));
    command
        .args(["serve", "--log-format", "json", "--log-level", "trace"])
        .current_dir(dir.path())
        .env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let address = address(&log).await;
    // The token is refused, it ends, the next one is refused: each leaves its word in log and health.
    let mut told = String::new();
    within("all of it has happened", async {
        while upstream.requests().len() < 3 || !told.contains("1 of 2 credentials good") {
            told = send(address, &ask::request(ask::MESSAGES, false)).await.text();
            told.push_str(&send(address, &Request::get(PAGE)).await.text());
            assert!(!told.contains("planted"), "{told}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    child.kill().await.unwrap();
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("credential_cools_down") && log.contains("\"credential\":\"sso\""));
    assert!(
        upstream
            .requests()
            .iter()
            .any(|recorded| recorded.header("authorization") == Some("Bearer planted-1"))
    );
    let shown: Vec<&str> = log.lines().filter(|line| line.contains("planted")).collect();
    assert!(shown.is_empty(), "{shown:?}");
}
