//! An operator's orders.

use ccproxy_health::Phase;
use ccproxy_health_server::Details;

use crate::support::{Service, ask};

const ORDER: (&str, &str) = ("authorization", "Bearer order");
const SEE: (&str, &str) = ("authorization", "Bearer see");

#[tokio::test]
async fn orders() {
    let service = Service::start();
    let pages = service.pages(Details::Always);
    let check = async |method: &str, path: &str, headers: &[(&str, &str)], status: u16, body: &str, phase| {
        let reply = ask(&pages, method, path, headers).await;
        assert_eq!(reply.status, status, "{method} {path} {headers:?}: {}", reply.body);
        assert!(reply.body.contains(body), "{method} {path} {headers:?}: {}", reply.body);
        assert_eq!(reply.header("content-type"), Some("application/json"), "{method} {path}");
        assert_eq!(service.health.phase(), phase, "{method} {path} {headers:?}");
        reply
    };
    for headers in [&[][..], &[SEE]] {
        check("POST", "/drain", headers, 403, "management token, or use the management socket", Phase::Ready)
            .await;
    }
    let origin = |origin| ("origin", origin);
    for foreign in ["http://127.0.0.1", "https://evil.example", "null"] {
        let headers = [ORDER, ("host", "127.0.0.1:1"), origin(foreign)];
        check("POST", "/drain", &headers, 403, "web page of another site", Phase::Ready).await;
    }
    for (method, page) in [("POST", None), ("POST", Some("http://evil.example")), ("GET", None)] {
        let headers: Vec<_> = [ORDER, ("host", "evil.example")].into_iter().chain(page.map(origin)).collect();
        check(method, "/drain", &headers, 421, "server.allowed_hosts", Phase::Ready).await;
    }
    // Its own page needs what everybody does.
    let own = [("host", "ops.example:1"), origin("http://ops.example:1")];
    check("POST", "/undrain", &own, 403, "management token", Phase::Ready).await;
    check("POST", "/undrain", &[ORDER, own[0], own[1]], 200, "ready", Phase::Ready).await;
    for method in ["GET", "HEAD", "OPTIONS", "PUT"] {
        let reply = check(method, "/drain", &[ORDER], 405, "", Phase::Ready).await;
        assert_eq!(reply.header("allow"), Some("POST"));
    }
    check("POST", "/undrain", &[ORDER], 200, r#"{"phase":"ready"}"#, Phase::Ready).await;
    for _ in 0..2 {
        check("POST", "/drain", &[ORDER], 200, r#"{"phase":"draining"}"#, Phase::Draining).await;
    }
    assert_eq!(ask(&pages, "GET", "/health/ready", &[]).await.status, 503);
    check("POST", "/undrain", &[SEE], 403, "management token", Phase::Draining).await;
    for _ in 0..2 {
        check("POST", "/undrain/", &[ORDER], 200, r#"{"phase":"ready"}"#, Phase::Ready).await;
    }
    service.health.drain();
    check("POST", "/drain", &[ORDER], 200, r#"{"phase":"draining"}"#, Phase::Draining).await;
    check("POST", "/undrain", &[ORDER], 409, "shutting down", Phase::Draining).await;
    service.end().await;
}
