//! Who may use the API.

use ccproxy::plugins::PLUGINS;
use ccproxy_config::{Settings, Sources};
use ccproxy_server::{Application, BuildOptions};

use crate::support::stage::ask;
use crate::support::{Request, Stage};

fn guarded() -> String {
    format!(
        "[auth]\ntoken = {{ value = 'the-token' }}\nkeys = [\n{}\n]",
        ["alice", "bob"]
            .map(|name| format!(
                "{{ name = '{name}', hash = 'blake3:{}', models = ['claude-*'] }},",
                blake3::hash(format!("{name}s-key").as_bytes())
            ))
            .join("\n")
    )
}

#[tokio::test]
async fn a_web_page_of_another_site_is_kept_out() {
    let open = Stage::start("").await;
    let check = async |stage: &Stage, origin: &str, expect: u16| {
        let request = Request::post("/codex/v1/responses", r#"{"model":"m"}"#).header("origin", origin);
        assert_eq!(stage.send(&request).await.status, expect, "{origin}");
    };
    check(&open, "http://localhost:3000", 200).await;
    check(&open, "http://evil.example", 403).await;
    check(&open, "null", 403).await;
    assert_eq!(open.upstream.requests().len(), 1);
    let probe = Request::get("/health/live").header("origin", "http://evil.example");
    assert_eq!(open.send(&probe).await.status, 200);
}

#[tokio::test]
async fn the_token_and_the_keys_in_both_headers() {
    let stage = Stage::start(&guarded()).await;
    let check = async |headers: &[(&str, &str)], expect: u16| {
        let request =
            headers.iter().fold(ask::request(ask::MESSAGES, false), |r, (name, value)| r.header(name, value));
        let response = stage.send(&request).await;
        assert_eq!(response.status, expect, "{headers:?}: {}", response.text());
        if expect == 401 {
            assert_eq!(response.header("www-authenticate"), Some("Bearer"));
        }
    };
    for key in ["the-token", "alices-key", "bobs-key"] {
        check(&[("x-api-key", key)], 200).await;
        check(&[("authorization", &format!("Bearer {key}"))], 200).await;
        check(&[("Authorization", &format!("bearer {key}"))], 200).await;
        check(&[("authorization", "Bearer other"), ("x-api-key", key)], 200).await;
        check(&[("x-api-key", &format!("{key}x"))], 401).await;
        check(&[("authorization", &format!("Basic {key}"))], 401).await;
    }
    check(&[], 401).await;
    check(&[("x-api-key", "")], 401).await;
    // The hash is no key.
    check(&[("x-api-key", &blake3::hash(b"alices-key").to_string())], 401).await;
    assert!(
        stage.upstream.requests().iter().all(|seen| !format!("{:?}", seen.headers).contains("alices-key"))
    );
}

#[tokio::test]
async fn keys_have_their_models() {
    let stage = Stage::start(&guarded()).await;
    let check = async |key: &str, path: &str, model: &str, expect: u16| {
        let request = Request::post(path, ask::body(path, model, false)).header("x-api-key", key);
        assert_eq!(stage.send(&request).await.status, expect, "{key} {path} {model}");
    };
    check("alices-key", ask::MESSAGES, "claude-x", 200).await;
    check("alices-key", ask::CHAT, "gpt-x", 403).await;
    check("alices-key", "/v1/chat/completions", "gpt-x", 403).await;
    check("the-token", ask::CHAT, "gpt-x", 200).await;
    let model = |id: &str| Request::get(&format!("/codex/v1/models/{id}")).header("x-api-key", "alices-key");
    assert_eq!(stage.send(&model("gpt-5.4")).await.status, 403);
    // The unified list shows a key the models it is good for.
    let list = |key| Request::get("/v1/models").header("x-api-key", key);
    let ids = async |key| {
        let list = stage.send(&list(key)).await.json();
        list["data"].as_array().unwrap().iter().map(|model| model["id"].to_string()).collect::<Vec<_>>()
    };
    let (alices, all) = (ids("alices-key").await, ids("the-token").await);
    assert!(!alices.is_empty() && alices.iter().all(|id| id.starts_with("\"claude-")), "{alices:?}");
    assert!(all.len() > alices.len());
}

#[tokio::test]
async fn what_needs_a_key() {
    let stage = Stage::start(&guarded()).await;
    let check = async |method: &str, path: &str, open: bool| {
        let status = stage.send(&Request::new(method, path)).await.status;
        assert_eq!(status != 401, open, "{method} {path}: {status}");
    };
    for path in
        ["/health", "/health/live", "/health/ready", "/plugins", "/plugins/", "/plugins/claude/health"]
    {
        check("GET", path, true).await;
    }
    check("HEAD", "/api/hello", true).await;
    for path in ["/v1/models", "/claude/v1/models", "/codex/v1/responses"] {
        check("GET", path, false).await;
    }
    for path in ask::ALL {
        check("POST", path, false).await;
    }
    let stage = Stage::start(&format!("{}\n[health]\ndetails = 'authorized'", guarded())).await;
    let refused = stage.send(&Request::get("/plugins").header("anthropic-version", "2023-06-01")).await;
    assert_eq!(refused.json()["request_id"].as_str(), refused.header("x-request-id"));
    let list = stage.send(&Request::get("/plugins").header("x-api-key", "the-token")).await.json();
    assert_eq!((&list["total"], &list["plugins"][0]["name"]), (&3.into(), &"claude".into()));
}

#[test]
fn an_open_door_to_the_world_is_refused() {
    let check = |toml: &str, insecure_no_auth: bool, expect: Option<&[&str]>| {
        let settings = Settings::load(&Sources::from_text("ccproxy.toml", toml)).unwrap();
        let built = Application::build(
            &settings,
            PLUGINS,
            BuildOptions { insecure_no_auth, ..BuildOptions::default() },
        );
        match (built.err().map(|mistakes| mistakes.to_string()), expect) {
            (None, None) => {}
            (Some(error), Some(words)) => {
                for word in words {
                    assert!(error.contains(word), "{error}");
                }
            }
            (error, expect) => panic!("{toml}: {error:?}, expected {expect:?}"),
        }
    };
    let open = "[server]\nport = 0\nhost = '0.0.0.0'\n";
    let place: &[&str] = &["ccproxy.toml:3", "server.host", "nobody has to show a key", "--insecure-no-auth"];
    check(open, false, Some(place));
    check(&open.replace("0.0.0.0", "::"), false, Some(place));
    check(&open.replace("0.0.0.0", "192.0.2.7"), false, Some(place));
    check(open, true, None);
    check(&format!("{open}[auth]\ntoken = 'x'"), false, None);
    check(&open.replace("0.0.0.0", "127.0.0.1"), false, None);
    check(&open.replace("0.0.0.0", "localhost"), false, None);
    // Everything that is wrong is told at once.
    let wrong =
        format!("{open}[providers.a]\nkind = 'anthropc'\n[providers.b]\nkind = 'openai'\nbase_url = 'x'\n");
    check(
        &wrong,
        false,
        Some(&["ccproxy.toml:3", "ccproxy.toml:5:8", "anthropc", "ccproxy.toml:8", "base_url"]),
    );
}
