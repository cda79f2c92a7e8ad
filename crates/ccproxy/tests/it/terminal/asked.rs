//! `status` and `usage`: real figures, and no price where none is known.

use serde_json::{Value, json};

use super::{PRICE, Scene};

/// The words of each line.
fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

/// The words of the one line that begins with these.
fn line<'a>(text: &'a str, begins: &[&str]) -> Vec<&'a str> {
    let found: Vec<_> = words(text).into_iter().filter(|line| line.starts_with(begins)).collect();
    assert_eq!(found.len(), 1, "{begins:?} in {text}");
    found[0].clone()
}

#[tokio::test]
async fn status_is_one_screen() {
    let scene = Scene::busy().await;
    let text = scene.told(&["status"]).await;
    assert!(
        text.contains(" running, ") && text.contains("since the start 5 requests, 0 clients gone"),
        "{text}"
    );
    assert_eq!(line(&text, &["24", "h"])[2..7], ["5", "1", "20.0", "%", "0/0/1"], "{text}");
    let spent = "spent $0.0120+ today, $0.0120+ in 7 days; 2 requests have no known price\n";
    assert!(text.contains(spent), "{text}");
    for provider in ["claude anthropic", "codex openai", "local openai-compatible"] {
        line(&text, &provider.split(' ').collect::<Vec<_>>());
    }
    assert_eq!(line(&text, &["store"])[1..3], ["✓", "follows"], "{text}");
    assert!(!text.contains('\u{1b}'), "no colours where nobody looks: {text:?}");
    assert!(scene.told(&["status", "--color", "always"]).await.contains("\u{1b}[1m"));
}

#[tokio::test]
async fn status_as_json() {
    let scene = Scene::start().await;
    let usd = async || {
        let status = scene.json(&["status", "--json"]).await;
        let traffic = &status["traffic"];
        (traffic["today_usd"].clone(), traffic["last_7d_usd"].clone(), traffic["last_5m"]["cost_usd"].clone())
    };
    // Nothing was spent, and that is known …
    assert_eq!(usd().await, (json!(0.0), json!(0.0), json!(0.0)));
    scene.traffic().await;
    assert_eq!(usd().await, (json!(2.0 * PRICE), json!(2.0 * PRICE), json!(2.0 * PRICE)));
    let status = scene.json(&["status", "--json"]).await;
    let traffic = &status["traffic"];
    assert_eq!((&traffic["today_unpriced"], &traffic["last_7d_unpriced"]), (&json!(2), &json!(2)));
    assert_eq!(traffic["last_24h"]["tokens"]["input"], 4000);
    assert_eq!(status["overview"]["requests"]["begun"], 5);
    let names = status["providers"].as_array().unwrap().iter().map(|provider| &provider["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["claude", "codex", "local"]);
    assert_eq!(status["missing"], json!([]));
}

#[tokio::test]
async fn what_nobody_knows_is_not_zero() {
    let scene = Scene::start().await;
    scene.ask("bob", "gpt-x", super::chat()).await;
    let kept = async || scene.json(&["usage", "--json"]).await["total"]["requests"] == 1;
    crate::support::within("it is kept", async { while !kept().await {} }).await;
    let traffic = scene.json(&["status", "--json"]).await["traffic"].clone();
    for path in ["/today_usd", "/last_7d_usd", "/last_24h/cost_usd"] {
        assert_eq!(traffic.pointer(path), Some(&Value::Null), "{path}: {traffic}");
    }
    assert!(scene.told(&["status"]).await.contains("spent ? today, ? in 7 days; 1 requests have no known"));
    let usage = scene.told(&["usage"]).await;
    assert!(line(&usage, &["gpt-x"]).contains(&"?") && !usage.contains('$'), "{usage}");
}

/// The cells of figures up to COST, of a terminal that is wide.
const HEADS: [&str; 7] = ["REQUESTS", "FAILED", "GONE", "INPUT", "OUTPUT", "CACHED", "COST"];

fn check_usage(text: &str) {
    let heads = line(text, &["MODEL", "KEY"]);
    assert_eq!(heads[2..9], HEADS, "{text}");
    assert_eq!(heads[9..], ["P50", "P95", "FIRST", "BY", "HOUR"], "{text}");
    let check = |begins: &[&str], figures: [&str; 7]| {
        assert_eq!(line(text, begins)[begins.len()..begins.len() + 7], figures, "{text}");
    };
    check(&["claude-x", "alice"], ["2", "0", "0", "2000", "400", "0", "$0.0120"]);
    check(&["gpt-x", "alice"], ["1", "0", "0", "1000", "200", "0", "?"]);
    check(&["gpt-x", "bob"], ["2", "1", "0", "1000", "200", "0", "?"]);
    check(&["TOTAL"], ["5", "1", "0", "4000", "800", "0", "$0.0120+"]);
    let note = "2 of the requests have no known price and are not in COST: ? is nothing but these, + is more for them";
    assert_eq!(text.lines().last(), Some(note));
}

#[tokio::test]
async fn usage_of_a_running_proxy_and_of_its_store() {
    let mut scene = Scene::busy().await;
    let args = ["usage", "--since", "23h", "--by", "model,key"];
    check_usage(&scene.told(&args).await);
    let by_key = scene.told(&["usage", "--since", "1d", "--by", "key"]).await;
    assert_eq!(line(&by_key, &["alice"])[7], "$0.0120+", "{by_key}");
    assert_eq!(line(&by_key, &["bob"])[7], "?", "{by_key}");
    scene.program.end().await;
    check_usage(&scene.told(&args).await);
}

#[tokio::test]
async fn usage_for_programs() {
    let mut scene = Scene::busy().await;
    let check = async |scene: &Scene| {
        let usage = scene.json(&["usage", "--json", "--by", "provider", "--where", "key=bob"]).await;
        let rows = usage["rows"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["provider"], &rows[0]["requests"]), (1, &json!("codex"), &json!(2)));
        assert_eq!((&usage["total"]["failed"], &usage["total"]["unpriced"]), (&json!(1), &json!(1)));
        let csv = scene.told(&["usage", "--csv", "--by", "key", "--bucket", "month"]).await;
        let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let heads = lines.next().unwrap();
        assert_eq!(heads[..5], ["start", "key", "requests", "failed", "client_gone"]);
        let at = |name: &str| heads.iter().position(|head| *head == name).unwrap();
        let mut rows: Vec<_> = lines
            .map(|line| ["key", "requests", "failed", "cost_usd", "unpriced"].map(|name| line[at(name)]))
            .collect();
        rows.sort_unstable();
        assert_eq!(rows, [["alice", "3", "0", "0.012", "1"], ["bob", "2", "1", "", "1"]], "{csv}");
    };
    check(&scene).await;
    scene.program.end().await;
    check(&scene).await;
}
