//! The program with a provider of each kind behind it.

use std::path::Path;

use ccproxy::plugins::{HOOKS, PLUGINS};
use ccproxy_testkit::upstream::{Recorded, Script};
use ccproxy_testkit::{ScriptedUpstream, TestApp};

use super::{Request, Response, send};

/// What the providers are shown; no client may ever see them.
pub(crate) const CLAUDE_KEY: &str = "sk-ant-planted-upstream-secret-0001";
pub(crate) const CODEX_KEY: &str = "sk-proj-planted-upstream-secret-0002";

/// A running program and the scripted provider behind its instances `claude`, `codex` and `local`.
pub(crate) struct Stage {
    pub(crate) app: TestApp,
    pub(crate) upstream: ScriptedUpstream,
}

impl Stage {
    /// The usual configuration, and `extra` tables.
    pub(crate) async fn start(extra: &str) -> Self {
        Self::start_with("", extra).await
    }

    /// The same with `keys` in every provider's table.
    pub(crate) async fn start_with(keys: &str, extra: &str) -> Self {
        let upstream = ScriptedUpstream::start().await.unwrap();
        let app = TestApp::start_with(PLUGINS, HOOKS, &config(&upstream.url(), keys, extra)).await;
        Self { app, upstream }
    }

    /// The same where what happens is kept in a store in this directory.
    pub(crate) async fn keeping(dir: &Path, extra: &str) -> Self {
        Self::start(&format!("{}{extra}", keeping(dir))).await
    }

    /// The same provider behind a program with more tables.
    pub(crate) async fn beside(stage: Self, extra: &str) -> Self {
        let app = TestApp::start_with(PLUGINS, HOOKS, &config(&stage.upstream.url(), "", extra)).await;
        Self { app, upstream: stage.upstream }
    }

    /// Sends a request to the program.
    pub(crate) async fn send(&self, request: &Request) -> Response {
        send(self.app.address(), request).await
    }

    /// Sends a request that reaches the provider; gives what came back, and what the provider saw.
    pub(crate) async fn pass(&self, request: &Request) -> (Response, Recorded) {
        let before = self.upstream.requests().len();
        let response = self.send(request).await;
        let mut requests = self.upstream.requests();
        assert_eq!(requests.len(), before + 1, "one request is one request: {}", response.text());
        (response, requests.pop().unwrap())
    }

    /// Scripts the next answer, sends a request, gives what came back.
    pub(crate) async fn scripted(&self, script: Script, request: &Request) -> Response {
        self.upstream.script(script);
        self.send(request).await
    }

    /// What was counted, once nothing is running: begun, done, failed, client gone.
    pub(crate) async fn counts(&self) -> [u64; 4] {
        super::eventually("nothing is running", || self.app.stats().running() == 0).await;
        let stats = self.app.stats();
        [stats.begun(), stats.done(), stats.failed(), stats.client_gone()]
    }
}

/// Keeps what happens in a store in this directory.
pub(crate) fn keeping(dir: &Path) -> String {
    format!("[store]\nurl = {{ value = '{}' }}\n", dir.join("store.db").display())
}

/// Instances `claude`, `codex` and `local` at `url`. One request is one call, unless `extra` has other ideas.
pub(crate) fn config(url: &str, keys: &str, extra: &str) -> String {
    let retry = if extra.contains("[retry]") { "" } else { "[retry]\nattempts = 1" };
    format!(
        r#"
{retry}

[providers.claude]
kind = "anthropic"
base_url = "{url}"
credentials = [{{ value = "{CLAUDE_KEY}" }}]
{keys}

[providers.codex]
kind = "openai"
base_url = "{url}/v1"
credentials = [{{ value = "{CODEX_KEY}" }}]
{keys}

[providers.local]
kind = "openai-compatible"
base_url = "{url}/v1"
{keys}

{extra}
"#
    )
}

/// A small body of each dialect with its path below an instance.
pub(crate) mod ask {
    use serde_json::{Value, json};

    pub(crate) const MESSAGES: &str = "/claude/v1/messages";
    pub(crate) const CHAT: &str = "/codex/v1/chat/completions";
    pub(crate) const RESPONSES: &str = "/codex/v1/responses";
    pub(crate) const ALL: [&str; 3] = [MESSAGES, CHAT, RESPONSES];

    /// A body that fits the path.
    pub(crate) fn body(path: &str, model: &str, stream: bool) -> String {
        let mut body: Value = if path.contains("responses") {
            json!({"model": model, "input": "hi"})
        } else {
            json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
        };
        if stream {
            body["stream"] = json!(true);
        }
        body.to_string()
    }

    /// A request of the dialect that the path belongs to.
    pub(crate) fn request(path: &str, stream: bool) -> super::Request {
        let model = if path.contains("messages") { "claude-x" } else { "gpt-x" };
        super::Request::post(path, body(path, model, stream))
    }
}
