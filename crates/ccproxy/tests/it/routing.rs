//! Which of a route's targets is asked, and who is asked after it.

use std::collections::BTreeMap;
use std::time::Duration;

use ccproxy::plugins::PLUGINS;
use ccproxy_testkit::upstream::{At, Fault, Script};
use ccproxy_testkit::{ScriptedUpstream, TestApp};
use serde_json::json;

use crate::support::stage::ask;
use crate::support::{Request, Response, send};

/// Three providers behind one route: `a` and `b` speak Messages, `c` Chat.
struct Three {
    app: TestApp,
    upstreams: [ScriptedUpstream; 3],
}

impl Three {
    async fn start(route: &str, extra: &str) -> Self {
        let start = || async { ScriptedUpstream::start().await.unwrap() };
        let upstreams = [start().await, start().await, start().await];
        let [a, b, c] = [0, 1, 2].map(|at: usize| upstreams[at].url());
        let toml = format!(
            "{extra}
[providers.a]
kind = 'anthropic'
base_url = '{a}'
[providers.b]
kind = 'anthropic'
base_url = '{b}'
[providers.c]
kind = 'openai-compatible'
base_url = '{c}/v1'
[[routes]]
model = '*'
{route}"
        );
        Self { app: TestApp::start(PLUGINS, &toml).await, upstreams }
    }

    async fn ask(&self, stream: bool) -> Response {
        send(self.app.address(), &request(stream)).await
    }

    /// How many calls each provider has had.
    fn calls(&self) -> [usize; 3] {
        [0, 1, 2].map(|at: usize| self.upstreams[at].requests().len())
    }
}

fn request(stream: bool) -> Request {
    Request::post("/v1/messages", ask::body("messages", "claude-x", stream))
}

fn good(response: &Response, stream: bool) {
    let end = if stream { "message_stop" } else { "\"stop_reason\":\"end_turn\"" };
    assert!(response.status == 200 && response.text().contains(end), "{}", response.text());
}

#[tokio::test]
async fn the_next_target_is_asked() {
    for stream in [false, true] {
        for script in [
            Script::error(500),
            Script::error(529),
            Script::error(429),
            Script::error(401),
            Script::raw("no HTTP at all\r\n\r\n"),
            Script::fault(Fault::Reset(At::Head)),
        ] {
            let three = Three::start("targets = ['a', 'b']", "").await;
            three.upstreams[0].script(script);
            let response = three.ask(stream).await;
            good(&response, stream);
            assert_eq!(response.header("x-ccproxy-attempts"), Some("2"));
            assert_eq!(three.calls(), [1, 1, 0]);
        }
    }
}

#[tokio::test]
async fn a_target_of_another_dialect_is_asked() {
    for stream in [false, true] {
        let three = Three::start("targets = ['a', 'c/gpt-x']", "").await;
        three.upstreams[0].script(Script::error(503));
        let response = three.ask(stream).await;
        good(&response, stream);
        assert!(
            response.text().contains("\"claude-x\""),
            "the client's name of the model: {}",
            response.text()
        );
        assert_eq!(three.calls(), [1, 0, 1]);
        let asked: serde_json::Value =
            serde_json::from_slice(&three.upstreams[2].requests()[0].body).unwrap();
        assert_eq!(asked["model"], "gpt-x");
    }
}

#[tokio::test]
async fn what_is_the_requests_fault_is_asked_once() {
    for status in [400, 404, 413, 422] {
        let three = Three::start("targets = ['a', 'b']", "").await;
        three.upstreams[0].script(Script::error(status));
        let response = three.ask(false).await;
        assert_eq!((response.status, response.header("x-ccproxy-attempts")), (status, None));
        assert_eq!(three.calls(), [1, 0, 0]);
    }
}

#[tokio::test]
async fn an_overload_told_with_status_200_goes_to_the_next_target() {
    let three = Three::start("targets = ['a', 'b']", "").await;
    three.upstreams[0].script(Script::error_event());
    let response = three.ask(true).await;
    good(&response, true);
    assert!(!response.text().contains("error"), "{}", response.text());
    assert_eq!(three.calls(), [1, 1, 0]);
    // The same after the preamble.
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n";
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n";
    three.upstreams[0].script(Script::stream([start, error]));
    good(&three.ask(true).await, true);
    // Whatever is the request's own fault is the client's to see.
    let error = error.replace("overloaded_error", "invalid_request_error");
    three.upstreams[0].script(Script::stream([error.clone()]));
    let response = three.ask(true).await;
    assert!(response.status == 200 && response.text() == error, "{}", response.text());
    assert_eq!(three.calls(), [3, 2, 0]);
}

#[tokio::test]
async fn after_the_first_content_nobody_else_is_asked() {
    let three = Three::start("targets = ['a', 'b']", "").await;
    // The usual stream says something before its 400th byte is through.
    three.upstreams[0].script(Script::fault(Fault::Reset(At::Body(700))));
    let response = three.ask(true).await;
    assert!(response.text().contains("content_block_start"), "{}", response.text());
    assert!(response.text().contains("event: error") || !response.whole, "{}", response.text());
    assert_eq!(three.calls(), [1, 0, 0]);
}

#[tokio::test]
async fn a_stream_that_breaks_off_before_any_content_goes_to_the_next_target() {
    let three = Three::start("targets = ['a', 'b']", "").await;
    three.upstreams[0].script(Script::fault(Fault::Reset(At::Body(10))));
    good(&three.ask(true).await, true);
    assert_eq!(three.calls(), [1, 1, 0]);
}

#[tokio::test]
async fn the_same_target_is_asked_again_if_there_is_no_other() {
    let retry = "[retry]\nbackoff = '1ms'";
    let three = Three::start("targets = ['a']", retry).await;
    three.upstreams[0].script(Script::error(529).times(2));
    good(&three.ask(false).await, false);
    assert_eq!(three.calls(), [3, 0, 0]);
    // Three calls at most: the last answer is the client's.
    three.upstreams[0].script(Script::error(529).times(9));
    let response = three.ask(false).await;
    assert_eq!((response.status, response.header("x-ccproxy-attempts")), (529, Some("3")));
    assert_eq!(three.calls(), [6, 0, 0]);
    three.upstreams[0].reset();
    // The provider's own word counts.
    three.upstreams[0].script(Script::error(500).header("x-should-retry", "false"));
    assert_eq!(three.ask(false).await.status, 500);
    assert_eq!(three.calls(), [1, 0, 0]);
}

#[tokio::test]
async fn a_provider_is_left_alone_as_long_as_it_wants() {
    let three = Three::start("targets = ['a']", "[retry]\nmax_wait = '200ms'").await;
    three.upstreams[0].script(Script::error(429).header("retry-after-ms", "150"));
    let begun = tokio::time::Instant::now();
    good(&three.ask(false).await, false);
    assert!(begun.elapsed() >= Duration::from_millis(150), "{:?}", begun.elapsed());
    three.upstreams[0].script(Script::error(429).header("retry-after", "30"));
    let response = three.ask(false).await;
    assert_eq!((response.status, response.header("retry-after")), (429, Some("30")), "it is not waited for");
}

#[tokio::test]
async fn resting_targets_are_left_out_and_if_all_rest_the_client_waits() {
    let three = Three::start("targets = ['a', 'b']", "").await;
    three.upstreams[0].script(Script::error(429).header("retry-after", "60"));
    good(&three.ask(false).await, false);
    good(&three.ask(false).await, false);
    assert_eq!(three.calls(), [1, 2, 0], "the first is left alone");
    three.upstreams[1].script(Script::error(429).header("retry-after", "30"));
    assert_eq!(three.ask(false).await.status, 429);
    assert_eq!(three.calls(), [1, 3, 0]);
    let response = three.ask(false).await;
    let error = response.json();
    assert_eq!((response.status, &error["error"]["type"]), (429, &json!("rate_limit_error")));
    let wait: u64 = response.header("retry-after").unwrap().parse().unwrap();
    assert!((28..=30).contains(&wait), "the shorter pause: {wait}");
    assert_eq!(three.calls(), [1, 3, 0], "nobody was asked");
}

#[tokio::test]
async fn when_all_are_down_the_least_bad_is_asked_and_the_answer_says_so() {
    let three = Three::start("targets = ['a', 'b']", "[retry]\nattempts = 1").await;
    for upstream in &three.upstreams[..2] {
        upstream.script(Script::error(500).times(5));
        for _ in 0..5 {
            assert_eq!(three.ask(false).await.status, 500);
        }
    }
    let response = three.ask(false).await;
    good(&response, false);
    assert_eq!(response.header("x-ccproxy-fail-open"), Some("true"));
}

#[tokio::test]
async fn the_budget_keeps_an_outage_from_doubling_the_traffic() {
    let three = Three::start("targets = ['a']", "[retry]\nattempts = 2\nbudget = 10\nbackoff = '0s'").await;
    three.upstreams[0].script(Script::error(500).times(10_000));
    for _ in 0..300 {
        assert_eq!(three.ask(false).await.status, 500);
    }
    let repeated = three.calls()[0] - 300;
    // Five a second for ten seconds are always allowed, and one in ten.
    assert!((50..=90).contains(&repeated), "{repeated}");
    let none = Three::start("targets = ['a', 'b']", "[retry]\nbudget = 0").await;
    none.upstreams[0].script(Script::error(500));
    assert_eq!(none.ask(false).await.status, 500);
    assert_eq!(none.calls(), [1, 0, 0]);
}

#[tokio::test]
async fn each_in_turn() {
    let three = Three::start("targets = ['a', 'b', 'c']\nstrategy = 'round_robin'", "").await;
    for _ in 0..9 {
        good(&three.ask(false).await, false);
    }
    assert_eq!(three.calls(), [3, 3, 3]);
}

#[tokio::test]
async fn by_weight() {
    let route = "targets = ['a', 'b', 'c']\nstrategy = 'weighted'\nweights = [3, 1, 0]";
    let three = Three::start(route, "").await;
    for _ in 0..200 {
        good(&three.ask(false).await, false);
    }
    let [a, b, c] = three.calls();
    assert!((120..=180).contains(&a) && a + b == 200 && c == 0, "{a} {b} {c}");
}

#[tokio::test]
async fn the_faster_one() {
    let three = Three::start("targets = ['a', 'b']\nstrategy = 'least_latency'", "").await;
    three.upstreams[0].script(Script::default().delay(Duration::from_millis(40)).times(1000));
    for _ in 0..40 {
        good(&three.ask(false).await, false);
    }
    let [a, b, _] = three.calls();
    assert!((1..=4).contains(&a) && b >= 36, "{a} {b}");
}

#[tokio::test]
async fn one_session_one_target() {
    let route = "targets = ['a', 'b', 'c']\nstrategy = 'round_robin'\nsticky = 'session'";
    let three = Three::start(route, "").await;
    let mut of: BTreeMap<usize, usize> = BTreeMap::new();
    for session in 0..12 {
        let before = three.calls();
        for _ in 0..5 {
            let request = request(false).header("x-claude-code-session-id", &format!("session-{session}"));
            good(&send(three.app.address(), &request).await, false);
        }
        let after = three.calls();
        let [one] =
            [0, 1, 2].into_iter().filter(|at: &usize| after[*at] > before[*at]).collect::<Vec<_>>()[..]
        else {
            panic!("{before:?} {after:?}")
        };
        *of.entry(one).or_default() += 1;
    }
    assert!(of.len() > 1, "not all on one: {of:?}");
    let key = "targets = ['a', 'b', 'c']\nstrategy = 'round_robin'\nsticky = 'prompt_cache_key'";
    let three = Three::start(key, "").await;
    for _ in 0..6 {
        let body = json!({"model": "gpt-x", "input": "hi", "prompt_cache_key": "one"});
        send(three.app.address(), &Request::post("/v1/responses", body.to_string())).await;
    }
    assert!(three.calls().contains(&6), "{:?}", three.calls());
}
