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
            // At the port that serves her, Alice's key is for her calls.
            let alice = if at == stage.app.address() { 403 } else { found };
            for (header, expect) in [
                (None, 401),
                (Some(("x-api-key", "nobodys-key")), 401),
                (Some(("x-api-key", "alices-key")), alice),
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
async fn where_clients_show_keys_being_on_this_machine_shows_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let key_file = dir.path().join("keys.toml");
    std::fs::write(&key_file, "").unwrap();
    let token = "[auth]\ntoken = { value = 'the-token' }\n";
    let file = format!("[auth]\nkey_file = {key_file:?}\n");
    let told = "show the management token or auth.token";
    for (auth, details) in [(token, "auto"), (&*keys(), "auto"), (&*file, "auto"), (&*keys(), "always")] {
        let toml = format!("[management]\nport = 0\n{auth}[health]\ndetails = '{details}'\n");
        let stage = Stage::start(&toml).await;
        let (main, management) = (stage.app.address(), stage.app.management());
        for path in PAGES {
            assert_eq!(status(main, path, None).await, 401, "{toml} {path}");
            assert_ne!(status(management, path, None).await, 401, "{toml} {path}");
        }
        let refused = send(main, &Request::get("/api/overview")).await;
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        assert_eq!(refused.header("vary"), Some("Authorization, X-Api-Key"));
        assert!(refused.text().contains("management.token"), "{}", refused.text());
        // What health tells whom is another matter.
        assert_eq!(send(main, &Request::get("/health/history")).await.status, 200);
        if auth == keys() {
            let alice = Request::get("/api/keys").header("x-api-key", "alices-key");
            let refused = send(main, &alice).await;
            assert_eq!(refused.status, 403);
            assert!(refused.text().contains(told), "{}", refused.text());
        }
    }
    let stage = Stage::start(token).await;
    for header in [("authorization", "Bearer the-token"), ("x-api-key", "the-token")] {
        assert_eq!(status(stage.app.address(), "/api/keys", Some(header)).await, 200);
    }
    // Who wants details guarded gets them guarded, keys or none.
    let stage = Stage::start("[health]\ndetails = 'authorized'\n").await;
    assert_eq!(status(stage.app.address(), "/api/keys", None).await, 401);
}

/// The paths on which a name decides, with the status that they have for whoever calls us right.
const NAMED: [(&str, &str, u16); 6] = [
    ("GET", "/api/overview", 200),
    ("GET", "/api/nonsense", 404),
    ("GET", "/dashboard/", 200),
    ("POST", "/drain", 200),
    ("POST", "/undrain", 200),
    ("POST", "/reload", 503),
];

#[tokio::test]
async fn a_name_that_is_anybodys_opens_nothing() {
    let stage = Stage::start("[server]\nallowed_hosts = ['CCProxy.lan']\n[management]\nport = 0\n").await;
    let (main, management) = (stage.app.address(), stage.app.management());
    for (method, path, good) in NAMED {
        for at in [main, management] {
            let good = if at == main && method == "POST" { 403 } else { good };
            for (host, expect) in [
                ("127.0.0.1", good),
                ("localhost:8000", good),
                ("ui.localhost", good),
                ("[::1]:1", good),
                ("ccproxy.lan:8000", good),
                ("evil.example", 421),
                ("localhost.evil.example", 421),
                ("evil.ccproxy.lan", 421),
            ] {
                let request = Request::new(method, path).host(host);
                // That a page is its own server's is no reason to trust it.
                for request in [request.clone(), request.header("origin", &format!("http://{host}"))] {
                    let answer = send(at, &request).await;
                    assert_eq!(answer.status, expect, "{host} {path} at {at}: {}", answer.text());
                    assert!(expect != 421 || answer.text().contains("server.allowed_hosts"));
                }
            }
            let nameless = send(at, &Request::new(method, path).http10()).await;
            assert_eq!(nameless.status, good, "{path} at {at}");
        }
    }
    // Probes and clients call us as they like.
    for path in ["/health", "/livez", "/metrics", "/plugins", "/v1/models"] {
        assert_eq!(send(main, &Request::get(path).host("evil.example")).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn an_order_comes_from_our_own_page_or_from_none() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("m.sock");
    let doors = format!("[management]\nport = 0\nsocket = {socket:?}\ntoken = {{ value = 'm' }}\n");
    let stage = Stage::start(&format!("[server]\nallowed_hosts = ['ccproxy.lan']\n{doors}")).await;
    for at in [stage.app.address(), stage.app.management()] {
        for (method, path, good) in NAMED {
            if method == "GET" {
                continue;
            }
            let own = at.to_string();
            for (host, origin, expect) in [
                (&*own, format!("http://{own}"), good),
                ("ccproxy.lan", "https://ccproxy.lan".to_owned(), good),
                (&*own, "http://127.0.0.1:1".to_owned(), 403),
                (&*own, "http://evil.example".to_owned(), 403),
                (&*own, "null".to_owned(), 403),
                ("evil.example", "http://evil.example".to_owned(), 421),
            ] {
                let order = Request::post(path, "").host(host).header("origin", &origin);
                let manager = order.clone().header("authorization", "Bearer m");
                assert_eq!(send(at, &manager).await.status, expect, "{path} {host} {origin}");
                let nobody = if expect == good { 403 } else { expect };
                assert_eq!(send(at, &order).await.status, nobody, "{path} {host} {origin}");
            }
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
