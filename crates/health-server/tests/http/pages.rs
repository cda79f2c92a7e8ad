//! What the pages say, and to whom.

use ccproxy_health::{Outcome, Scope};
use ccproxy_health_server::{Details, Pages, PagesOptions};
use http::Method;
use serde_json::{Value, json};

use crate::support::{LIVE, SEED_CACHE, Service, ask};

const SEE: &[(&str, &str)] = &[("authorization", "Bearer see")];

fn value(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[tokio::test]
async fn warnings() {
    let service = Service::start();
    service.disk(Outcome::warn("almost full")).await;
    let pages = service.pages(Details::Always);
    for path in ["/health", "/health/checks/disk", "/healthz", "/healthz?verbose"] {
        let reply = ask(&pages, "GET", path, &[]).await;
        assert_eq!((reply.status, reply.header("x-envoy-degraded")), (200, Some("1")), "{path}");
        assert_eq!(reply.header("retry-after"), None, "{path}");
    }
    for path in ["/health/live", "/health?exclude=disk", "/health?x=&exclude=di%73k"] {
        let reply = ask(&pages, "GET", path, &[]).await;
        assert_eq!((reply.status, reply.header("x-envoy-degraded")), (200, None), "{path}");
    }
    let plain = Pages::new(
        service.health.clone(),
        PagesOptions { details: Details::Always, envoy_degraded: false, ..PagesOptions::default() },
    );
    assert_eq!(ask(&plain, "GET", "/health", &[]).await.header("x-envoy-degraded"), None);
    assert!(plain.find(&Method::GET, "/metrics").is_none(), "no registry, no page");
    service.end().await;
}

#[tokio::test]
async fn components() {
    let service = Service::start();
    service.disk(Outcome::fail("full")).await;
    let pages = service.pages(Details::Always);
    let reply = ask(&pages, "GET", "/health/checks/disk", &[]).await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), Some("5"));
    assert_eq!(value(&reply.body)["checks"]["disk"][0]["output"], "full");
    let own = ask(&pages, "GET", "/health/checks/service_container", &[]).await;
    assert_eq!(own.status, 200);

    let check = async |path: &str, body: &str| {
        let reply = ask(&pages, "GET", path, &[]).await;
        assert_eq!((reply.status, &*reply.body), (404, body), "{path}");
    };
    let unknown =
        r#"{"status":"fail","output":"no such plugin or component; GET /health shows what there is"}"#;
    check("/health/checks/nothing", unknown).await;
    check("/plugins/nobody/health", unknown).await;
    check("/plugins/nobody/health/upstream", unknown).await;
    check("/plugins/claude/health/disk", unknown).await;
    check("/readyz/nothing", "no such check\n").await;
    service.end().await;
}

#[tokio::test]
async fn text() {
    let service = Service::start();
    service.disk(Outcome::fail("full")).await;
    let pages = service.pages(Details::Always);
    let check = async |path: &str, status: u16, contains: &str| {
        let reply = ask(&pages, "GET", path, &[]).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
        assert!(reply.body.contains(contains), "{path}: {}", reply.body);
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
    };
    check("/livez", 200, "ok").await;
    check("/readyz", 200, "ok").await;
    check("/readyz?verbose", 200, "disk").await;
    check("/readyz?verbose&exclude=disk", 200, "disk excluded: ok").await;
    // Here a warning; asked alone, as bad as it is.
    check("/healthz?verbose", 200, "[+]disk warn: full").await;
    check("/healthz/disk", 503, "[-]disk failed: full").await;
    check("/readyz/claude/upstream", 200, "ok").await;
    check("/readyz/claude%2Fupstream", 200, "ok").await;
    service.health.drain();
    check("/readyz", 503, "readyz check failed").await;
    check("/readyz/phase", 503, "[-]phase failed").await;
    check("/livez", 200, "ok").await;
    service.end().await;
}

#[tokio::test]
async fn who_sees_what() {
    let service = Service::start();
    service.disk(Outcome::fail("full")).await;
    let (status, anonymous) = (service.pages(Details::Status), service.pages(Details::Authorized));

    for pages in [&status, &anonymous] {
        let reply = ask(pages, "GET", "/health", SEE).await;
        assert!(reply.body.contains("full"), "{}", reply.body);
        assert_eq!(reply.header("vary"), Some("Authorization, X-Api-Key"));
        let alone = ask(pages, "GET", "/health/checks/disk", &[]).await;
        assert_eq!((alone.status, &*alone.body), (503, r#"{"status":"fail"}"#));
        for path in ["/health/history", "/health/events", "/metrics"] {
            let reply = ask(pages, "GET", path, &[]).await;
            assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")), "{path}");
        }
        for path in ["/health/history", "/metrics"] {
            assert_eq!(ask(pages, "GET", path, SEE).await.status, 200, "{path}");
        }
        let list = ask(pages, "GET", "/healthz?verbose", &[]).await;
        assert!(!list.body.contains("disk"), "{}", list.body);
    }
    assert_eq!(ask(&status, "GET", "/health/live", &[]).await.body, r#"{"status":"pass"}"#);
    let reply = ask(&anonymous, "GET", "/health", &[]).await;
    assert_eq!(reply.header("vary"), Some("Authorization, X-Api-Key"));
    assert!(!reply.body.contains("disk"), "{}", reply.body);
    assert_eq!(ask(&anonymous, "GET", "/health/live", &[]).await.body, LIVE);

    let open = service.pages(Details::Always);
    let reply = ask(&open, "GET", "/health", &[]).await;
    assert_eq!(reply.header("vary"), None);
    assert!(reply.body.contains("full"));
    service.end().await;
}

#[tokio::test]
async fn history() {
    let service = Service::start();
    service.disk(Outcome::pass()).await;
    service.disk(Outcome::fail("full")).await;
    let reply = ask(&service.pages(Details::Always), "GET", "/health/history", &[]).await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("cache-control"), Some(SEED_CACHE));
    let history = value(&reply.body);
    let steps: Vec<_> =
        history["transitions"].as_array().unwrap().iter().map(|step| (&step["from"], &step["to"])).collect();
    assert_eq!(steps, [(&json!("unknown"), &json!("pass")), (&json!("pass"), &json!("fail"))]);
    service.end().await;
}

#[tokio::test]
async fn freshness() {
    let service = Service::ietf();
    service.disk(Outcome::pass()).await;
    let pages = service.pages(Details::Always);
    let check = async |method: &str, path: &str, tag: &str, status: u16, body: bool| {
        let reply = ask(&pages, method, path, &[("if-none-match", tag)]).await;
        assert_eq!((reply.status, !reply.body.is_empty()), (status, body), "{method} {path} {tag}");
        reply
    };
    for path in ["/health/live", "/health/ready", "/health"] {
        let reply = check("GET", path, "W/\"other\"", 200, true).await;
        let tag = reply.header("etag").unwrap_or_else(|| panic!("no tag on {path}: {}", reply.head));
        assert!(reply.header("cache-control").unwrap().starts_with("private, max-age="), "{}", reply.head);
        let same = check("GET", path, &format!("\"a\", {tag}"), 304, false).await;
        assert_eq!(same.header("etag"), Some(tag), "{path}");
        assert_eq!(same.header("cache-control"), reply.header("cache-control"), "{path}");
        check("HEAD", path, tag, 304, false).await;
        check("OPTIONS", path, tag, 200, true).await;
        check("GET", path, "*", 304, false).await;
    }
    service.health.drain();
    let failed = check("GET", "/health/ready", "*", 503, true).await;
    assert_eq!((failed.header("etag"), failed.header("cache-control")), (None, Some(SEED_CACHE)));
    service.end().await;

    let seed = Service::start();
    let reply = ask(&seed.pages(Details::Always), "GET", "/health/live", &[("if-none-match", "*")]).await;
    assert_eq!((reply.status, reply.header("etag")), (200, None), "the seed's answers are never kept");
    assert!(seed.health.snapshot().find(&Scope::Core, "disk").is_some());
    seed.end().await;
}
