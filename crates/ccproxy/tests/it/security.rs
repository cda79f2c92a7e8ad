//! What somebody who means harm may send: none of it reaches another place than it should, shows a secret, or keeps the
//! program from serving the others.

mod deep;
mod encodings;
mod framing;
mod headers;
mod huge;
mod prompts;
mod secrets;
mod slow;
mod targets;
mod twice;

use crate::support::{Request, Stage};

/// Every pair of a client's dialect and a provider's: the client's path, and what the provider has to see.
const PAIRS: [(&str, &str); 9] = [
    ("/claude/v1/messages", "/v1/messages"),
    ("/local/v1/messages", "/v1/chat/completions"),
    ("/newer/v1/messages", "/v1/responses"),
    ("/claude/v1/chat/completions", "/v1/messages"),
    ("/local/v1/chat/completions", "/v1/chat/completions"),
    ("/newer/v1/chat/completions", "/v1/responses"),
    ("/claude/v1/responses", "/v1/messages"),
    ("/local/v1/responses", "/v1/chat/completions"),
    ("/newer/v1/responses", "/v1/responses"),
];

/// Whether client and provider speak the same.
fn is_same((path, seen): (&str, &str)) -> bool {
    path.ends_with(seen)
}

/// The usual stage, and an instance `newer` that speaks Responses and nothing else.
async fn stage(extra: &str) -> Stage {
    let stage = Stage::start("").await;
    let newer = format!(
        "[providers.newer]\nkind = 'openai-compatible'\nbase_url = '{}/v1'\ndialects = ['responses']\n{extra}",
        stage.upstream.url()
    );
    Stage::beside(stage, &newer).await
}

/// A small body of the path's dialect with `more` in it, as text.
fn body(path: &str, more: &str) -> String {
    let said = if path.ends_with("responses") {
        r#""input":"hi""#
    } else {
        r#""messages":[{"role":"user","content":"hi"}]"#
    };
    format!(r#"{{"model":"a-model","max_tokens":9,{said}{more}}}"#)
}

/// The program still serves.
async fn serves(stage: &Stage) {
    stage.upstream.reset();
    for (path, _) in PAIRS {
        let answer = stage.send(&Request::post(path, body(path, ""))).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    assert_eq!(stage.send(&Request::get("/health/live")).await.status, 200);
}
