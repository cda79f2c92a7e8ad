//! How things stand: the process, the providers, the keys, the configuration.

use ccproxy_testkit::upstream::Script;
use serde_json::json;

use super::keys;
use crate::support::client::MANAGER;
use crate::support::stage::ask;
use crate::support::{Request, Stage, eventually_answers, within};

#[tokio::test]
async fn the_process() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::keeping(dir.path(), "").await;
    stage.send(&ask::request(ask::CHAT, false)).await;
    stage.scripted(Script::error(500), &ask::request(ask::CHAT, false)).await;
    let page = Request::get("/api/overview");
    let overview =
        eventually_answers(&stage.app, &page, |answer| answer.json()["requests"]["running"] == 0).await;
    let overview = overview.json();
    let [begun, done, failed, client_gone] = stage.counts().await;
    let expect =
        json!({"begun": begun, "done": done, "failed": failed, "client_gone": client_gone, "running": 0});
    assert_eq!((begun, &overview["requests"]), (2, &expect));
    assert_eq!(overview["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(overview["phase"], "ready");
    assert_eq!(overview["address"], stage.app.address().to_string());
    assert!(overview["uptime_s"].as_u64().unwrap() < 60);
    assert!(!cfg!(target_os = "linux") || overview["memory_bytes"].as_u64().unwrap() > 1 << 20);
    assert_eq!(overview["recorder"]["store"], "sqlite");
    let lane = &overview["recorder"]["lanes"][0];
    assert_eq!(
        (&lane["name"], &lane["dropped"], &lane["failing"]),
        (&"store".into(), &0.into(), &false.into())
    );
    let bare = Stage::start("").await;
    let overview = bare.send(&page).await.json();
    assert_eq!(overview["recorder"], json!({"store": "none", "lanes": []}));
}

#[tokio::test]
async fn the_providers() {
    let stage = Stage::start_with("concurrency = 3", "").await;
    let provider = async |name: &str| {
        let page = stage.send(&Request::get("/api/providers")).await.json();
        let found = page["providers"].as_array().unwrap().iter().find(|provider| provider["name"] == name);
        found.cloned().unwrap()
    };
    let well = provider("claude").await;
    let expect = [
        ("kind", json!("anthropic")),
        ("started", json!(true)),
        ("breaker", json!("closed")),
        ("resting_ms", json!(null)),
        ("running", json!(0)),
        ("concurrency", json!(3)),
        ("latency_ms", json!(null)),
        ("rate_limit", json!(null)),
        ("dialects", json!(["messages"])),
        ("credentials", json!([{"name": "1", "usable": true, "resting_ms": null, "expires": null}])),
    ];
    for (field, value) in expect {
        assert_eq!(well[field], value, "{field}: {well}");
    }
    assert_eq!(provider("local").await["credentials"], json!([]));
    let limits =
        Script::whole(200, r#"{"id":"m","type":"message","usage":{"input_tokens":1,"output_tokens":1}}"#)
            .header("anthropic-ratelimit-tokens-limit", "100")
            .header("anthropic-ratelimit-tokens-remaining", "7")
            .header("anthropic-ratelimit-tokens-reset", "2999-01-01T00:00:00Z");
    assert_eq!(stage.scripted(limits, &ask::request(ask::MESSAGES, false)).await.status, 200);
    let told = provider("claude").await;
    let left = &told["rate_limit"]["tokens"];
    assert_eq!(
        (&left["remaining"], &left["limit"], &left["unit"]),
        (&7.into(), &100.into(), &"percent".into())
    );
    assert!(left["reset"].is_string() && told["latency_ms"].as_f64().unwrap() > 0.0, "{told}");
    let refused = Script::error(401);
    stage.scripted(refused, &ask::request(ask::MESSAGES, false)).await;
    assert_eq!(provider("claude").await["credentials"][0]["usable"], false);
    within("the breaker opens", async {
        while provider("codex").await["breaker"] != "open" {
            stage.scripted(Script::error(500), &ask::request(ask::CHAT, false)).await;
        }
    })
    .await;
    assert!(provider("codex").await["resting_ms"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn the_keys_and_the_configuration() {
    let limits =
        "[limits]\nkeys = { requests_per_minute = 60, concurrency = 2 }\nanonymous = { streams = 1 }\n";
    let stage = Stage::start(&format!("{MANAGER}{}{limits}", keys())).await;
    let page = stage.send(&Request::get("/api/keys").managing()).await;
    assert!(!page.text().contains("blake3"), "no hash is told");
    let page = page.json();
    let alice = &page["keys"][0];
    assert_eq!((&alice["name"], &alice["running"]), (&"alice".into(), &0.into()));
    assert_eq!(alice["limits"], json!({"requests_per_minute": 60, "concurrency": 2}));
    assert_eq!(page["keys"][1]["name"], "bob");
    assert_eq!(page["anonymous"], json!({"limits": {"streams": 1}, "budget": [], "running": null}));
    let config = stage.send(&Request::get("/api/config").managing()).await.json();
    assert_eq!(config["files"], json!(["test.toml"]));
    let toml = config["toml"].as_str().unwrap();
    assert!(toml.contains("[providers.claude]") && toml.contains("base_url"), "{toml}");
    assert!(!toml.contains("planted-upstream-secret"), "{toml}");
    // What is shown is what is in force.
    let later = crate::support::stage::config(&stage.upstream.url(), "", "[server]\nbody_limit = '3MiB'\n");
    stage.app.reload(&later).await.unwrap();
    let toml = stage.send(&Request::get("/api/config").managing()).await.json()["toml"].to_string();
    assert!(toml.contains("3MiB"), "{toml}");
}
