//! What need not be changed passes byte for byte, both ways.

use ccproxy_testkit::upstream::Script;

use crate::support::stage::{CLAUDE_KEY, CODEX_KEY, ask};
use crate::support::{Request, Stage};

/// Odd spacing, unknown fields, an escape, repeated white space: what re-serialising would lose.
const ODD: &str = "{ \"model\" :\t\"claude-x\",\"max_tokens\":9.0e0, \"n\\u00e9w\":[1 ,2],\r\n \
                   \"messages\":[{\"role\":\"user\",\"content\":\"h\\u0069 \u{1f600}\"}] , \"thinking\":null }\n";

#[tokio::test]
async fn method_path_query_and_body_arrive_as_sent() {
    let stage = Stage::start("").await;
    let check = async |request: Request, method: &str, target: &str, body: &str| {
        let (response, seen) = stage.pass(&request).await;
        assert_eq!((seen.method.as_str(), seen.path_and_query.as_str()), (method, target));
        assert_eq!(seen.body, body, "{target}");
        assert_eq!(response.status, 200, "{target}: {}", response.text());
    };
    let post = |target: &str, body: &str| Request::post(target, body);
    let chat = ask::body(ask::CHAT, "gpt-x", false);
    let responses = ask::body(ask::RESPONSES, "gpt-x", false);
    let embed = r#"{"model":"text-embedding-3-small","input":["a","b"],"encoding_format":"base64"}"#;
    let complete = r#"{"model":"gpt-x","prompt":"once"}"#;
    // Below an instance, with and without /v1.
    check(post("/claude/v1/messages?beta=true", ODD), "POST", "/v1/messages?beta=true", ODD).await;
    check(post("/claude/messages?a=%2F&&b", ODD), "POST", "/v1/messages?a=%2F&&b", ODD).await;
    let count = "/v1/messages/count_tokens?beta=true";
    check(post("/claude/v1/messages/count_tokens?beta=true", ODD), "POST", count, ODD).await;
    check(post("/codex/v1/chat/completions", &chat), "POST", "/v1/chat/completions", &chat).await;
    check(post("/local/v1/chat/completions", &chat), "POST", "/v1/chat/completions", &chat).await;
    check(post("/codex/responses", &responses), "POST", "/v1/responses", &responses).await;
    check(post("/codex/v1/embeddings", embed), "POST", "/v1/embeddings", embed).await;
    check(post("/codex/v1/completions", complete), "POST", "/v1/completions", complete).await;
    check(Request::get("/codex/v1/models?limit=5"), "GET", "/v1/models?limit=5", "").await;
    check(Request::get("/codex/v1/models/gpt-5.4"), "GET", "/v1/models/gpt-5.4", "").await;
    let stored = "/v1/responses/resp_1?include=x";
    check(Request::get("/codex/v1/responses/resp_1?include=x"), "GET", stored, "").await;
    check(Request::new("DELETE", "/codex/v1/responses/resp_1"), "DELETE", "/v1/responses/resp_1", "").await;
    // The unified root finds the instance by model.
    check(post("/v1/messages?beta=true", ODD), "POST", "/v1/messages?beta=true", ODD).await;
    check(post("/api/v1/messages", ODD), "POST", "/v1/messages", ODD).await;
    check(post("/v1/chat/completions", &chat), "POST", "/v1/chat/completions", &chat).await;
    check(post("/api/v1/responses", &responses), "POST", "/v1/responses", &responses).await;
    check(post("/v1/embeddings", embed), "POST", "/v1/embeddings", embed).await;
    check(Request::get("/v1/models/gpt-5.4"), "GET", "/v1/models/gpt-5.4", "").await;
}

#[tokio::test]
async fn which_request_headers_pass() {
    let stage = Stage::start("").await;
    let sent = [
        ("x-api-key", "client-key"),
        ("authorization", "Bearer client-token"),
        ("proxy-authorization", "Basic client-proxy"),
        ("cookie", "client=cookie"),
        ("connection", "keep-alive, X-Named"),
        ("x-named", "for the proxy alone"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("accept-encoding", "gzip, br"),
        ("anthropic-beta", "a-2026-01-01,b-2026-02-02"),
        ("anthropic-beta", "c-2026-03-03"),
        ("anthropic-version", "2026-10-21"),
        ("openai-beta", "responses=v1"),
        ("x-claude-code-session-id", "s-1"),
        ("x-stainless-retry-count", "2"),
        ("idempotency-key", "i-1"),
        ("user-agent", "tester/1"),
        ("x-app", "cli"),
        ("x-ccproxy-simulate", "for the simulator alone"),
    ];
    let request =
        sent.iter().fold(ask::request(ask::MESSAGES, false), |r, (name, value)| r.header(name, value));
    let (_, seen) = stage.pass(&request).await;
    let all = |name: &str| -> Vec<&str> {
        let of_name = seen.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.as_str()).collect()
    };
    let check = |name: &str, expect: &[&str]| assert_eq!(all(name), expect, "{name}");
    check("x-api-key", &[CLAUDE_KEY]);
    for gone in [
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-named",
        "keep-alive",
        "te",
        "accept-encoding",
        "x-ccproxy-simulate",
    ] {
        check(gone, &[]);
    }
    check("anthropic-beta", &["a-2026-01-01,b-2026-02-02", "c-2026-03-03"]);
    check("anthropic-version", &["2026-10-21"]);
    check("openai-beta", &["responses=v1"]);
    check("x-claude-code-session-id", &["s-1"]);
    check("x-stainless-retry-count", &["2"]);
    check("idempotency-key", &["i-1"]);
    check("user-agent", &["tester/1"]);
    check("x-app", &["cli"]);
    check("content-type", &["application/json"]);
    let host = stage.upstream.addr().to_string();
    check("host", &[host.as_str()]);
    let length = seen.body.len().to_string();
    check("content-length", &[length.as_str()]);
    assert!(!format!("{:?}", seen.headers).contains("client-"), "{:?}", seen.headers);

    // OpenAI's key travels as a bearer token, and replaces whatever the client showed; without one none is sent.
    let keyed = ask::request(ask::CHAT, false).header("x-api-key", "client-key");
    let (_, seen) = stage.pass(&keyed).await;
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {CODEX_KEY}").as_str()));
    assert_eq!(seen.header("x-api-key"), None);
    let keyless =
        ask::request("/local/v1/chat/completions", false).header("authorization", "Bearer client-key");
    let (_, seen) = stage.pass(&keyless).await;
    assert_eq!(seen.header("authorization"), None);
}

#[tokio::test]
async fn what_has_to_be_read_is_asked_for_uncompressed() {
    let stage = Stage::start("").await;
    for request in [
        ask::request(ask::CHAT, true),
        Request::get("/codex/v1/models"),
        Request::get("/codex/v1/models/gpt-5.4"),
    ] {
        let (_, seen) = stage.pass(&request.header("accept-encoding", "gzip")).await;
        assert_eq!(seen.header("accept-encoding"), None, "{}", seen.path_and_query);
    }
}

#[tokio::test]
async fn status_headers_and_bytes_come_back() {
    let stage = Stage::start("").await;
    let body = "{\"odd\" : 1.50,\r\n\"model\":\"claude-x\" }";
    let script = Script::whole(202, body)
        .header("x-ratelimit-remaining-tokens", "17")
        .header("retry-after", "3")
        .header("x-should-retry", "true")
        .header("set-cookie", "a=b")
        .header("x-odd", "a;b, c")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("request-id", "req_42");
    let response = stage.scripted(script, &ask::request(ask::MESSAGES, false)).await;
    assert_eq!((response.status, response.text().as_str()), (202, body));
    let check = |name: &str, expect: Option<&str>| assert_eq!(response.header(name), expect, "{name}");
    check("x-ratelimit-remaining-tokens", Some("17"));
    check("retry-after", Some("3"));
    check("x-should-retry", Some("true"));
    check("set-cookie", Some("a=b"));
    check("x-odd", Some("a;b, c"));
    check("request-id", Some("req_42"));
    check("content-type", Some("application/json"));
    check("content-length", Some(body.len().to_string().as_str()));
    check("x-hop", None);
    assert!(response.header("x-request-id").is_some_and(|id| !id.is_empty()));
}

#[tokio::test]
async fn whose_request_id() {
    let stage = Stage::start("").await;
    let id = |response: &crate::support::Response| response.header("x-request-id").unwrap().to_owned();
    let (response, _) = stage.pass(&ask::request(ask::CHAT, false).header("x-request-id", "mine-1")).await;
    assert_eq!(id(&response), "mine-1");
    let (response, _) = stage.pass(&ask::request(ask::CHAT, false)).await;
    assert_eq!(id(&response), "req_scripted0001", "the provider's own, where the client sent none");
    let response = stage.send(&Request::get("/nothing-here").header("x-request-id", "two words")).await;
    assert!(!id(&response).contains(' '));
}

#[tokio::test]
async fn models_in_both_shapes() {
    let stage = Stage::start("").await;
    let check = async |path: &str, anthropic: bool, pointer: &str, expect: &str| {
        let mut request = Request::get(path);
        if anthropic {
            request = request.header("anthropic-version", "2023-06-01");
        }
        let response = stage.send(&request).await;
        assert_eq!(
            (response.status, response.header("content-type")),
            (200, Some("application/json")),
            "{path}"
        );
        let found = response.json().pointer(pointer).map(ToString::to_string);
        assert_eq!(found.as_deref(), Some(expect), "{path} {anthropic}: {}", response.text());
    };
    check("/claude/v1/models?limit=1000", true, "/data/0/display_name", "\"Claude Opus 5.5\"").await;
    check("/claude/v1/models", true, "/has_more", "false").await;
    check("/claude/v1/models", false, "/object", "\"list\"").await;
    check("/claude/v1/models", false, "/data/0/object", "\"model\"").await;
    check("/codex/v1/models", false, "/data/0/id", "\"gpt-5.4\"").await;
    check("/claude/v1/models/claude-sonnet-5", true, "/display_name", "\"Claude Sonnet 5\"").await;
    check("/claude/v1/models/claude-sonnet-5", false, "/object", "\"model\"").await;
    check("/codex/v1/models/gpt-5.4", false, "/owned_by", "\"scripted\"").await;
    // The unified list holds each model under the name that leads to it.
    let list = stage.send(&Request::get("/v1/models")).await.json();
    let ids: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"claude-sonnet-5") && ids.contains(&"gpt-5.4"), "{ids:?}");
    let list = stage.send(&Request::get("/v1/models").header("anthropic-version", "2023-06-01")).await.json();
    assert_eq!(list["has_more"], false);
    assert_eq!(list["data"].as_array().unwrap().len(), ids.len());
}

#[tokio::test]
async fn claude_code_says_hello_and_who_asks_for_no_socket_is_told() {
    let stage = Stage::start("").await;
    for path in ["/api/hello", "/claude/api/hello"] {
        let response = stage.send(&Request::new("HEAD", path)).await;
        assert_eq!(response.status, 200, "{path}");
    }
    let response = stage.send(&Request::get("/codex/v1/responses")).await;
    assert_eq!(response.status, 426);
    assert_eq!(response.json()["error"]["code"], "websocket_required");
    assert!(stage.upstream.requests().is_empty(), "none of it is the provider's business");
}
