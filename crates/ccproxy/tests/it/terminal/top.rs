//! `top --json`: a line each interval.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::Instant;

use super::{PRICE, Scene};
use crate::support::within;

type Told = Lines<BufReader<ChildStdout>>;

fn start(scene: &Scene) -> (Child, Told) {
    let mut command = scene.program.command(&["top", "--json", "--interval", "200ms"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// The first line that is as wanted.
async fn told(lines: &mut Told, wanted: impl Fn(&Value) -> bool) -> Value {
    within("the line that is waited for", async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it goes on");
            let line: Value = serde_json::from_str(&line).unwrap();
            if wanted(&line) {
                return line;
            }
        }
    })
    .await
}

#[tokio::test]
async fn top_follows_what_happens() {
    let scene = Scene::start().await;
    let begun = Instant::now();
    let (mut child, mut lines) = start(&scene);
    let quiet = told(&mut lines, |line| !line["status"].is_null()).await;
    let names = quiet["providers"].as_array().unwrap().iter().map(|provider| &provider["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["claude", "codex", "local"]);
    assert_eq!(
        (&quiet["running"], &quiet["failed_percent"], &quiet["p95_ms"]),
        (&0.into(), &Value::Null, &Value::Null)
    );
    assert_eq!((&quiet["cost_usd_per_h"], &quiet["unpriced"]), (&0.0.into(), &0.into()));
    // Who follows hears what ends from now on; until it follows, it is asked again.
    let unpriced = within("it follows", async {
        loop {
            scene.ask("bob", "gpt-x", super::chat()).await;
            let line = told(&mut lines, |_| true).await;
            if line["unpriced"] != 0 {
                return line;
            }
        }
    })
    .await;
    assert_eq!(unpriced["cost_usd_per_h"], Value::Null, "what has no price does not cost nothing");
    assert_eq!(unpriced["failed_percent"], 0.0);
    scene.ask("alice", "claude-x", super::messages()).await;
    let priced = told(&mut lines, |line| !line["cost_usd_per_h"].is_null()).await;
    let seen = begun.elapsed().as_secs_f64().max(1.0);
    let cost = priced["cost_usd_per_h"].as_f64().unwrap();
    assert!(cost >= PRICE * 3600.0 / seen - 1e-9 && cost <= PRICE * 3600.0 + 1e-9, "{cost} after {seen} s");
    scene.ask("bob", "gpt-x", ccproxy_testkit::upstream::Script::error(500)).await;
    let failed = told(&mut lines, |line| line["failed_percent"] != 0.0).await;
    assert!(
        failed["tokens_per_s"].as_f64().unwrap() > 0.0 && failed["p50_ms"].as_f64().unwrap() > 0.0,
        "{failed}"
    );
    // Nobody reads any more.
    drop(lines);
    let status = within("it ends", child.wait()).await.unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn top_outlives_the_proxy_and_says_so() {
    let mut scene = Scene::start().await;
    let (_child, mut lines) = start(&scene);
    told(&mut lines, |line| !line["status"].is_null()).await;
    scene.program.end().await;
    let line = told(&mut lines, |line| line["trouble"].is_string()).await;
    assert!(line["trouble"].as_str().unwrap().contains("nothing listens there"), "{line}");
}
