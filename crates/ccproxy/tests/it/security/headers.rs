//! Names, ids and words of clients and providers that would be lines of a head or of a log.

use ccproxy_testkit::upstream::Script;

use super::{PAIRS, body, stage};
use crate::support::program::Program;
use crate::support::stage::config;
use crate::support::{Request, Stage};
use ccproxy_testkit::ScriptedUpstream;

const EVIL: &str =
    "m\\r\\nx-evil: 1\\r\\n\\r\\nGET /evil HTTP/1.1\\r\\n\\u2028\\u202e\\u0000\\u001b[2J\u{e9}";

#[tokio::test]
async fn names_of_models() {
    let stage = stage("").await;
    let unrouted = Stage::start("[[routes]]\nmodel = 'gpt-*'\ntargets = ['codex']").await;
    for (path, seen) in PAIRS {
        for stream in ["", ",\"stream\":true"] {
            let ask = body(path, stream).replace("a-model", EVIL);
            let (answer, call) = stage.pass(&Request::post(path, ask)).await;
            assert_eq!((answer.status, call.path()), (200, seen), "{path}: {}", answer.text());
            let heads = format!("{:?} {:?}", answer.headers, call.headers);
            assert!(!heads.contains("evil"), "{path}: {heads}");
            let name: String = serde_json::from_str(&format!("\"{EVIL}\"")).unwrap();
            assert_eq!(call.json()["model"], name.as_str(), "{path}");
        }
        // Unknown to every route, and so in an error of ours.
        let unified = path.split_once("/v1").unwrap().1;
        let refused = unrouted
            .send(&Request::post(&format!("/v1{unified}"), body(path, "").replace("a-model", EVIL)))
            .await;
        assert_eq!(refused.status, 404, "{}", refused.text());
        assert!(refused.json()["error"]["message"].as_str().unwrap().contains("no route for model"));
        assert!(!format!("{:?}", refused.headers).contains("evil"));
    }
}

#[tokio::test]
async fn names_that_an_operator_has_mapped() {
    let mapped = r#"model_mappings = [{ match = "nice", target = "a b?c#d\r\nx-evil: 1" }]"#;
    let stage = Stage::start_with(mapped, "").await;
    let (answer, call) = stage.pass(&Request::get("/codex/v1/models/nice")).await;
    assert_eq!(call.path_and_query, "/v1/models/a%20b%3Fc%23d%0D%0Ax-evil:%201", "{}", answer.text());
    for path in ["/claude/v1/messages", "/codex/v1/responses", "/codex/v1/messages"] {
        let (answer, call) =
            stage.pass(&Request::post(path, body(path, "").replace("a-model", "nice"))).await;
        assert_eq!(call.json()["model"], "a b?c#d\r\nx-evil: 1", "{path}: {}", answer.text());
        assert!(call.header("x-evil").is_none() && answer.header("x-evil").is_none());
    }
}

#[tokio::test]
async fn ids_and_fields() {
    let stage = stage("").await;
    for id in ["a b", "a\u{e9}", "a\"b", "<script>", "${jndi:ldap://evil}", &"a".repeat(200)] {
        let path = "/local/v1/messages";
        let (answer, _) = stage.pass(&Request::post(path, body(path, "")).header("x-request-id", id)).await;
        assert_ne!(answer.header("x-request-id"), Some(id));
    }
    // What cannot be carried is named in a header.
    for (path, seen) in PAIRS {
        let odd = r#","x\r\nset-cookie: a=b\r\n\r\n<script>":1,"\u0000\u2028":2"#;
        let (answer, _) = stage.pass(&Request::post(path, body(path, odd))).await;
        assert!(answer.header("set-cookie").is_none(), "{path}: {:?}", answer.headers);
        if !super::is_same((path, seen)) {
            let told =
                answer.header("x-ccproxy-dropped").unwrap_or_else(|| panic!("{path}: {:?}", answer.headers));
            assert!(told.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{told:?}");
        }
    }
    // Headers of the client that another dialect's provider does not know do not pass, and none is added by a name.
    let path = "/local/v1/messages";
    let (_, call) = stage
        .pass(&Request::post(path, body(path, "")).header("x-evil", "1").header("connection", "host"))
        .await;
    assert!(call.header("x-evil").is_none() && call.header("host").is_some());
}

#[tokio::test]
async fn lines_of_the_log() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let toml = config(&upstream.url(), "", "");
    let program = Program::start_with("", &toml, "--log-format pretty --log-level trace", &[]).await;
    let evil = "a\\r\\nFORGED line\\u001b[31m\\n\\u2028";
    for path in ["/claude/v1/messages", "/codex/v1/chat/completions", "/codex/v1/messages", "/v1/messages"] {
        let ask = || {
            Request::post(path, body(path, "").replace("a-model", evil)).header("x-request-id", "FORGED id")
        };
        program.send(&ask()).await;
        let refusal = r#"{"error":{"message":"no\r\nFORGED line\u001b[31m\n","type":"x"}}"#;
        upstream.script(Script::whole(401, refusal));
        program.send(&ask()).await;
        upstream.script(Script::raw("FORGED\u{1b}[31m HTTP\r\n\r\n"));
        program.send(&ask()).await;
        upstream.reset();
    }
    program.send(&Request::get("/claude/v1/models/FORGED%0aFORGED")).await;
    let log = program.log();
    assert!(log.contains("request_failed") && log.contains("exchange_ended"), "{log}");
    for line in log.lines() {
        assert!(!line.trim_start().starts_with("FORGED"), "{line:?}");
        assert!(!line.contains(['\u{1b}', '\r', '\u{2028}']), "{line:?}");
    }
}
