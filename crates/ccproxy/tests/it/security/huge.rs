//! Requests as long as the limits let them be; that the work grows no faster than they do, the tests of `translate` show.

use ccproxy_testkit::upstream::Script;

use super::{PAIRS, body, stage};
use crate::support::Request;

const MANY: usize = 10_000;

#[tokio::test]
async fn lists() {
    let stage = stage("").await;
    let many = |one: &dyn Fn(usize) -> String| (0..MANY).map(one).collect::<Vec<_>>().join(",");
    let tools = many(&|n| format!(r#"{{"type":"function","name":"t{n}","function":{{"name":"t{n}"}}}}"#));
    let fields = many(&|n| format!(r#""unknown-field-{n}":1"#));
    for (path, _) in PAIRS {
        // Anthropic has no such type, and every provider takes its word for what it is.
        let tools = if path.ends_with("messages") {
            tools.replace(r#""type":"function","#, "")
        } else {
            tools.clone()
        };
        for more in [format!(r#","tools":[{tools}]"#), format!(",{fields}")] {
            // A provider that does not read it.
            stage.upstream.script(Script::error(429));
            let (answer, seen) = stage.pass(&Request::post(path, body(path, &more))).await;
            assert_eq!(answer.status, 429, "{path}: {:.300}", answer.text());
            assert!(seen.body.len() < 4 * more.len(), "{path}: it has grown to {}", seen.body.len());
            let head: usize = answer.headers.iter().map(|(_, value)| value.len()).sum();
            assert!(head < 8192, "{path}: a head of {head} bytes");
        }
    }
}

#[tokio::test]
async fn heads() {
    let stage = stage("").await;
    let check = async |request: Request, expect: u16| {
        assert_eq!(stage.send(&request).await.status, expect);
    };
    let ask = || Request::post("/codex/v1/responses", body("/responses", ""));
    check((0..10_000).fold(ask(), |request, n| request.header(&format!("x{n}"), "1")), 431).await;
    check(ask().header("x-long", &"x".repeat(1_000_000)), 431).await;
    check(ask().header(&"x".repeat(70_000), "1"), 431).await;
    check(ask().header("authorization", &format!("Bearer {}", "k".repeat(50_000))), 200).await;
    check(ask().header("connection", &"a,".repeat(20_000)), 200).await;
    assert_eq!(stage.upstream.requests().len(), 2);
}
