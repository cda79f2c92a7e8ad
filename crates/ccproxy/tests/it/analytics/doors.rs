//! Who sees what happens, and what is wrong with a question.

use std::net::SocketAddr;

use super::keys;
use crate::support::{Request, Stage, send};

const PAGES: [&str; 9] = [
    "/api/overview",
    "/api/providers",
    "/api/keys",
    "/api/config",
    "/api/usage",
    "/api/requests",
    "/api/requests/some-id",
    "/api/requests/live",
    "/api/health/transitions",
];

/// The status of a page, without waiting for one that has no end.
async fn status(at: SocketAddr, path: &str, header: Option<(&str, &str)>) -> u16 {
    let request = header.iter().fold(Request::new("HEAD", path), |r, (name, value)| r.header(name, value));
    let answer = send(at, &request).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    assert!(answer.body.is_empty());
    answer.status
}

#[tokio::test]
async fn whoever_sees_details_sees_what_happens() {
    let dir = tempfile::tempdir().unwrap();
    let doors = "[management]\nport = 0\ntoken = { value = 'the-managers' }\n";
    let closed = format!("{doors}{}[health]\ndetails = 'authorized'\n", keys());
    let stage = Stage::keeping(dir.path(), &closed).await;
    for at in [stage.app.address(), stage.app.management()] {
        for path in PAGES {
            let found = if path.ends_with("some-id") { 404 } else { 200 };
            for (header, expect) in [
                (None, 401),
                (Some(("x-api-key", "nobodys-key")), 401),
                (Some(("x-api-key", "alices-key")), found),
                (Some(("authorization", "Bearer the-managers")), found),
            ] {
                // The store is opened beside the listener.
                crate::support::within(path, async {
                    while status(at, path, header).await != expect {
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    }
                })
                .await;
            }
            let refused = send(at, &Request::get(path)).await;
            assert_eq!(refused.header("vary"), Some("Authorization, X-Api-Key"), "{path}");
            assert_eq!(refused.json()["error"]["code"], "invalid_api_key", "{path}");
        }
    }
}

#[tokio::test]
async fn on_loopback_without_keys_everybody_does_but_no_web_page_of_another_site() {
    let stage = Stage::start("").await;
    let foreign = Request::get("/api/overview").header("origin", "https://evil.example");
    assert_eq!(stage.send(&foreign).await.status, 403);
    let seen = stage.send(&Request::get("/api/overview")).await;
    assert_eq!((seen.status, seen.header("vary")), (200, None));
}

#[tokio::test]
async fn other_methods_and_paths() {
    let stage = Stage::start("").await;
    for path in PAGES {
        let answer = stage.send(&Request::post(path, "{}")).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{path}");
    }
    for path in ["/api/", "/api/nonsense", "/api/usage/x", "/api/requests/"] {
        assert_eq!(stage.send(&Request::get(path)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn wrong_questions_are_told_what_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::keeping(dir.path(), "").await;
    super::when_kept(&stage, 0, "/").await;
    let check = async |query: &str, expect: &[&str]| {
        let answer = stage.send(&Request::get(&format!("/api/{query}"))).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        let error = &answer.json()["error"];
        assert_eq!(
            (&error["type"], &error["code"]),
            (&"invalid_request_error".into(), &"invalid_query".into())
        );
        for part in expect {
            assert!(error["message"].as_str().unwrap().contains(part), "{part} in {error}");
        }
    };
    check(
        "usage?bucket=second&since=soon",
        &["bucket: \"second\" is none of none, minute", "since: \"soon\" is no time"],
    )
    .await;
    check("usage?since=1h&until=2h", &["until must be after since"]).await;
    check("usage?since=3000d&bucket=hour", &["2000 steps"]).await;
    check("usage?group=colour", &["group: \"colour\" is none of model, served_model"]).await;
    check("usage?limit=3", &["limit: is no parameter here"]).await;
    check("requests?limit=1001", &["limit: \"1001\" is no whole number from 1 to 1000"]).await;
    check("requests?cursor=nonsense", &["cursor"]).await;
    check(
        "requests?ending=over&status=x",
        &["ending: \"over\" is none of done", "status: \"x\" is no status"],
    )
    .await;
    check("health/transitions?limit=0&key=a", &["limit: \"0\"", "key: is no parameter here"]).await;
}
