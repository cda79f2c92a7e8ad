//! Several credentials of one instance: who is shown, who rests, what health says of it.

use bytes::Bytes;
use ccproxy::plugins::PLUGINS;
use ccproxy_config::Section;
use ccproxy_plugin_api::{Built, Call, CallErrorKind, Instance};
use ccproxy_testkit::upstream::Script;
use ccproxy_testkit::{ScriptedUpstream, TestApp};
use ccproxy_wire::Operation;
use http::{HeaderMap, Method};

use crate::support::stage::ask;
use crate::support::{Request, eventually_answers, send};

/// An instance `claude` with these keys, called below everything that may try again.
async fn built(upstream: &ScriptedUpstream, keys: &str) -> Built {
    let toml = format!("base_url = '{}'\n{keys}", upstream.url());
    let section = Section::from_toml("providers.claude", &toml).unwrap();
    let entry = PLUGINS.iter().find(|entry| entry.kind == "anthropic").unwrap();
    let built = entry.build(&Instance::new("claude"), &section).unwrap();
    built.provider.start().await.unwrap();
    built
}

/// Makes a call; gives its status, and whether another one would show another credential.
async fn call(built: &Built) -> (u16, bool) {
    let call = Call {
        operation: Operation::Messages,
        method: Method::POST,
        target: "messages".to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::from(ask::body(ask::MESSAGES, "claude-x", false)),
        model: "claude-x".to_owned(),
        stream: false,
    };
    let status = match built.provider.call(call).await {
        Ok(answer) => answer.status().as_u16(),
        Err(error) => {
            assert_eq!(error.kind(), CallErrorKind::Refused, "{error}");
            assert!(!error.to_string().contains("planted"), "{error}");
            401
        }
    };
    (status, built.provider.another_credential())
}

/// The keys that were shown, without what all have in common.
fn keys(upstream: &ScriptedUpstream) -> Vec<String> {
    let key = |name: Option<&str>| name.unwrap().trim_start_matches("planted-").to_owned();
    upstream.requests().iter().map(|recorded| key(recorded.header("x-api-key"))).collect()
}

#[tokio::test]
async fn the_next_one_is_shown_until_the_first_is_back() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let built = built(&upstream, "credentials = ['planted-a', 'planted-b']").await;
    upstream.script(Script::error(429).header("retry-after-ms", "1200"));
    assert_eq!(call(&built).await, (429, true));
    let leak = r#"{"error":{"message":"no such key: planted-b"}}"#;
    upstream.script(Script::whole(401, leak));
    assert_eq!(call(&built).await, (401, false));
    // Both rest. The first is ready first; what the provider says to it passes.
    upstream.script(Script::error(429).header("retry-after-ms", "1000"));
    assert_eq!(call(&built).await, (429, false));
    assert_eq!(call(&built).await.0, 200);
    assert_eq!(call(&built).await.0, 200);
    assert_eq!(keys(&upstream), ["a", "b", "a", "a", "a"]);
}

#[tokio::test]
async fn one_alone_is_always_shown() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let built = built(&upstream, "credentials = ['planted-a']").await;
    for status in [401, 403, 429, 500] {
        upstream.script(Script::error(status));
        assert!(!call(&built).await.1, "{status}");
    }
    assert_eq!(keys(&upstream), ["a"; 4]);
}

#[tokio::test]
async fn they_take_turns_and_health_tells_of_each() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("planted-path");
    let config = format!(
        "[providers.claude]\nkind = 'anthropic'\nbase_url = '{}'\n\
         credentials = [{{ value = 'planted-a', name = 'main' }}, {{ file = '{}' }}, 'planted-c']\n\
         pool = {{ strategy = 'round_robin' }}\n[health]\ncritical = ['claude/credentials']",
        upstream.url(),
        missing.display()
    );
    let app = TestApp::start(PLUGINS, &config).await;
    for _ in 0..4 {
        assert_eq!(send(app.address(), &ask::request(ask::MESSAGES, false)).await.status, 200);
    }
    assert_eq!(keys(&upstream), ["a", "c", "a", "c"]);
    let page = Request::get("/plugins/claude/health");
    let told =
        |page: &crate::support::Response| page.json()["checks"]["credentials"][0]["observedValue"] == 2;
    let page = eventually_answers(&app, &page, told).await;
    let entry = &page.json()["checks"]["credentials"][0];
    let output = entry["output"].as_str().unwrap();
    assert!(output.starts_with("2 of 3 credentials good; 2: file [path]: cannot be read"), "{output}");
    assert_eq!(
        (entry["status"].as_str(), entry["observedUnit"].as_str()),
        (Some("warn"), Some("credentials"))
    );
    assert!(!page.text().contains("planted"), "{}", page.text());
    assert_eq!(send(app.address(), &Request::get("/health/ready")).await.status, 200, "two are enough");
}

#[tokio::test]
async fn a_client_does_not_notice_that_one_is_refused() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let config = format!(
        "[providers.claude]\nkind = 'anthropic'\nbase_url = '{}'\n\
         credentials = ['planted-a', 'planted-b', 'planted-c']",
        upstream.url()
    );
    let app = TestApp::start(PLUGINS, &config).await;
    upstream.script(Script::error(401));
    upstream.script(Script::error(429).header("retry-after", "30"));
    for _ in 0..2 {
        assert_eq!(send(app.address(), &ask::request(ask::MESSAGES, false)).await.status, 200);
    }
    assert_eq!(keys(&upstream), ["a", "b", "c", "c"]);
}
