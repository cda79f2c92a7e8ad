//! Another configuration comes into force while requests run.

#[cfg(unix)]
mod process;

use std::cell::Cell;
use std::time::Duration;

use ccproxy::plugins::PLUGINS;
use ccproxy_testkit::upstream::Script;
use ccproxy_testkit::{ScriptedUpstream, TestApp};
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::client::Piece;
use crate::support::manual::Manual;
use crate::support::stage::{ask, config};
use crate::support::{Conn, Request, Response, Stage, eventually, eventually_answers, send, within};

async fn upstream() -> ScriptedUpstream {
    ScriptedUpstream::start().await.unwrap()
}

/// An instance of the kind `anthropic`.
fn instance(name: &str, url: &str) -> String {
    format!("[providers.{name}]\nkind = 'anthropic'\nbase_url = '{url}'\n")
}

fn route(target: &str) -> String {
    format!("[[routes]]\nmodel = '*'\ntargets = ['{target}']\n")
}

async fn get(app: &TestApp, path: &str) -> Response {
    send(app.address(), &Request::get(path)).await
}

/// Asks again and again over one connection until told to stop; gives how often.
async fn customer(app: &TestApp, path: &str, stream: bool, over: &Cell<bool>) -> usize {
    let end = match (path, stream) {
        (ask::MESSAGES, true) => "message_stop",
        (ask::CHAT, true) => "data: [DONE]",
        (ask::RESPONSES, true) => "response.completed",
        (_, true) => "message_stop",
        (ask::CHAT, false) => "\"finish_reason\":\"stop\"",
        (ask::RESPONSES, false) => "\"status\":\"completed\"",
        (_, false) => "\"stop_reason\":\"end_turn\"",
    };
    let request = ask::request(path, stream);
    let mut conn = Conn::open(app.address()).await;
    let mut asked = 0;
    while !over.get() {
        conn.send(&request).await;
        let response = conn.response(&request).await;
        assert!(response.status == 200 && response.whole, "{path}: {} {}", response.status, response.text());
        assert!(
            response.text().replace(": ", ":").contains(&end.replace(": ", ":")),
            "{path}: {}",
            response.text()
        );
        asked += 1;
    }
    asked
}

#[tokio::test]
async fn no_request_fails_however_often_the_configuration_changes() {
    let (one, other) = (upstream().await, upstream().await);
    // Everything changes: instances, where they lead, routes, limits; `other` comes and goes.
    let first = config(&one.url(), "", &route("claude"));
    let second = config(
        &other.url(),
        "timeouts = { connect = '9s' }",
        &format!("{}{}[server]\nbody_limit = '1MiB'\n", instance("other", &other.url()), route("other")),
    );
    let app = TestApp::start(PLUGINS, &first).await;
    let over = Cell::new(false);
    let paths = [ask::MESSAGES, ask::CHAT, ask::RESPONSES, "/v1/messages"];
    let customers =
        paths.into_iter().flat_map(|path| [false, true].map(|stream| customer(&app, path, stream, &over)));
    let reloads = async {
        for turn in 0..50 {
            let toml = if turn % 2 == 0 { &second } else { &first };
            let reloaded = app.reload(toml).await.unwrap();
            assert!(
                reloaded.changed.contains(&"routes".to_owned()) && reloaded.restart.is_empty(),
                "{reloaded:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        over.set(true);
    };
    let (asked, ()) = tokio::join!(join_all(customers), reloads);
    assert!(asked.iter().all(|asked| *asked > 10), "{asked:?}");
    assert!(one.requests().len() > 50 && other.requests().len() > 50, "both have been asked");
    eventually("nothing is running", || app.stats().running() == 0).await;
    let stats = app.stats();
    assert_eq!((stats.failed(), stats.client_gone()), (0, 0));
    assert_eq!(stats.done(), asked.iter().sum::<usize>() as u64);
}

#[tokio::test]
async fn a_stream_goes_on_with_an_instance_that_is_gone() {
    let (manual, other) = (Manual::start().await, upstream().await);
    let app = TestApp::start(PLUGINS, &instance("old", &manual.url())).await;
    let request = ask::request("/old/v1/messages", true);
    let mut conn = Conn::open(app.address()).await;
    conn.send(&request).await;
    let mut provider = manual.take().await;
    provider.begin_stream().await;
    let mut head = conn.head(&request).await;

    let reloaded = app.reload(&instance("new", &other.url())).await.unwrap();
    assert_eq!(reloaded.changed, ["providers.new", "providers.old", "routes"]);
    assert_eq!(send(app.address(), &request).await.status, 404, "nobody else gets to the old one");
    assert_eq!(send(app.address(), &ask::request("/new/v1/messages", true)).await.status, 200);
    let event = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    for _ in 0..3 {
        provider.chunk(event).await;
        conn.expect(&mut head, event.as_bytes()).await;
    }
    provider.finish().await;
    assert_eq!(conn.piece(&mut head).await, Piece::End);
    eventually("both are done", || app.stats().done() == 2).await;
    // With its last request the instance has ended, and with it the connections that it kept.
    provider.closed().await;
    // The connection that spoke to the old one speaks to the new one.
    let request = ask::request("/new/v1/messages", false);
    conn.send(&request).await;
    assert_eq!(conn.response(&request).await.status, 200);
}

#[tokio::test]
async fn keys_routes_limits_and_instances_take_effect() {
    let (a, b) = (upstream().await, upstream().await);
    let both = format!("{}{}", instance("a", &a.url()), instance("b", &b.url()));
    let with = |more: &str, target: &str| format!("{more}\n{both}{}", route(target));
    let app = TestApp::start(PLUGINS, &with("", "a")).await;
    let request = ask::request("/v1/messages", false);
    let keyed = |key: &str| ask::request("/v1/messages", false).header("x-api-key", key);
    let reload = async |more: &str, target: &str, expect: &[&str]| {
        assert_eq!(app.reload(&with(more, target)).await.unwrap().changed, expect);
    };
    assert_eq!(send(app.address(), &request).await.status, 200);
    reload("", "b", &["routes"]).await;
    assert_eq!(send(app.address(), &request).await.status, 200);
    assert_eq!((a.requests().len(), b.requests().len()), (1, 1));

    reload("[auth]\ntoken = { value = 'first' }", "b", &["auth.token"]).await;
    assert_eq!(send(app.address(), &request).await.status, 401);
    assert_eq!(send(app.address(), &keyed("first")).await.status, 200);
    reload("[auth]\ntoken = { value = 'second' }", "b", &["auth.token"]).await;
    assert_eq!(send(app.address(), &keyed("first")).await.status, 401);
    assert_eq!(send(app.address(), &keyed("second")).await.status, 200);

    reload("[server]\nbody_limit = '20'", "b", &["auth.token", "server.body_limit"]).await;
    assert_eq!(send(app.address(), &request).await.status, 413);
    reload("", "b", &["server.body_limit"]).await;
    assert_eq!(send(app.address(), &request).await.status, 200);
    reload("", "b", &[]).await;
}

#[tokio::test]
async fn a_token_in_a_file_is_read_again() {
    let (a, dir) = (upstream().await, tempfile::tempdir().unwrap());
    let file = dir.path().join("token");
    std::fs::write(&file, "first\n").unwrap();
    let toml = format!("[auth]\ntoken.file = {file:?}\n{}", instance("a", &a.url()));
    let app = TestApp::start(PLUGINS, &toml).await;
    let asked = async |key| {
        send(app.address(), &ask::request("/a/v1/messages", false).header("x-api-key", key)).await.status
    };
    assert_eq!((asked("first").await, asked("second").await), (200, 401));
    std::fs::write(&file, "second\n").unwrap();
    assert_eq!(app.reload(&toml).await.unwrap().changed, ["auth.token"]);
    assert_eq!((asked("first").await, asked("second").await), (401, 200));
    std::fs::remove_file(&file).unwrap();
    assert!(app.reload(&toml).await.is_err(), "without it the door would be open");
    assert_eq!((asked("first").await, asked("second").await), (401, 200));
}

#[tokio::test]
async fn keys_in_a_file_are_read_again_and_what_they_have_used_is_not_forgotten() {
    let (a, dir) = (upstream().await, tempfile::tempdir().unwrap());
    let file = dir.path().join("keys.toml");
    let keep = |more: &str| {
        let hash = blake3::hash(b"a-key");
        std::fs::write(&file, format!("[[keys]]\nname = 'a'\nhash = 'blake3:{hash}'\n{more}")).unwrap();
    };
    keep("");
    let limits = |most: u32| format!("[limits]\nkeys = {{ requests_per_minute = {most} }}\n");
    let rest = format!("[auth]\nkey_file = {file:?}\n{}", instance("a", &a.url()));
    let app = TestApp::start(PLUGINS, &(limits(2) + &rest)).await;
    let asked = async || {
        send(app.address(), &ask::request("/a/v1/messages", false).header("x-api-key", "a-key")).await.status
    };
    assert_eq!([asked().await, asked().await, asked().await], [200, 200, 429]);
    keep("models = ['*']");
    assert_eq!(app.reload(&(limits(2) + &rest)).await.unwrap().changed, ["auth.key_file"]);
    assert_eq!(asked().await, 429, "what is used is used");
    let reloaded = app.reload(&(limits(0) + &rest)).await.unwrap();
    assert!(reloaded.changed.contains(&"limits.keys".to_owned()), "{reloaded:?}");
    assert_eq!(asked().await, 200);
    keep("revoked = 2020-01-01");
    app.reload(&(limits(0) + &rest)).await.unwrap();
    assert_eq!(asked().await, 401);
}

#[tokio::test]
async fn prices_in_a_file_are_read_again() {
    let (upstream, folder) = (upstream().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("prices.toml");
    let priced =
        |price: &str| std::fs::write(&file, format!("models = [{{ model = '*', {price} }}]")).unwrap();
    priced("free = true");
    let limits = "[limits]\nanonymous = { budget_per_month = 1 }\n";
    let toml = config(&upstream.url(), "", &format!("{limits}[pricing]\nfile = '{}'\n", file.display()));
    let app = TestApp::start(PLUGINS, &toml).await;
    let status = async || send(app.address(), &ask::request(ask::CHAT, false)).await.status;
    for _ in 0..3 {
        assert_eq!(status().await, 200, "it is free");
    }
    priced("input = 1000000, output = 1000000");
    assert_eq!(app.reload(&toml).await.unwrap().changed, ["pricing.file"]);
    assert_eq!([status().await, status().await], [200, 429]);
    priced("input = 'x'");
    assert!(app.reload(&toml).await.is_err());
    assert_eq!(status().await, 429);
}

#[tokio::test]
async fn a_mistake_changes_nothing() {
    let a = upstream().await;
    let toml = format!(
        "[auth]\ntoken = {{ value = 'secret' }}\n[server]\nhost = '0.0.0.0'\n{}",
        instance("a", &a.url())
    );
    let app = TestApp::start(PLUGINS, &toml).await;
    let before = app.health().plugins();
    let check = async |toml: &str, expect: &str| {
        let mistakes = app.reload(toml).await.unwrap_err().to_string();
        assert!(mistakes.contains(expect), "{mistakes}");
        let answer = send(app.address(), &ask::request("/a/v1/messages", false)).await;
        assert_eq!((answer.status, app.health().plugins()), (401, before.clone()), "{toml}");
    };
    check("[server]\nprot = 1", "test.toml:2:1: server.prot: unknown key").await;
    let odd = format!("{}{}", instance("b", &a.url()), "[providers.c]\nkind = 'nobodys'\n");
    check(&odd, "there is no kind \"nobodys\"").await;
    // By itself it would do; but we listen where we do until the restart.
    let open = instance("a", &a.url());
    check(&open, "0.0.0.0 is reachable from other machines and nobody has to show a key").await;
}

#[tokio::test]
async fn what_takes_a_restart_is_told_and_the_rest_applied() {
    let a = upstream().await;
    let (a, b) = (instance("a", &a.url()), instance("b", &a.url()));
    let app = TestApp::start(PLUGINS, &format!("[server]\nkeep_alive = '75s'\n{a}")).await;
    let more = "[server]\nkeep_alive = '9s'\nworkers = 1\nbody_limit = '9MiB'\n[health]\nprofile = 'ietf'\ncritical = ['memory', 'b']\n";
    let reloaded = app.reload(&format!("{more}{a}{b}")).await.unwrap();
    assert_eq!(reloaded.changed, ["health.critical", "providers.b", "routes", "server.body_limit"]);
    let restart = ["health.profile", "server.keep_alive", "server.workers", "health.critical"];
    assert_eq!(reloaded.restart, restart);
    // It is told as long as it is so.
    let reloaded = app.reload(&format!("{more}{a}{b}# a comment\n")).await.unwrap();
    assert_eq!((reloaded.changed.len(), reloaded.restart.len()), (0, 4));
    assert_eq!(app.reload(&a).await.unwrap().restart, [""; 0]);
}

async fn status_of(app: &TestApp, page: &str, check: &str) -> Value {
    let page: Value = get(app, &format!("/plugins/{page}/health")).await.json();
    page["checks"][check][0]["status"].clone()
}

#[tokio::test]
async fn an_instance_that_stays_keeps_its_state_and_one_that_changes_begins_anew() {
    let (a, b) = (upstream().await, upstream().await);
    let toml = |more: &str| {
        format!("[retry]\nattempts = 1\n{}{}{more}\n", instance("a", &a.url()), instance("b", &b.url()))
    };
    let app = TestApp::start(PLUGINS, &toml("")).await;
    for (name, upstream) in [("a", &a), ("b", &b)] {
        for _ in 0..5 {
            upstream.script(Script::error(500));
            assert_eq!(
                send(app.address(), &ask::request(&format!("/{name}/v1/messages"), false)).await.status,
                500
            );
        }
        let page = Request::get(&format!("/plugins/{name}/health"));
        eventually_answers(&app, &page, |page| page.json()["checks"]["breaker"][0]["status"] == "fail").await;
    }
    let since = |page: Value| page["checks"]["breaker"][0]["since"].clone();
    let before = since(get(&app, "/plugins/a/health").await.json());
    let reloaded = app.reload(&toml("timeouts = { connect = '9s' }")).await.unwrap();
    assert_eq!(reloaded.changed, ["providers.b"]);
    assert_eq!(status_of(&app, "a", "breaker").await, "fail");
    assert_eq!(since(get(&app, "/plugins/a/health").await.json()), before);
    let page = Request::get("/plugins/b/health");
    eventually_answers(&app, &page, |page| page.json()["checks"]["breaker"][0]["status"] == "pass").await;
    assert_eq!(status_of(&app, "a", "breaker").await, "fail");
}

#[tokio::test]
async fn health_has_what_is_there_and_nothing_else() {
    let a = upstream().await;
    let (old, new, stays) =
        (instance("old", &a.url()), instance("new", &a.url()), instance("stays", &a.url()));
    let app = TestApp::start(PLUGINS, &format!("{old}{stays}")).await;
    assert_eq!(send(app.address(), &ask::request("/old/v1/messages", false)).await.status, 200);
    let old_page = Request::get("/plugins/old/health");
    eventually_answers(&app, &old_page, |page| page.json()["checks"]["upstream"][0]["status"] == "pass")
        .await;
    app.reload(&format!("{stays}{new}")).await.unwrap();
    let new_page = Request::get("/plugins/new/health");
    eventually_answers(&app, &new_page, |page| page.json()["checks"]["breaker"][0]["status"] == "pass").await;
    assert_eq!(get(&app, "/plugins/old/health").await.status, 404);
    let metrics = get(&app, "/metrics").await.text();
    assert!(metrics.contains("plugin=\"new\"") && metrics.contains("plugin=\"stays\""), "{metrics}");
    assert!(!metrics.contains("plugin=\"old\""), "{metrics}");
    let ready = get(&app, "/readyz?verbose").await.text();
    assert!(ready.contains("new/upstream") && !ready.contains("old/upstream"), "{ready}");
    let plugins: Value = get(&app, "/plugins").await.json();
    let names: Vec<_> = plugins["plugins"].as_array().unwrap().iter().map(|plugin| &plugin["name"]).collect();
    assert_eq!(names, ["new", "stays"]);
    let history = get(&app, "/health/history").await.text();
    assert!(history.contains("old/upstream") && history.contains("new/breaker"), "{history}");
    let parts: Vec<_> = app.health().container().parts();
    assert_eq!(parts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["stays", "new"]);
    // Nothing is called critical that is not there, and what is new and critical is waited for.
    assert_eq!(get(&app, "/health/ready").await.status, 200);
    app.reload(&format!("[health]\ncritical = ['new', 'stays']\n{stays}{new}")).await.unwrap();
    eventually_answers(&app, &Request::get("/health/ready"), |ready| ready.status == 200).await;
    assert_eq!(app.reload(&format!("{stays}{new}")).await.unwrap().changed, ["health.critical"]);
}

#[tokio::test]
async fn each_frame_of_a_socket_sees_the_configuration_of_its_moment() {
    let stage = Stage::start("").await;
    let url = format!("ws://{}/codex/v1/responses", stage.app.address());
    let io = tokio::net::TcpStream::connect(stage.app.address()).await.unwrap();
    let (mut socket, _) = within("the handshake", tokio_tungstenite::client_async(url, io)).await.unwrap();
    let mut ask = async || {
        let frame = json!({"type": "response.create", "model": "gpt-x", "input": "hi"});
        socket.send(Message::text(frame.to_string())).await.unwrap();
        loop {
            let message = within("a frame", socket.next()).await.unwrap().unwrap();
            let Message::Text(text) = message else { continue };
            let event: Value = serde_json::from_str(&text).unwrap();
            match event["type"].as_str().unwrap() {
                "response.completed" => return 200,
                "error" => return event["status"].as_u64().unwrap(),
                _ => {}
            }
        }
    };
    assert_eq!(ask().await, 200);
    let other = upstream().await;
    stage.app.reload(&config(&other.url(), "", "")).await.unwrap();
    assert_eq!(ask().await, 200);
    assert_eq!((stage.upstream.requests().len(), other.requests().len()), (1, 1));
    stage.app.reload(&instance("another", &other.url())).await.unwrap();
    assert_eq!(ask().await, 404);
    let keyed = format!("[auth]\ntoken = {{ value = 'x' }}\n{}", config(&other.url(), "", ""));
    stage.app.reload(&keyed).await.unwrap();
    assert_eq!(ask().await, 401);
}
