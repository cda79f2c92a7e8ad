//! What is told of exchanges is what they were.

use ccproxy_testkit::upstream::{At, Fault, Script};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::client::MANAGER;
use crate::support::client::Piece;
use crate::support::stage::ask;
use crate::support::{Conn, Request, Response, Stage, send, within};

/// A stage that keeps records, and the folder in which it does.
async fn keeping(extra: &str) -> (Stage, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = format!("[store]\nurl = {{ value = '{}' }}\n", dir.path().join("s.db").display());
    (Stage::start(&format!("{store}{extra}")).await, dir)
}

/// The answer of an API that is asked until its records are as many.
async fn records(stage: &Stage, query: &str, count: usize) -> Vec<Value> {
    let get = Request::get(&format!("/api/requests?limit=1000{query}")).managing();
    within("the records are in the store", async {
        loop {
            let answer = stage.send(&get).await;
            let found = answer.json()["requests"].as_array().cloned().unwrap_or_default();
            if found.len() == count {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await
}

async fn api(stage: &Stage, target: &str) -> Value {
    let answer = stage.send(&Request::get(target).managing()).await;
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_record_tells_what_was_asked_and_answered() {
    let hash = blake3::hash(b"alices-key");
    let keys = format!(
        "{MANAGER}[auth]\nkeys = [{{ name = 'alice', hash = 'blake3:{hash}' }}]\n[health]\ndetails = 'authorized'\n"
    );
    let (stage, _dir) = keeping(&keys).await;
    let key = |request: Request| request.header("x-api-key", "alices-key");
    let session = ("x-claude-code-session-id", "session-7");
    let asked = key(ask::request(ask::MESSAGES, true)).header(session.0, session.1);
    let response = stage.send(&asked.header("x-request-id", "mine-1")).await;
    let get = Request::get("/api/requests/mine-1").managing();
    let record = within("the record is in the store", async {
        loop {
            let answer = stage.send(&get).await;
            if answer.status == 200 {
                return answer.json();
            }
            assert!(matches!(answer.status, 404 | 503), "{}", answer.text());
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    let check = |field: &str, expect: Value| assert_eq!(record[field], expect, "{field} of {record}");
    check("key", "alice".into());
    check("session", "session-7".into());
    check("operation", "messages".into());
    check("dialect", "messages".into());
    check("provider", "claude".into());
    check("kind", "anthropic".into());
    check("model", "claude-x".into());
    check("served_model", "claude-x".into());
    check("route", Value::Null);
    check("stream", true.into());
    check("status", 200.into());
    check("upstream_status", 200.into());
    check("ending", "done".into());
    check("error", Value::Null);
    check("response_bytes", response.body.len().into());
    assert_eq!(record["attempts"].as_array().unwrap().len(), 1);
    assert!(record["tokens"]["output"].as_u64().unwrap() > 0, "{record}");
    let at = |field: &str| record[field].as_f64().unwrap();
    assert!(
        at("first_byte_ms") <= at("first_token_ms") && at("first_token_ms") <= at("duration_ms"),
        "{record}"
    );
    let refused = stage.send(&Request::get("/api/requests/mine-1")).await;
    assert_eq!(refused.status, 401, "{}", refused.text());
}

#[tokio::test]
async fn usage_is_the_sum_of_what_was_done() {
    let (stage, _dir) = keeping("").await;
    for path in ask::ALL {
        stage.send(&ask::request(path, false)).await;
        stage.send(&ask::request(path, true)).await;
    }
    let broken = stage.scripted(Script::error(500), &ask::request(ask::CHAT, false)).await;
    assert_eq!(broken.status, 500);
    let wrong = stage.send(&Request::post(ask::CHAT, "no json")).await;
    assert_eq!(wrong.status, 400);
    let found = records(&stage, "", 8).await;
    let usage = api(&stage, "/api/usage?group=provider,ending,fault").await;
    let total = &usage["total"];
    assert_eq!((total["requests"].as_u64(), total["failed"].as_u64()), (Some(8), Some(2)), "{usage}");
    assert_eq!(total["faults"], serde_json::json!({"client": 1, "us": 0, "upstream": 1}));
    let sum = |field: &str| found.iter().filter_map(|record| record["tokens"][field].as_u64()).sum::<u64>();
    assert_eq!(total["tokens"]["input"].as_u64(), Some(sum("input")));
    assert_eq!(total["tokens"]["output"].as_u64(), Some(sum("output")));
    assert_eq!(total["attempts"], 7, "the wrong one was asked of nobody");
    let rows = usage["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["requests"].as_u64().unwrap()).sum::<u64>(), 8);
    assert!(
        rows.iter().any(|row| row["provider"] == "claude" && row["ending"] == "done" && row["requests"] == 2)
    );
    let failed = records(&stage, "&fault=upstream", 1).await;
    assert_eq!((&failed[0]["error"], &failed[0]["status"]), (&"upstream_error".into(), &500.into()));
    let csv = stage.send(&Request::get("/api/usage?group=model&format=csv")).await;
    assert!(csv.header("content-type").unwrap().starts_with("text/csv"));
    assert!(csv.text().starts_with("model,requests,failed,"), "{}", csv.text());
}

#[tokio::test]
async fn whoever_watches_sees_requests_come() {
    for door in ["main", "management"] {
        let (stage, _dir) = keeping("[management]\nport = 0\n").await;
        let address = if door == "main" { stage.app.address() } else { stage.app.management() };
        let watch = Request::get("/api/requests/live");
        let mut conn = Conn::open(address).await;
        conn.send(&watch).await;
        let mut head = conn.head(&watch).await;
        assert_eq!(head.status, 200);
        let mut seen = String::new();
        let mut read = async |until: &str| {
            while !seen.contains(until) {
                match conn.piece(&mut head).await {
                    Piece::Data(data) => seen.push_str(&String::from_utf8_lossy(&data)),
                    other => panic!("{door}: {other:?} after {seen}"),
                }
            }
            seen.clone()
        };
        stage.scripted(Script::error(500), &ask::request(ask::CHAT, false)).await;
        stage.send(&ask::request(ask::MESSAGES, false).header("x-request-id", "watched")).await;
        let seen = read("watched").await;
        assert!(seen.contains("event: request\ndata: {\"id\":\"watched\""), "{seen}");
    }
}

#[tokio::test]
async fn how_things_stand() {
    let (stage, _dir) = keeping("").await;
    stage.send(&ask::request(ask::MESSAGES, false)).await;
    let overview = api(&stage, "/api/overview").await;
    assert_eq!((&overview["phase"], &overview["requests"]["done"]), (&"ready".into(), &1.into()));
    assert_eq!(
        (&overview["recorder"]["store"], &overview["recorder"]["lanes"][0]["name"]),
        (&"sqlite".into(), &"store".into())
    );
    let providers = api(&stage, "/api/providers").await;
    let claude = &providers["providers"][0];
    assert_eq!((&claude["name"], &claude["breaker"]), (&"claude".into(), &"closed".into()));
    assert!(claude["latency_ms"].as_f64().unwrap() > 0.0);
    let config = api(&stage, "/api/config").await.to_string();
    assert!(config.contains("[providers.claude]") && !config.contains("planted"), "{config}");
    let history = api(&stage, "/api/health/transitions").await;
    assert!(history["transitions"].is_array());
}

#[tokio::test]
async fn wrong_questions_are_told_what_is_right() {
    let (stage, _dir) = keeping("").await;
    stage.send(&ask::request(ask::MESSAGES, false)).await;
    records(&stage, "", 1).await;
    let check = async |target: &str, status: u16, expect: &str| {
        let answer: Response = stage.send(&Request::get(target)).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
        assert!(answer.text().contains(expect), "{target}: {}", answer.text());
    };
    check("/api/usage?group=size&bucket=year", 400, "minute, hour, day").await;
    check("/api/usage?since=1y&bucket=hour", 400, "2000 steps").await;
    check("/api/requests?limit=5000", 400, "from 1 to 1000").await;
    check("/api/requests?cursor=x", 400, "cursor").await;
    check("/api/requests/nobody", 404, "no record of request").await;
    check("/api/nothing", 404, "there is no").await;
    let post = stage.send(&Request::post("/api/usage", "")).await;
    assert_eq!(post.status, 405);
}

#[tokio::test]
async fn without_a_store_everything_else_works() {
    let stage = Stage::start("[store]\nenabled = false\n").await;
    assert_eq!(stage.send(&ask::request(ask::MESSAGES, false)).await.status, 200);
    let usage = stage.send(&Request::get("/api/usage")).await;
    assert_eq!(usage.status, 503);
    assert!(usage.text().contains("store.enabled"), "{}", usage.text());
    assert_eq!(api(&stage, "/api/overview").await["recorder"]["store"], "none");
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.db");
    std::fs::create_dir(&path).unwrap();
    let stage = Stage::start(&format!("[store]\nurl = {{ value = '{}' }}\n", path.display())).await;
    assert_eq!(stage.send(&ask::request(ask::MESSAGES, false)).await.status, 200);
    let told = within("health tells", async {
        loop {
            let health = send(stage.app.address(), &Request::get("/health")).await.text();
            if health.contains("store takes no records") {
                return send(stage.app.address(), &Request::get("/api/usage")).await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(told.status, 503);
    assert!(told.text().contains("the check store says why"), "{}", told.text());
    std::fs::remove_dir(&path).unwrap();
    records(&stage, "", 1).await;
}

#[tokio::test]
async fn a_client_that_leaves_is_recorded_with_what_it_got() {
    let (stage, _dir) = keeping("").await;
    stage.upstream.script(Script::fault(Fault::Stall(At::Body(150))));
    let request = ask::request(ask::CHAT, true);
    let mut conn = Conn::open(stage.app.address()).await;
    conn.send(&request).await;
    let mut head = conn.head(&request).await;
    assert!(matches!(conn.piece(&mut head).await, Piece::Data(_)));
    drop(conn);
    let found = records(&stage, "&ending=client_gone", 1).await;
    assert_eq!((&found[0]["status"], &found[0]["fault"]), (&200.into(), &Value::Null));
}

#[tokio::test]
async fn a_restart_gives_nobody_a_budget_anew() {
    let hash = blake3::hash(b"a-key");
    let extra = format!(
        "[[pricing.models]]\nmodel = '*-x'\ninput = 0\noutput = 1_000_000\n\
         {MANAGER}[auth]\nkeys = [{{ name = 'a', hash = 'blake3:{hash}', limits = {{ budget_per_month = 1 }} }}]\n"
    );
    let (stage, dir) = keeping(&extra).await;
    let ask = || ask::request(ask::MESSAGES, false).header("x-api-key", "a-key");
    assert_eq!(stage.send(&ask()).await.status, 200);
    assert_eq!(stage.send(&ask()).await.status, 429);
    let keys = api(&stage, "/api/keys").await;
    let budget = &keys["keys"][0]["budget"][0];
    assert_eq!(
        (&keys["keys"][0]["name"], &budget["window"], &budget["limit_usd"]),
        (&"a".into(), &"month".into(), &1.0.into())
    );
    assert!(budget["spent_usd"].as_f64().unwrap() > 1.0, "{keys}");
    records(&stage, "&key=a&status=200", 1).await;
    let store = format!("[store]\nurl = {{ value = '{}' }}\n", dir.path().join("s.db").display());
    let again = Stage::beside(stage, &format!("{store}{extra}")).await;
    within("the budget is used up there, too", async {
        // Until the store is open, nobody knows: this costs more of what is gone.
        while again.send(&ask()).await.status != 429 {}
    })
    .await;
}
