//! The request tracer keeps the messages of an exchange, and they can be sent again.

use std::fs;
use std::path::{Path, PathBuf};

use ccproxy_testkit::ScriptedUpstream;
use ccproxy_testkit::upstream::Script;
use serde_json::Value;

use crate::support::stage::ask;
use crate::support::{Stage, eventually};

fn config(dir: &Path) -> String {
    format!("[plugins.request-tracer]\nenabled = true\ndir = '{}'\n", dir.display())
}

/// The folders, once there are so many.
async fn folders(dir: &Path, count: usize) -> Vec<PathBuf> {
    let list = || -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut whole: Vec<_> = entries.filter(|path| !path.ends_with(".partial")).collect();
        whole.retain(|path| path.extension().is_none_or(|kind| kind != "partial"));
        whole.sort();
        whole
    };
    eventually("the folders are there", || list().len() >= count).await;
    let folders = list();
    assert_eq!(folders.len(), count, "{folders:?}");
    folders
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn json(folder: &Path, file: &str) -> Value {
    serde_json::from_str(&read(folder, file)).unwrap()
}

#[tokio::test]
async fn all_four_messages_of_every_attempt() {
    let dir = tempfile::tempdir().unwrap();
    let route = "[retry]\nattempts = 3\n[[routes]]\nmodel = '*'\ntargets = ['codex', 'local']\n";
    let stage = Stage::start(&format!("{}{route}", config(dir.path()))).await;
    stage.upstream.script(Script::error(503));
    let asked = ask::request("/v1/messages?beta=true", true).header("x-request-id", "mine");
    let answer = stage.send(&asked.header("authorization", "Bearer clients-own-secret")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let folder = folders(dir.path(), 1).await.remove(0);
    let body = |file: &str| read(&folder, file).split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body("client-answer.http"), answer.text());
    assert_eq!(body("client-request.http"), ask::body("messages", "claude-x", true));
    let seen = stage.upstream.requests();
    for (n, seen) in seen.iter().enumerate() {
        let sent = body(&format!("upstream-request-{}.http", n + 1));
        assert_eq!(sent, String::from_utf8_lossy(&seen.body), "attempt {n}");
    }
    assert!(read(&folder, "upstream-answer-1.http").starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    assert!(body("upstream-answer-2.http").contains("chat.completion.chunk"));
    assert!(body("client-answer.http").contains("message_stop"));
    assert_eq!(json(&folder, "client-request.json")["target"], "/v1/messages?beta=true");
    assert_eq!(json(&folder, "upstream-request-2.json")["provider"], "local");
    let pieces = json(&folder, "upstream-answer-2.json")["pieces"].clone();
    let times: Vec<f64> =
        pieces.as_array().unwrap().iter().map(|piece| piece["at_ms"].as_f64().unwrap()).collect();
    assert!(times.is_sorted() && times[0] > 0.0, "{times:?}");
    let record = json(&folder, "exchange.json");
    assert_eq!((&record["id"], &record["ending"]), (&"mine".into(), &"done".into()));
    assert_eq!(record["attempts"].as_array().unwrap().len(), seen.len());
    for file in fs::read_dir(&folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("clients-own-secret") && !text.contains("planted"), "{text}");
    }
}

#[tokio::test]
async fn whole_answers_of_each_way_are_the_clients() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::start(&config(dir.path())).await;
    let paths =
        [ask::MESSAGES, ask::CHAT, ask::RESPONSES, "/codex/v1/messages", "/claude/v1/chat/completions"];
    for (n, path) in paths.iter().enumerate() {
        let answer = stage.send(&ask::request(path, false)).await;
        assert_eq!(answer.status, 200);
        let folder = folders(dir.path(), n + 1).await.remove(n);
        let kept = json(&folder, "client-answer.json");
        assert_eq!((&kept["status"], &kept["body"]), (&200.into(), &answer.json()), "{path}");
        assert_eq!(json(&folder, "upstream-answer-1.json")["status"], 200, "{path}");
    }
    let refused = stage.send(&crate::support::Request::post(ask::CHAT, "no json")).await;
    assert_eq!(refused.status, 400);
    let folder = folders(dir.path(), paths.len() + 1).await.pop().unwrap();
    assert_eq!(json(&folder, "client-answer.json")["body"], refused.json());
    assert!(!folder.join("upstream-request-1.json").exists());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_sent_again() {
    use crate::support::program::Program;

    let upstream = ScriptedUpstream::start().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let toml = format!(
        "[auth]\ntoken = {{ value = 'the-key' }}\n[providers.claude]\nkind = 'anthropic'\nbase_url = '{}'\n\
         credentials = [{{ value = 'x' }}]\n{}",
        upstream.url(),
        config(dir.path())
    );
    let program = Program::start("", &toml).await;
    let asked = ask::request(ask::MESSAGES, true).header("x-api-key", "the-key").header("x-odd", "it's");
    let answer = program.send(&asked).await;
    assert_eq!(answer.status, 200);
    let folder = folders(dir.path(), 1).await.remove(0);
    let url = format!("http://{}", program.main);
    let folder = folder.to_str().unwrap();
    let environment = [("CCPROXY_KEY", "the-key")];
    let sent = program.run(&["replay", folder, "--send", "--url", &url], &environment).await;
    assert!(sent.contains(&answer.text()) && sent.contains("HTTP 200 OK"), "{sent}");
    let refused = program.run(&["replay", folder, "--send", "--url", &url], &[]).await;
    assert!(refused.contains("HTTP 401"), "{refused}");
    let command = program.run(&["replay", folder, "--url", &url], &environment).await;
    assert!(command.starts_with("curl ") && !command.contains("the-key"), "{command}");
    let [first, second] = [0, 1].map(|n: usize| upstream.requests().remove(n));
    assert_eq!((&first.path_and_query, &first.body), (&second.path_and_query, &second.body));
    let header = |seen: &ccproxy_testkit::upstream::Recorded, name: &str| {
        seen.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
    };
    assert_eq!(header(&first, "x-odd"), header(&second, "x-odd"));
    let missing = program.run(&["replay", "nowhere"], &[]).await;
    assert!(missing.contains("nowhere/client-request.json is not there"), "{missing}");
    // The command is one that a shell runs, where there is curl.
    if let Ok(output) =
        std::process::Command::new("sh").args(["-c", &command]).env("CCPROXY_KEY", "the-key").output()
        && output.status.code() != Some(127)
    {
        assert_eq!(String::from_utf8_lossy(&output.stdout), answer.text(), "{command}");
    }
}
