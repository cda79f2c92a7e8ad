//! Where a request goes is the operator's to say, whatever its target and its headers are.

use ccproxy_testkit::ScriptedUpstream;

use super::stage;
use crate::support::stage::ask;
use crate::support::{Request, Stage};

#[tokio::test]
async fn no_path_leaves_its_folder() {
    let stage = stage("").await;
    let check = async |target: &str, expect: &str| {
        stage.upstream.reset();
        let answer = stage.send(&Request::get(target)).await;
        let seen: Vec<String> =
            stage.upstream.requests().into_iter().map(|seen| seen.path_and_query).collect();
        let expect: &[&str] = if expect.is_empty() { &[] } else { &[expect] };
        assert_eq!(seen, expect, "{target}: {}", answer.text());
        assert!(!expect.is_empty() || answer.status == 404, "{target}: {}", answer.status);
    };
    for target in [
        "/codex/v1/../../admin",
        "/codex/v1/../v1/models",
        "/codex/../claude/v1/models",
        "/codex/./v1/models",
        "/codex//v1/models",
        "//codex/v1/models",
        "/codex/v1//models",
        "/codex/v1//evil.example",
        "/codex/v1/@evil.example/models",
        "/codex%2fv1/models",
        "/codex/v1%2fmodels",
        "/%63odex/v1/models",
        "/api/../codex/v1/models",
        "/codex/v1/v1/models",
        "/codex/v1/models/../../admin",
        "/codex/v1/models/%2e%2e/admin",
        "/codex/v1/models/.%2E/admin",
        "/codex/v1/models/%252e%252e%252fadmin",
        "/codex/v1/models/..%2f..%2fadmin",
        "/codex/v1/models/..%5cadmin",
        "/codex/v1/models/..;/admin",
        "/codex/v1/models/%c0%ae%c0%ae/admin",
        "/codex/v1/models//evil.example",
        "/codex/v1/models/a%0d%0ax-evil:%201",
        "/codex/v1/models/a%00",
        "/codex/v1/models/..?x=1",
        "/v1/models/gpt-x/../../admin",
        "/newer/v1/responses/..",
        "/newer/v1/responses/a/../../admin",
        "/newer/v1/responses/a%2fcancel",
        "/newer/v1/responses/a%252fcancel",
        "/newer/v1/responses/%2e%2e%2fmodels",
    ] {
        check(target, "").await;
    }
    check("/codex/v1/models?a=%2f..%2f..", "/v1/models?a=%2f..%2f..").await;
    check("/codex/v1/models/@evil.example", "/v1/models/@evil.example").await;
    check("/codex/v1/models/meta%2Fllama", "/v1/models/meta%2Fllama").await;
    check("/codex/v1/models/a#b", "/v1/models/a").await;
    check("/newer/v1/responses/a?x=/../..", "/v1/responses/a?x=/../..").await;
}

#[tokio::test]
async fn no_request_names_its_own_provider() {
    let stage = Stage::start("").await;
    let evil = ScriptedUpstream::start().await.unwrap();
    let (host, ours) = (evil.addr().to_string(), stage.upstream.addr().to_string());
    let headers = [
        "forwarded",
        "x-forwarded-host",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-server",
        "x-host",
        "x-original-url",
        "x-rewrite-url",
        "x-http-method-override",
        "proxy-connection",
        "x-upstream",
        "x-target",
        "x-base-url",
        "referer",
    ];
    for path in ask::ALL {
        for target in [path.to_owned(), format!("http://{host}{path}"), format!("https://{host}{path}")] {
            let mut wire = format!("POST {target} HTTP/1.1\r\nhost: {host}\r\n");
            for name in headers {
                wire.push_str(&format!("{name}: http://{host}/\r\n"));
            }
            let model = if path == ask::MESSAGES { "claude-x" } else { "gpt-x" };
            let body = ask::body(path, model, false);
            wire.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()));
            let mut conn = crate::support::Conn::open(stage.app.address()).await;
            conn.write(wire.as_bytes()).await.unwrap();
            let answer = conn.response(&Request::post(path, "")).await;
            assert_eq!(answer.status, 200, "{target}: {}", answer.text());
            let seen = stage.upstream.requests().pop().unwrap();
            assert_eq!(seen.header("host"), Some(ours.as_str()), "{target}");
            assert!(path.ends_with(seen.path()), "{target}: {}", seen.path());
        }
    }
    assert_eq!(stage.upstream.requests().len(), 9);
    for target in
        [format!("http://{host}/__requests"), format!("http://{host}"), format!("http://{host}@x/v1/models")]
    {
        let answer = stage.send(&Request::get(&target)).await;
        assert!(matches!(answer.status, 200 | 400 | 404), "{target}: {}", answer.status);
    }
    assert!(evil.requests().is_empty(), "{:?}", evil.requests());
}
