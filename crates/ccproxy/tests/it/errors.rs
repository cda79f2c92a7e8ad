//! The contract's table of errors, in both families' words, without a secret in any of them.

use ccproxy_testkit::TestApp;
use ccproxy_testkit::upstream::{At, Fault, Script};
use serde_json::Value;

use crate::support::stage::{CLAUDE_KEY, CODEX_KEY, ask, config};
use crate::support::{Conn, Request, Response, Stage, eventually_answers, send};

/// A row of the table.
struct Row {
    status: u16,
    anthropic: &'static str,
    openai: &'static str,
    code: Option<&'static str>,
    /// What the message says to do, or names.
    says: &'static str,
}

const fn row(
    status: u16,
    anthropic: &'static str,
    openai: &'static str,
    code: Option<&'static str>,
    says: &'static str,
) -> Row {
    Row { status, anthropic, openai, code, says }
}

const INVALID: &str = "invalid_request_error";
const API: &str = "api_error";

#[track_caller]
fn check(response: &Response, anthropic: bool, row: &Row) {
    let text = response.text();
    assert_eq!(response.status, row.status, "{text}");
    assert_eq!(response.header("content-type"), Some("application/json"), "{text}");
    let id = response.header("x-request-id").expect("an id");
    let body = response.json();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(row.says), "{message:?} does not say {:?}", row.says);
    if anthropic {
        assert_eq!((&body["type"], &body["error"]["type"]), (&"error".into(), &Value::from(row.anthropic)));
        assert_eq!(body["request_id"], id, "the id in the body is the one in the header");
    } else {
        assert_eq!(body["error"]["type"], row.openai, "{text}");
        assert_eq!(body["error"]["code"], row.code.map_or(Value::Null, Value::from), "{text}");
        assert!(body["error"].as_object().unwrap().contains_key("param"));
    }
    for secret in [CLAUDE_KEY, CODEX_KEY, "client-secret-key", "planted"] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// Checks one request to each dialect.
async fn check_all(stage: &Stage, script: Option<&Script>, request: impl Fn(&str) -> Request, row: &Row) {
    for path in ask::ALL {
        if let Some(script) = script {
            stage.upstream.script(script.clone());
        }
        let request = request(path).header("x-api-key", "client-secret-key");
        check(&stage.send(&request).await, path == ask::MESSAGES, row);
    }
}

#[tokio::test]
async fn what_the_client_did_wrong() {
    let stage = Stage::start("[server]\nbody_limit = '2KiB'\nmax_headers = 20").await;
    let bad = async |body: &'static str, says: &'static str| {
        check_all(&stage, None, |path| Request::post(path, body), &row(400, INVALID, INVALID, None, says))
            .await;
    };
    bad("", "no body").await;
    bad("{\"model\":\"m\"", "not a valid JSON object").await;
    bad("[1]", "not a valid JSON object").await;
    bad("{\"messages\":[]}", "model: field required").await;
    bad("{\"model\":7}", "model: must be a string").await;
    bad("{\"model\":\"m\",\"stream\":\"yes\"}", "stream: must be true or false").await;

    let large = row(413, "request_too_large", INVALID, Some("request_too_large"), "send less");
    check_all(&stage, None, |path| Request::post(path, vec![b' '; 3000]), &large).await;
    check_all(&stage, None, |path| Request::post(path, "").chunked(vec![vec![b' '; 500]; 6]), &large).await;

    let flood = |path: &str| (0..30).fold(ask::request(path, false), |r, n| r.header(&format!("x-{n}"), "1"));
    let code = Some("request_headers_too_large");
    let too_many = row(431, "request_too_large", INVALID, code, "send fewer");
    // Before the path is looked at, Anthropic's clients show themselves by a header.
    check_all(
        &stage,
        None,
        |path| match path {
            ask::MESSAGES => flood(path).header("anthropic-version", "2023-06-01"),
            _ => flood(path),
        },
        &too_many,
    )
    .await;
    assert!(stage.upstream.requests().is_empty(), "none of it reached the provider");
}

#[tokio::test]
async fn more_headers_than_can_be_parsed() {
    let stage = Stage::start("[server]\nmax_headers = 20").await;
    let flood = (0..400).fold(Request::get("/v1/models"), |r, n| r.header(&format!("x-{n}"), "1"));
    assert_eq!(stage.send(&flood).await.status, 431);
    let long = Request::get("/v1/models").header("x-long", &"x".repeat(80_000));
    assert_eq!(stage.send(&long).await.status, 431);
}

#[tokio::test]
async fn what_is_not_there() {
    let extra = format!(
        "[auth]\nkeys = [{{ name = 'a', hash = 'blake3:{}', models = ['claude-*', 'gpt-*'] }}]\n\
         [[routes]]\nmodel = 'claude-*'\ntargets = ['claude']",
        blake3::hash(b"client-secret-key")
    );
    let stage = Stage::start(&extra).await;
    let post = |path: &str, model: &str| Request::post(path, ask::body(path, model, false));
    let keyed = |request: Request| request.header("authorization", "Bearer client-secret-key");

    let code = Some("invalid_api_key");
    let no_key = row(401, "authentication_error", INVALID, code, "Authorization: Bearer KEY");
    check(&stage.send(&post(ask::MESSAGES, "claude-x")).await, true, &no_key);
    check(&stage.send(&post(ask::CHAT, "gpt-x")).await, false, &no_key);
    let wrong = row(401, "authentication_error", INVALID, code, "ask this proxy's operator");
    let with = |request: Request| request.header("x-api-key", "planted-wrong-key");
    check(&stage.send(&with(post(ask::MESSAGES, "claude-x"))).await, true, &wrong);
    check(&stage.send(&with(post(ask::CHAT, "gpt-x"))).await, false, &wrong);

    let not_allowed = row(403, "permission_error", INVALID, Some("model_not_allowed"), "use another model");
    check(&stage.send(&keyed(post(ask::MESSAGES, "opus"))).await, true, &not_allowed);
    check(&stage.send(&keyed(post(ask::CHAT, "o3"))).await, false, &not_allowed);
    let param = stage.send(&keyed(post(ask::CHAT, "o3"))).await.json()["error"]["param"].clone();
    assert_eq!(param, "model");

    let unknown = row(404, "not_found_error", INVALID, Some("model_not_found"), "GET /v1/models");
    check(&stage.send(&keyed(post("/v1/messages", "gpt-x"))).await, true, &unknown);
    check(&stage.send(&keyed(post("/v1/chat/completions", "gpt-x"))).await, false, &unknown);

    let nothing = row(404, "not_found_error", INVALID, Some("not_found"), "/docs");
    for path in ["/nothing", "/v1/audio/speech", "/claude/v1/nothing", "/nobody/v1/messages", "/v1"] {
        check(&stage.send(&keyed(Request::get(path))).await, false, &nothing);
        let anthropic = keyed(Request::get(path)).header("anthropic-version", "2023-06-01");
        check(&stage.send(&anthropic).await, true, &nothing);
    }
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    let stage = Stage::start("").await;
    let check_allow = async |method: &str, path: &str, allow: &'static str| {
        let response = stage.send(&Request::new(method, path)).await;
        assert_eq!(response.header("allow"), Some(allow), "{method} {path}");
        let anthropic = path.contains("messages");
        check(&response, anthropic, &row(405, INVALID, INVALID, Some("method_not_allowed"), allow));
    };
    check_allow("GET", "/claude/v1/messages", "POST").await;
    check_allow("PUT", "/v1/messages/count_tokens", "POST").await;
    check_allow("DELETE", "/v1/chat/completions", "POST").await;
    check_allow("PATCH", "/codex/v1/responses", "GET, POST").await;
    check_allow("POST", "/codex/v1/responses/resp_1", "GET, DELETE").await;
    check_allow("POST", "/v1/models", "GET, HEAD").await;
    check_allow("POST", "/docs", "GET, HEAD").await;
    check_allow("DELETE", "/plugins", "GET, HEAD").await;
}

#[tokio::test]
async fn what_the_instance_does_not_serve() {
    let stage = Stage::start("").await;
    let post = |path: &str| Request::post(path, ask::body(path, "m", false));
    let check_unsupported = async |path: &str, anthropic: bool, says: &'static str| {
        let row = row(501, "not_supported", INVALID, Some("not_supported"), says);
        let response = stage.send(&post(path)).await;
        check(&response, anthropic, &row);
        assert_eq!(response.header("x-should-retry"), Some("false"));
    };
    check_unsupported("/claude/v1/completions", false, "claude does not serve").await;
    check_unsupported("/claude/v1/embeddings", false, "it speaks").await;
}

#[tokio::test]
async fn what_the_provider_did_wrong() {
    let keys = "timeouts = { connect = '500ms', headers = '80ms', idle = '80ms' }";
    let mut stage = Stage::start_with(keys, "").await;
    let unreachable = |says| row(502, API, API, Some("upstream_unreachable"), says);
    let whole = |path: &str| ask::request(path, false);
    let streamed = |path: &str| ask::request(path, true);

    let refusal = row(502, API, API, Some("upstream_auth"), "refused this proxy's credential (HTTP 401)");
    let leak = format!(
        r#"{{"error":{{"message":"Incorrect API key provided: {CLAUDE_KEY} or {CODEX_KEY}","type":"x"}}}}"#
    );
    check_all(&stage, Some(&Script::whole(401, leak)), whole, &refusal).await;
    check_all(&stage, Some(&Script::error(401)), streamed, &refusal).await;
    let refusal = row(502, API, API, Some("upstream_auth"), "HTTP 403");
    check_all(&stage, Some(&Script::error(403)), whole, &refusal).await;

    let script = Script::fault(Fault::Reset(At::Head));
    check_all(&stage, Some(&script), whole, &unreachable("try again")).await;
    let script = Script::fault(Fault::Close(At::Head));
    check_all(&stage, Some(&script), streamed, &unreachable("try again")).await;
    let garbage = Script::raw("220 mail.example.com ESMTP\r\n\r\n");
    check_all(&stage, Some(&garbage), whole, &unreachable("check the instance's base_url")).await;

    let switched =
        Script::raw("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
    check_all(&stage, Some(&switched), whole, &unreachable("check the instance's base_url")).await;

    let late = row(504, API, API, Some("upstream_timeout"), "try again");
    check_all(&stage, Some(&Script::fault(Fault::Stall(At::Head))), whole, &late).await;
    check_all(&stage, Some(&Script::fault(Fault::Stall(At::Head))), streamed, &late).await;

    stage.upstream.refuse().await;
    check_all(&stage, None, whole, &unreachable("connection refused")).await;
    stage.upstream.accept().await.unwrap();
    for path in ask::ALL {
        assert_eq!(stage.send(&whole(path)).await.status, 200, "{path}: it is back");
    }
}

#[tokio::test]
async fn the_providers_own_errors_pass_as_they_are() {
    let stage = Stage::start("").await;
    for path in ask::ALL {
        for status in [400, 404, 409, 413, 429, 500, 503, 529] {
            let body =
                format!(r#"{{"odd" : "prompt is too long: 210000 tokens > 200000 maximum", "n":{status}}}"#);
            let script = Script::whole(status, body.clone())
                .header("retry-after", "7")
                .header("retry-after-ms", "6500")
                .header("x-should-retry", "true");
            let response = stage.scripted(script, &ask::request(path, status == 429)).await;
            assert_eq!((response.status, response.text()), (status, body), "{path}");
            assert_eq!(response.header("retry-after"), Some("7"));
            assert_eq!(response.header("retry-after-ms"), Some("6500"));
            assert_eq!(response.header("x-should-retry"), Some("true"));
        }
    }
}

#[tokio::test]
async fn an_unreadable_key_concerns_one_instance_alone() {
    let stage = Stage::start("").await;
    let broken = "[providers.broken]\nkind = \"anthropic\"\nbase_url = \"http://127.0.0.1:9\"\n\
                  credentials = [{ file = \"/no/such/planted-directory/key\" }]";
    let app = TestApp::start(ccproxy::plugins::PLUGINS, &config(&stage.upstream.url(), "", broken)).await;
    let ask_at = async |path: &str| send(app.address(), &ask::request(path, false)).await;
    let no_credential = row(502, API, API, Some("upstream_auth"), "its operator");
    check(&ask_at("/broken/v1/messages").await, true, &no_credential);
    assert_eq!(ask_at("/claude/v1/messages").await.status, 200);

    let failing = Request::get("/plugins/broken/health");
    let health = eventually_answers(&app, &failing, |health| health.text().contains("cannot be read")).await;
    assert_eq!((health.status, health.json()["status"].as_str()), (503, Some("fail")));
    assert!(!health.text().contains("planted"), "no path of this machine: {}", health.text());
    let well = Request::get("/plugins/claude/health");
    eventually_answers(&app, &well, |health| health.json()["status"] == "pass").await;
    let ready = send(app.address(), &Request::get("/health/ready")).await;
    assert_eq!((ready.status, ready.json()["status"].as_str()), (200, Some("warn")), "{}", ready.text());
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_however_large_it_is() {
    // The client is still sending when the answer is made: the answer must reach it all the same.
    let stage = Stage::start("[server]\nbody_limit = '64KiB'\n[auth]\ntoken = 'client-secret-key'").await;
    let large = row(413, "request_too_large", INVALID, Some("request_too_large"), "send less");
    let no_key = row(401, "authentication_error", INVALID, Some("invalid_api_key"), "no key was sent");
    let nothing = row(404, "not_found_error", INVALID, Some("not_found"), "/docs");
    let post = |path: &str| Request::post(path, vec![b' '; 8 * 1024 * 1024]);
    for _ in 0..3 {
        let keyed = || post(ask::CHAT).header("x-api-key", "client-secret-key");
        check(&stage.send(&keyed()).await, false, &large);
        check(&stage.send(&keyed().chunked(vec![vec![b' '; 100_000]; 80])).await, false, &large);
        check(&stage.send(&post(ask::CHAT)).await, false, &no_key);
        check(&stage.send(&post("/v1/nothing")).await, false, &nothing);
    }
    // Whoever asks before it sends is told at once.
    let path = ask::CHAT;
    let asking =
        format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 9000000\r\nexpect: 100-continue\r\n\r\n");
    let mut conn = Conn::open(stage.app.address()).await;
    conn.write(asking.as_bytes()).await.unwrap();
    check(&conn.response(&Request::post("/", "")).await, false, &no_key);
}

#[tokio::test]
async fn whatever_is_refused_may_be_sent_to_its_end() {
    let stage = Stage::start("").await;
    let body = vec![b' '; 20 * 1024 * 1024];
    let many = |request: Request| (0..200).fold(request, |r, i| r.header(&format!("x-{i}"), "1"));
    let check = async |request: Request, status: u16| {
        // A client whose connection breaks while it sends never sees the reason.
        assert_eq!(stage.send(&request).await.status, status);
    };
    check(Request::post("/no-such-instance/v1/messages", body.clone()), 404).await;
    check(Request::post("/docs", body.clone()), 405).await;
    check(many(Request::post("/claude/v1/messages", body)), 431).await;
}
