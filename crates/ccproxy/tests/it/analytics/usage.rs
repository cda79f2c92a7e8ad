//! The figures are those of what was done.

use ccproxy_testkit::upstream::Script;
use serde_json::json;

use super::{keys, when_kept};
use crate::support::client::MANAGER;
use crate::support::stage::ask;
use crate::support::{Request, Stage};

/// Two whole answers to alice, a stream to bob, a failure of the provider and one of the client.
async fn stage(dir: &tempfile::TempDir) -> Stage {
    let stage = Stage::keeping(dir.path(), &format!("{MANAGER}{}", keys())).await;
    let by = |request: Request, key: &str| request.header("x-api-key", key);
    for _ in 0..2 {
        let answer = stage.send(&by(ask::request(ask::MESSAGES, false), "alices-key")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let stream = stage.send(&by(ask::request(ask::CHAT, true), "bobs-key")).await;
    assert_eq!(stream.status, 200, "{}", stream.text());
    let broken = stage.scripted(Script::error(500), &by(ask::request(ask::CHAT, false), "bobs-key")).await;
    assert_eq!(broken.status, 500);
    let nobody = Request::post("/v1/messages", ask::body("/v1/messages", "nobody-has-this", false));
    assert_eq!(stage.send(&nobody).await.status, 401);
    stage
}

#[tokio::test]
async fn figures_are_of_what_was_done() {
    let dir = tempfile::tempdir().unwrap();
    let stage = stage(&dir).await;
    let usage = when_kept(&stage, 5, "/api/usage?since=1h&group=provider,key").await;
    assert_eq!(usage.header("content-type"), Some("application/json"));
    let usage = usage.json();
    let total = &usage["total"];
    for (figure, expect) in [("requests", 5), ("failed", 2), ("client_gone", 0), ("attempts", 4)] {
        assert_eq!(total[figure], expect, "{figure}: {total}");
    }
    assert_eq!(total["faults"], json!({"client": 1, "us": 0, "upstream": 1}));
    // Tokens are what the provider counted, as the records have it.
    let records = stage.send(&Request::get("/api/requests?since=1h").managing()).await.json();
    let records = records["requests"].as_array().unwrap();
    assert_eq!(records.len(), 5);
    let sum = |path: &str| records.iter().filter_map(|record| record.pointer(path)?.as_u64()).sum::<u64>();
    assert!(sum("/tokens/input") > 0 && sum("/tokens/output") > 0);
    for kind in ["input", "output", "cache_read", "cache_write", "reasoning"] {
        assert_eq!(total["tokens"][kind], sum(&format!("/tokens/{kind}")), "{kind}");
    }
    assert_eq!(total["request_bytes"], sum("/request_bytes"));
    assert_eq!(total["response_bytes"], sum("/response_bytes"));
    let longest = records.iter().filter_map(|record| record["duration_ms"].as_f64()).fold(0.0, f64::max);
    assert_eq!(total["duration_ms"]["max"], longest);
    let rows = usage["rows"].as_array().unwrap();
    let of = |provider: &str, key: serde_json::Value| {
        let row = rows.iter().find(|row| row["provider"] == provider && row["key"] == key);
        row.map(|row| (row["requests"].as_u64().unwrap(), row["failed"].as_u64().unwrap()))
    };
    assert_eq!(of("claude", json!("alice")), Some((2, 0)));
    assert_eq!(of("codex", json!("bob")), Some((2, 1)));
    assert!(rows.iter().any(|row| row["provider"].is_null() && row["requests"] == 1), "{rows:?}");
}

#[tokio::test]
async fn filters_steps_and_csv() {
    let dir = tempfile::tempdir().unwrap();
    let stage = stage(&dir).await;
    when_kept(&stage, 5, "/").await;
    let requests = async |query: &str| {
        let answer = stage.send(&Request::get(&format!("/api/usage?since=1h&{query}")).managing()).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()["total"]["requests"].as_u64().unwrap()
    };
    assert_eq!(requests("key=alice").await, 2);
    assert_eq!(requests("key=alice&key=bob").await, 4);
    assert_eq!(requests("key=bob&ending=failed").await, 1);
    assert_eq!(requests("fault=upstream").await, 1);
    assert_eq!(requests("status=200&provider=codex").await, 1);
    assert_eq!(requests("model=claude-x&min_duration_ms=0").await, 2);
    assert_eq!(requests("min_duration_ms=3600000").await, 0);
    assert_eq!(requests("key=nobody").await, 0);
    let steps = stage.send(&Request::get("/api/usage?since=1h&bucket=minute").managing()).await.json();
    let rows = steps["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["start"].as_str().unwrap().ends_with(":00Z")), "{rows:?}");
    assert_eq!(rows.iter().map(|row| row["requests"].as_u64().unwrap()).sum::<u64>(), 5);
    let csv = stage.send(&Request::get("/api/usage?since=1h&group=key&format=csv").managing()).await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = csv.text();
    let mut lines = text.split("\r\n");
    assert!(lines.next().unwrap().starts_with("key,requests,failed,"), "{text}");
    let mut rows: Vec<String> = lines
        .filter(|line| !line.is_empty())
        .map(|line| line.split(',').take(3).collect::<Vec<_>>().join(","))
        .collect();
    rows.sort();
    assert_eq!(rows, [",1,1", "alice,2,0", "bob,2,1"]);
}
