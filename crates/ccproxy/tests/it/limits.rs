//! What a key may do, and what its client is told.

use std::time::Duration;

use ccproxy_testkit::upstream::{At, Fault, Script};

use crate::support::stage::ask;
use crate::support::{Conn, Request, Response, Stage, eventually};

/// A key for each of these, with its own settings; the key is the name and `-key`.
fn keys(keys: &[(&str, &str)]) -> String {
    let key = |(name, more): &(&str, &str)| {
        let hash = blake3::hash(format!("{name}-key").as_bytes());
        format!("[[auth.keys]]\nname = '{name}'\nhash = 'blake3:{hash}'\n{more}\n")
    };
    keys.iter().map(key).collect()
}

fn asks(key: &str, path: &str, stream: bool) -> Request {
    ask::request(path, stream).header("x-api-key", &format!("{key}-key"))
}

fn number(response: &Response, header: &str) -> u64 {
    let value = response.header(header).unwrap_or_else(|| panic!("no {header}: {:?}", response.headers));
    value.parse().unwrap()
}

#[tokio::test]
async fn requests_a_minute_in_each_dialect() {
    let limit = "limits = { requests_per_minute = 2 }";
    let stage = Stage::start(&keys(&[("a", limit), ("b", limit), ("c", limit), ("free", "")])).await;
    for (key, path) in ["a", "b", "c"].into_iter().zip(ask::ALL) {
        let messages = path == ask::MESSAGES;
        for left in [1, 0] {
            let response = stage.send(&asks(key, path, left == 0)).await;
            let name = if messages {
                "anthropic-ratelimit-requests-remaining"
            } else {
                "x-ratelimit-remaining-requests"
            };
            assert_eq!((response.status, number(&response, name)), (200, left), "{path}");
        }
        let refused = stage.send(&asks(key, path, false)).await;
        assert_eq!((refused.status, number(&refused, "retry-after")), (429, 30), "{path}");
        assert!((29_000..=30_000).contains(&number(&refused, "retry-after-ms")));
        let error = refused.json()["error"].clone();
        assert_eq!(error["type"], "rate_limit_error");
        let message = error["message"].as_str().unwrap();
        let expect =
            format!("the limit of 2 requests per minute for the key \"{key}\" is used up; try again in 30 s");
        assert!(message.starts_with(&expect), "{message}");
        if messages {
            assert_eq!(number(&refused, "anthropic-ratelimit-requests-limit"), 2);
            assert!(refused.header("anthropic-ratelimit-requests-reset").unwrap().ends_with('Z'));
            assert_eq!(refused.header("anthropic-ratelimit-unified-status"), Some("rejected"));
            assert_eq!(refused.header("anthropic-ratelimit-unified-representative-claim"), Some("requests"));
            number(&refused, "anthropic-ratelimit-unified-reset");
        } else {
            assert_eq!(error["code"], "rate_limit_exceeded");
            assert_eq!(number(&refused, "x-ratelimit-limit-requests"), 2);
            assert_eq!(refused.header("x-ratelimit-reset-requests"), Some("1m0s"));
        }
    }
    let asked = stage.upstream.requests().len();
    for _ in 0..5 {
        let free = stage.send(&asks("free", ask::CHAT, false)).await;
        assert_eq!((free.status, free.header("retry-after")), (200, None));
    }
    assert_eq!(stage.upstream.requests().len(), asked + 5);
}

#[tokio::test]
async fn counting_and_lists_are_free() {
    let stage = Stage::start(&keys(&[("a", "limits = { requests_per_minute = 1 }")])).await;
    let count =
        Request::post("/claude/v1/messages/count_tokens", ask::body(ask::MESSAGES, "claude-x", false))
            .header("x-api-key", "a-key");
    for _ in 0..5 {
        assert_eq!(stage.send(&count).await.status, 200);
        assert_eq!(
            stage.send(&Request::get("/claude/v1/models").header("x-api-key", "a-key")).await.status,
            200
        );
    }
    assert_eq!(stage.send(&asks("a", ask::MESSAGES, false)).await.status, 200);
    assert_eq!(stage.send(&asks("a", ask::MESSAGES, false)).await.status, 429);
}

/// 6,000 tokens a minute are one each 10 ms.
#[tokio::test]
async fn tokens_are_charged_when_they_are_known_and_retry_after_is_true() {
    let stage = Stage::start(&keys(&[("a", "limits = { tokens_per_minute = 6000 }")])).await;
    let answer = |path: &str, input: u64, output: u64| {
        let usage = if path == ask::CHAT {
            format!("{{\"prompt_tokens\":{input},\"completion_tokens\":{output}}}")
        } else {
            format!("{{\"input_tokens\":{input},\"output_tokens\":{output}}}")
        };
        Script::whole(200, format!("{{\"id\":\"x\",\"model\":\"m\",\"usage\":{usage}}}"))
    };
    let mut debts = [(ask::MESSAGES, 5000, 1040), (ask::CHAT, 3, 37), (ask::RESPONSES, 20, 20)].into_iter();
    let (path, input, output) = debts.next().unwrap();
    let first = stage.scripted(answer(path, input, output), &asks("a", path, false)).await;
    assert_eq!((first.status, number(&first, "anthropic-ratelimit-tokens-limit")), (200, 6000));
    for (path, input, output) in debts {
        let refused = stage.send(&asks("a", path, false)).await;
        assert_eq!(refused.status, 429, "{path}: {}", refused.text());
        assert!(refused.text().contains("6000 tokens per minute"), "{}", refused.text());
        assert_eq!(number(&refused, "x-ratelimit-remaining-tokens"), 0);
        let wait = number(&refused, "retry-after-ms");
        assert!((100..=410).contains(&wait), "{wait}");
        assert_eq!(number(&refused, "retry-after"), 1);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let passed = stage.scripted(answer(path, input, output), &asks("a", path, false)).await;
        assert_eq!(passed.status, 200, "{path}: after exactly as long as was said: {}", passed.text());
    }
    // A stream tells its usage as it goes.
    let refused = stage.send(&asks("a", ask::MESSAGES, true)).await;
    assert_eq!(refused.header("anthropic-ratelimit-unified-representative-claim"), Some("tokens"));
    tokio::time::sleep(Duration::from_millis(number(&refused, "retry-after-ms"))).await;
    assert_eq!(stage.send(&asks("a", ask::MESSAGES, true)).await.status, 200);
    assert_eq!(stage.send(&asks("a", ask::MESSAGES, true)).await.status, 429);
}

#[tokio::test]
async fn the_providers_own_headers_stay_where_they_are_tighter() {
    let stage = Stage::start(&keys(&[("a", "limits = { requests_per_minute = 100 }")])).await;
    let name = "anthropic-ratelimit-requests-remaining";
    let loose = stage.send(&asks("a", ask::MESSAGES, false)).await;
    assert_eq!((number(&loose, name), number(&loose, "anthropic-ratelimit-requests-limit")), (99, 100));
    let unified = "anthropic-ratelimit-unified-status";
    assert_eq!(loose.header(unified), Some("allowed"));
    let script = Script::default().header(name, "7").header(unified, "allowed_warning");
    let tight = stage.scripted(script, &asks("a", ask::MESSAGES, false)).await;
    assert_eq!((number(&tight, name), number(&tight, "anthropic-ratelimit-requests-limit")), (7, 4000));
    assert_eq!(tight.header(unified), Some("allowed_warning"));
    assert_eq!(tight.header("anthropic-ratelimit-unified-representative-claim"), None);
}

#[tokio::test]
async fn requests_and_streams_at_a_time() {
    let keys = keys(&[("a", "limits = { concurrency = 2, streams = 1 }")]);
    let stage = Stage::start(&keys).await;
    let stall = || stage.upstream.script(Script::fault(Fault::Stall(At::Body(1))));
    let open = async |path, stream, running| {
        stall();
        let mut conn = Conn::open(stage.app.address()).await;
        conn.send(&asks("a", path, stream)).await;
        stage.upstream.wait_requests(running).await;
        conn
    };
    let refused = async |path, stream, limit: &str| {
        let refused = stage.send(&asks("a", path, stream)).await;
        assert_eq!((refused.status, number(&refused, "retry-after")), (429, 1));
        assert!(refused.text().contains(limit), "{}", refused.text());
        assert_eq!(refused.header("anthropic-ratelimit-unified-status"), None, "no rate is used up");
    };
    let streaming = open(ask::MESSAGES, true, 1).await;
    refused(ask::MESSAGES, true, "1 streams at a time").await;
    let whole = open(ask::CHAT, false, 2).await;
    refused(ask::RESPONSES, false, "2 requests at a time").await;
    // Whoever leaves gives the place back.
    drop((streaming, whole));
    eventually("both have gone", || stage.app.stats().client_gone() == 2).await;
    for stream in [true, false] {
        assert_eq!(stage.send(&asks("a", ask::MESSAGES, stream)).await.status, 200);
    }
}

#[tokio::test]
async fn defaults_for_keys_and_for_those_without() {
    let limits = "[limits]\nkeys = { requests_per_minute = 1 }\nanonymous = { requests_per_minute = 2 }\n";
    let own = keys(&[("a", ""), ("b", ""), ("c", "limits = { requests_per_minute = 0 }")]);
    let stage = Stage::start(&format!("{limits}[auth]\ntoken = {{ value = 'the-token' }}\n{own}")).await;
    for key in ["a", "b"] {
        assert_eq!(stage.send(&asks(key, ask::CHAT, false)).await.status, 200, "{key}");
        assert_eq!(stage.send(&asks(key, ask::CHAT, false)).await.status, 429, "{key}");
    }
    for _ in 0..4 {
        assert_eq!(stage.send(&asks("c", ask::CHAT, false)).await.status, 200);
    }
    let token = ask::request(ask::CHAT, false).header("authorization", "Bearer the-token");
    for status in [200, 200, 429] {
        assert_eq!(stage.send(&token).await.status, status);
    }
    let open = Stage::beside(stage, limits).await;
    let nobody = ask::request(ask::MESSAGES, false);
    for status in [200, 200, 429] {
        let response = open.send(&nobody).await;
        assert_eq!(response.status, status);
        assert_eq!(response.text().contains("for all clients without a named key"), status == 429);
    }
}

#[tokio::test]
async fn keys_have_their_providers_and_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let hash = |key: &str| blake3::hash(key.as_bytes());
    let kept = format!(
        "[[keys]]\nname = 'filed'\nhash = 'blake3:{}'\nold = {{ hash = 'blake3:{}', until = 2999-01-01 }}\n\
         [[keys]]\nname = 'gone'\nhash = 'blake3:{}'\nrevoked = 2020-01-01\n",
        hash("filed-key"),
        hash("before-key"),
        hash("gone-key"),
    );
    std::fs::write(&file, kept).unwrap();
    let own = keys(&[("a", "providers = ['codex', 'local']"), ("late", "expires = 2020-01-01")]);
    let routes = "[[routes]]\nmodel = 'm'\ntargets = ['claude', 'local']\n[[routes]]\nmodel = 'c'\ntargets = ['claude']\n";
    let auth = format!("[auth]\nkey_file = '{}'\n", file.display());
    let stage = Stage::start(&format!("{routes}{auth}{own}")).await;
    let check = async |key: &str, path: &str, model: &str, expect: u16, text: &str| {
        let request =
            Request::post(path, ask::body(path, model, false)).header("x-api-key", &format!("{key}-key"));
        let response = stage.send(&request).await;
        assert_eq!(response.status, expect, "{key} {path} {model}: {}", response.text());
        assert!(response.text().contains(text), "{}", response.text());
    };
    check("a", ask::CHAT, "m", 200, "").await;
    check("a", ask::MESSAGES, "m", 403, "not good for claude").await;
    check("a", "/v1/chat/completions", "c", 403, "provider_not_allowed").await;
    let before = stage.upstream.requests().len();
    check("a", "/v1/chat/completions", "m", 200, "").await;
    assert_eq!(
        stage.upstream.requests()[before].path_and_query,
        "/v1/chat/completions",
        "the target it may ask"
    );
    check("late", ask::CHAT, "m", 401, "expired at 2020-01-01T00:00:00Z").await;
    check("filed", ask::CHAT, "m", 200, "").await;
    check("before", ask::CHAT, "m", 200, "").await;
    check("gone", ask::CHAT, "m", 401, "revoked").await;
    let list = stage.send(&Request::get("/v1/models").header("x-api-key", "a-key")).await;
    assert_eq!((list.status, list.header("x-ccproxy-incomplete")), (200, None));
}

/// What generates a token costs a dollar.
const PRICES: &str = "[[pricing.models]]\nmodel = '*-x'\ninput = 0\noutput = 1_000_000\n";

#[tokio::test]
async fn a_budget_is_used_up_in_each_dialect() {
    let limit = "limits = { budget_per_month = '25.00' }";
    let stage = Stage::start(&format!("{PRICES}{}", keys(&[("a", limit), ("b", limit), ("c", limit)]))).await;
    for (key, path) in ["a", "b", "c"].into_iter().zip(ask::ALL) {
        let usage = if path == ask::CHAT { "completion_tokens" } else { "output_tokens" };
        let answer = |tokens: u64| {
            Script::whole(200, format!("{{\"id\":\"x\",\"model\":\"m\",\"usage\":{{\"{usage}\":{tokens}}}}}"))
        };
        let claim = "anthropic-ratelimit-unified-representative-claim";
        let messages = path == ask::MESSAGES;
        for tokens in [24, 3] {
            let response = stage.scripted(answer(tokens), &asks(key, path, false)).await;
            assert_eq!(response.status, 200, "{path}: {}", response.text());
            let status = response.header("anthropic-ratelimit-unified-status");
            let expect = if tokens == 24 { "allowed" } else { "allowed_warning" };
            assert_eq!(
                status,
                messages.then_some(expect),
                "{path}: as it stood when it began to be answered"
            );
        }
        let refused = stage.send(&asks(key, path, false)).await;
        assert_eq!(refused.status, 429, "{path}: {}", refused.text());
        let wait = number(&refused, "retry-after");
        assert!((1..=31 * 24 * 3600).contains(&wait), "{wait}");
        let error = refused.json()["error"].clone();
        assert_eq!(error["type"], "rate_limit_error");
        let message = error["message"].as_str().unwrap();
        let expect =
            format!("the limit of 25 USD per month for the key \"{key}\" is used up; try again in {wait} s");
        assert!(message.starts_with(&expect), "{message}");
        assert_eq!(refused.header("anthropic-ratelimit-unified-status"), messages.then_some("rejected"));
        assert_eq!(refused.header(claim), messages.then_some("budget"));
    }
}

#[tokio::test]
async fn a_stream_costs_what_it_tells_and_a_model_without_a_price_nothing() {
    let own = keys(&[("a", "limits = { budget_per_month = 1 }"), ("b", "limits = { budget_per_month = 1 }")]);
    let stage = Stage::start(&format!("{PRICES}{own}")).await;
    assert_eq!(stage.send(&asks("a", ask::MESSAGES, true)).await.status, 200);
    assert_eq!(stage.send(&asks("a", ask::MESSAGES, true)).await.status, 429);
    let unknown = Request::post(ask::CHAT, ask::body(ask::CHAT, "gpt-y", false)).header("x-api-key", "b-key");
    for _ in 0..3 {
        assert_eq!(stage.send(&unknown).await.status, 200);
    }
}

#[tokio::test]
async fn what_has_no_price_may_be_refused_to_keys_with_a_budget() {
    let own = keys(&[("a", "limits = { budget_per_month = 1 }"), ("free", "")]);
    let routes = "[[routes]]\nmodel = 'fast'\ntargets = ['codex/gpt-y', 'codex/gpt-x']\n\
                  [[routes]]\nmodel = '*'\ntargets = ['codex', 'local']\n";
    let stage = Stage::start(&format!("[limits]\nunpriced = 'refuse'\n{PRICES}{own}{routes}")).await;
    let check = async |key: &str, path: &str, model: &str, expect: u16| {
        let request =
            Request::post(path, ask::body(path, model, false)).header("x-api-key", &format!("{key}-key"));
        let response = stage.send(&request).await;
        assert_eq!(response.status, expect, "{key} {path} {model}: {}", response.text());
        response
    };
    let refused = check("a", ask::CHAT, "gpt-y", 403).await;
    assert_eq!(refused.json()["error"]["code"], "model_not_priced");
    assert!(refused.text().contains("what \\\"gpt-y\\\" costs at codex is not known"), "{}", refused.text());
    check("free", ask::CHAT, "gpt-y", 200).await;
    check("a", "/v1/chat/completions", "nobody-knows", 403).await;
    // Counting is free, and a route goes on to what has a price.
    let count =
        Request::post("/claude/v1/messages/count_tokens", ask::body(ask::MESSAGES, "claude-y", false));
    assert_eq!(stage.send(&count.header("x-api-key", "a-key")).await.status, 200);
    check("a", "/v1/chat/completions", "fast", 200).await;
    let asked = stage.upstream.requests().last().unwrap().json();
    assert_eq!(asked["model"], "gpt-x");
}
