//! The access log has a line for each request, and for each call of a provider.

use std::path::Path;

use ccproxy::plugins::{HOOKS, PLUGINS};
use ccproxy_testkit::TestApp;
use ccproxy_testkit::upstream::Script;
use serde_json::Value;

use crate::support::stage::ask;
use crate::support::{Request, Stage, eventually, send};

fn config(path: &Path, more: &str) -> String {
    format!("[plugins.access-log]\nenabled = true\npath = '{}'\n{more}\n", path.display())
}

/// The lines of a log, once there are so many.
async fn lines(path: &Path, count: usize) -> Vec<String> {
    let read = || std::fs::read_to_string(path).unwrap_or_default();
    eventually("the lines are written", || read().lines().count() >= count).await;
    let text = read();
    assert_eq!(text.lines().count(), count, "{text}");
    text.lines().map(str::to_owned).collect()
}

fn field<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().map(|line| &line[name]).collect()
}

#[tokio::test]
async fn both_sides_of_what_happened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let hash = blake3::hash(b"alices-key");
    let keys = format!("[auth]\nkeys = [{{ name = 'alice', hash = 'blake3:{hash}' }}]\n");
    let stage = Stage::start(&config(&path, &format!("sides = ['client', 'upstream']\n{keys}"))).await;
    let asked = ask::request("/claude/v1/messages?beta=secret-in-query", true)
        .header("x-api-key", "alices-key")
        .header("user-agent", "tester/1")
        .header("x-request-id", "mine");
    let answer = stage.send(&asked).await;
    assert_eq!(answer.status, 200);
    assert_eq!(stage.send(&ask::request(ask::CHAT, false)).await.status, 401);
    stage.send(&Request::get("/livez")).await;
    let lines = lines(&path, 3).await;
    assert!(!lines.concat().contains("secret") && !lines.concat().contains("alices-key"), "{lines:?}");
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (upstream, client): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line["side"] == "upstream");
    assert_eq!(field(&client, "status"), [200, 401]);
    assert_eq!(field(&client, "path"), [ask::MESSAGES, ask::CHAT]);
    let first = &client[0];
    for (name, expect) in
        [("id", "mine"), ("key", "alice"), ("user_agent", "tester/1"), ("client", "127.0.0.1")]
    {
        assert_eq!(first[name], expect, "{first}");
    }
    assert_eq!(first["bytes"], answer.body.len());
    assert_eq!((&client[1]["key"], &client[1]["user_agent"]), (&Value::Null, &Value::Null));
    assert_eq!(field(&upstream, "provider"), ["claude"]);
    for (name, expect) in [("id", "mine"), ("key", "alice"), ("ending", "done"), ("model", "claude-x")] {
        assert_eq!(upstream[0][name], expect, "{}", upstream[0]);
    }
    assert!(upstream[0]["tokens"]["output"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn each_call_of_a_provider_has_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let route = "[retry]\nattempts = 3\n[[routes]]\nmodel = '*'\ntargets = ['codex', 'local']\n";
    let stage = Stage::start(&config(&path, &format!("sides = ['upstream']\n{route}"))).await;
    let answer = stage.scripted(Script::error(503), &ask::request("/v1/chat/completions", false)).await;
    assert_eq!(answer.status, 200);
    let lines: Vec<Value> =
        lines(&path, 2).await.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(field(&lines, "provider"), ["codex", "local"]);
    assert_eq!(field(&lines, "attempt"), [1, 2]);
    assert_eq!(field(&lines, "status"), [503, 200]);
    assert_eq!((&lines[0]["ending"], &lines[1]["ending"]), (&Value::Null, &"done".into()));
    assert!(lines[0]["error"].is_string() && lines[1]["error"].is_null(), "{lines:?}");
}

#[tokio::test]
async fn probes_are_there_for_whoever_wants_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let toml = config(&path, "format = 'combined'\nprobes = true");
    let app = TestApp::start_with(PLUGINS, HOOKS, &toml).await;
    send(app.address(), &Request::get("/livez").header("user-agent", "kube-probe/1.31")).await;
    let line = lines(&path, 1).await.remove(0);
    assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
    assert!(line.contains("\"GET /livez HTTP/1.1\" 200 "), "{line}");
    assert!(line.ends_with("\"-\" \"kube-probe/1.31\""), "{line}");
}

#[tokio::test]
async fn nothing_is_lost_when_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let app = TestApp::start_with(
        PLUGINS,
        HOOKS,
        &config(&path, "format = 'common'\n[shutdown]\ndrain_delay = '0s'"),
    )
    .await;
    for _ in 0..100 {
        assert_eq!(send(app.address(), &ask::request("/demo/v1/messages", true)).await.status, 200);
    }
    app.drain();
    app.ended().await;
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 100);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_told_of_and_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    std::fs::create_dir(&path).unwrap();
    let app = TestApp::start_with(PLUGINS, HOOKS, &config(&path, "")).await;
    assert_eq!(send(app.address(), &ask::request("/demo/v1/messages", false)).await.status, 200);
    let health = Request::get("/health");
    crate::support::eventually_answers(&app, &health, |answer| {
        answer.text().contains("access-log takes no records for now")
    })
    .await;
    std::fs::remove_dir(&path).unwrap();
    lines(&path, 1).await;
}
