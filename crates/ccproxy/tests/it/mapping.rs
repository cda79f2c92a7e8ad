//! Models: which instance serves them, under which name, and whose name comes back.

use ccproxy_testkit::upstream::Script;

use crate::support::stage::ask;
use crate::support::{Conn, Request, Stage};

const MAPPINGS: &str = r#"model_mappings = [
    { match = "opus", target = "claude-opus-5-5" },
    { match = "claude-3", target = "claude-sonnet-5", kind = "prefix" },
    { match = "-mini", target = "gpt-5.4-nano", kind = "suffix" },
    { match = "^gpt-[0-9]$", target = "gpt-5.4", kind = "regex" },
]"#;

#[tokio::test]
async fn rules_rename_the_model_and_nothing_else() {
    let stage = Stage::start_with(MAPPINGS, "").await;
    let check = async |client: &str, provider: &str| {
        for path in [
            ask::MESSAGES,
            ask::CHAT,
            ask::RESPONSES,
            "/claude/v1/messages/count_tokens",
            "/codex/v1/embeddings",
        ] {
            let body = |model: &str| {
                format!(
                    "{{\"max_tokens\" : 9,  \"x\":{{\"model\":\"{client}\"}},\r\n\"model\" :\"{model}\" ,\
                     \"messages\":[{{\"role\":\"user\",\"content\":\"{client}\"}}], \"input\":\"{client}\"}} "
                )
            };
            let (response, seen) = stage.pass(&Request::post(path, body(client))).await;
            assert_eq!(seen.body, body(provider), "{path}");
            assert_eq!(response.status, 200, "{path}: {}", response.text());
            if path != "/claude/v1/messages/count_tokens" {
                assert_eq!(response.json()["model"], client, "{path}");
            }
        }
    };
    check("opus", "claude-opus-5-5").await;
    check("claude-3-5-haiku", "claude-sonnet-5").await;
    check("gpt-5-mini", "gpt-5.4-nano").await;
    check("gpt-5", "gpt-5.4").await;
    check("gpt-55", "gpt-55").await;
    check("opus-4", "opus-4").await;
    check("claude-3-mini", "claude-sonnet-5").await;
}

#[tokio::test]
async fn a_whole_answer_differs_in_the_name_alone() {
    let stage = Stage::start_with(MAPPINGS, "").await;
    let answer = |model: &str| {
        format!("{{ \"id\":1.0,\"model\" : \"{model}\", \"text\":\"claude-opus-5-5\\u00e9\"}}\n")
    };
    let request = Request::post(ask::MESSAGES, ask::body(ask::MESSAGES, "opus", false));
    let script = Script::whole(200, answer("claude-opus-5-5-20260101")).header("request-id", "req_1");
    let response = stage.scripted(script, &request).await;
    assert_eq!(response.text(), answer("opus"));
    assert_eq!(response.header("content-length"), Some(answer("opus").len().to_string().as_str()));
    assert_eq!(response.header("request-id"), Some("req_1"));
    // An answer that names no model stays as it is.
    let error = r#"{"type" : "error","error":{"message":"claude-opus-5-5: no"}}"#;
    let response = stage.scripted(Script::whole(404, error), &request).await;
    assert_eq!((response.status, response.text().as_str()), (404, error));
}

/// A stream that names this model.
type Telling = fn(&str) -> String;

#[tokio::test]
async fn a_streams_names_are_restored_wherever_it_is_cut() {
    let stage = Stage::start_with(MAPPINGS, "").await;
    let streams: [(&str, Telling); 4] = [
        (ask::MESSAGES, |model| {
            format!(
                "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"model\":\"{model}\"}}}}\n\n\
                 event: content_block_delta\ndata: {{\"delta\":{{\"text\":\"\\\"model\\\":\\\"gpt-5.4\\\"\"}}}}\n\n\
                 event: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
            )
        }),
        (ask::CHAT, |model| {
            format!(
                "data: {{\"model\":\"{model}\",\"choices\":[]}}\n\ndata:{{\"model\" : \"{model}\"}}\n\ndata: [DONE]\n\n"
            )
        }),
        (ask::RESPONSES, |model| {
            format!(
                "event: response.created\ndata: {{\"response\":{{\"model\":\"{model}\",\"x\":1}}}}\n\n\
                 event: response.completed\ndata: {{\"response\":{{\"model\":\"{model}\"}}}}\n\n"
            )
        }),
        ("/codex/v1/completions", |model| format!("data: {{\"model\":\"{model}\"}}\n\ndata: [DONE]\n\n")),
    ];
    let mut conn = Conn::open(stage.app.address()).await;
    for (path, text) in streams {
        let (theirs, mine) = (text("gpt-5.4"), text("gpt-5"));
        for crlf in [false, true] {
            let ends = |text: &str| if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
            let (theirs, mine) = (ends(&theirs), ends(&mine));
            for at in 1..theirs.len() {
                let (first, second) = theirs.as_bytes().split_at(at);
                stage.upstream.script(Script::stream([first.to_vec(), second.to_vec()]));
                let request = Request::post(path, ask::body(path, "gpt-5", true));
                conn.send(&request).await;
                let response = conn.response(&request).await;
                assert_eq!(response.text(), mine, "{path} cut at {at}");
                assert!(response.whole);
            }
        }
    }
}

#[tokio::test]
async fn the_first_route_that_matches_decides() {
    let routes = r#"
[[routes]]
model = "gpt-5*"
targets = ["codex/gpt-5.4", "local"]
[[routes]]
model = "gpt-*"
targets = ["local"]
[[routes]]
model = "my/claude"
targets = ["claude/meta/claude-sonnet-5"]
[[routes]]
model = "*"
targets = ["claude"]
"#;
    let stage = Stage::start(routes).await;
    let check = async |path: &str, model: &str, key: Option<&str>, asked: &str| {
        let (response, seen) = stage.pass(&Request::post(path, ask::body(path, model, false))).await;
        assert_eq!(seen.json()["model"], asked, "{model}");
        assert_eq!(seen.header("authorization").or(seen.header("x-api-key")), key, "{model}");
        assert_eq!(response.json()["model"], model);
    };
    use crate::support::stage::{CLAUDE_KEY, CODEX_KEY};
    let codex = format!("Bearer {CODEX_KEY}");
    check("/v1/chat/completions", "gpt-5-pro", Some(&codex), "gpt-5.4").await;
    check("/v1/chat/completions", "gpt-4", None, "gpt-4").await;
    check("/v1/messages", "my/claude", Some(CLAUDE_KEY), "meta/claude-sonnet-5").await;
    check("/v1/messages", "anything", Some(CLAUDE_KEY), "anything").await;
}

#[tokio::test]
async fn a_model_is_looked_up_under_the_providers_name() {
    let stage = Stage::start_with(MAPPINGS, "").await;
    let (response, seen) = stage.pass(&Request::get("/codex/v1/models/gpt-5?a=b")).await;
    assert_eq!(seen.path_and_query, "/v1/models/gpt-5.4?a=b");
    assert_eq!((response.status, response.json()["id"].as_str()), (200, Some("gpt-5")));
}
