//! What is scraped is what has happened.

use ccproxy_testkit::upstream::Script;

use crate::support::stage::ask;
use crate::support::{Request, Response, Stage, eventually_answers};

/// The value of a line, without a label of which `labels` is a part.
fn value(page: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let mut lines = page.lines().filter(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
            && labels.iter().all(|label| line.contains(label))
    });
    let line = lines.next()?;
    assert!(lines.next().is_none(), "{name} {labels:?} is there twice");
    line.rsplit(' ').next()?.parse().ok()
}

/// What is told once nothing is running, and the connections of those that have ended are seen to be closed.
async fn scrape(stage: &Stage, accept: &str) -> Response {
    stage.counts().await;
    let alone = |page: &Response| value(&page.text(), "ccproxy_open_connections", &[]) == Some(1.0);
    eventually_answers(&stage.app, &Request::get("/metrics").header("accept", accept), alone).await
}

#[tokio::test]
async fn traffic_is_counted_as_it_was() {
    let stage = Stage::start("").await;
    for path in ask::ALL {
        stage.send(&ask::request(path, false)).await;
        stage.send(&ask::request(path, true)).await;
    }
    stage.scripted(Script::error(500), &ask::request(ask::CHAT, false)).await;
    stage.send(&Request::post(ask::CHAT, "no json")).await;
    let page = scrape(&stage, "text/plain").await.text();
    let check = |name: &str, labels: &[&str], expect: f64| {
        assert_eq!(value(&page, name, labels), Some(expect), "{name} {labels:?} in {page}");
    };
    let claude = ["provider=\"claude\"", "model=\"claude-x\"", "operation=\"messages\""];
    check("ccproxy_requests_total", &[&claude[..], &["outcome=\"done\""]].concat(), 2.0);
    check("ccproxy_request_duration_seconds_count", &claude, 2.0);
    check("ccproxy_time_to_first_byte_seconds_count", &claude, 2.0);
    check("ccproxy_time_to_first_token_seconds_count", &claude, 1.0);
    check("ccproxy_requests_total", &["provider=\"codex\"", "chat/completions", "outcome=\"failed\""], 1.0);
    check(
        "ccproxy_request_errors_total",
        &["provider=\"codex\"", "error=\"upstream_error\"", "fault=\"upstream\""],
        1.0,
    );
    check("ccproxy_request_errors_total", &["error=\"invalid_request\"", "fault=\"client\""], 1.0);
    let codex = "provider=\"codex\"";
    check("ccproxy_upstream_attempts_total", &[codex, "status=\"200\"", "error=\"\""], 4.0);
    check("ccproxy_upstream_attempts_total", &[codex, "status=\"500\"", "error=\"upstream_error\""], 1.0);
    check("ccproxy_upstream_attempt_duration_seconds_count", &[codex], 5.0);
    check("ccproxy_provider_credentials", &[codex, "state=\"usable\""], 1.0);
    check("ccproxy_open_connections", &[], 1.0);
    check("ccproxy_config_last_reload_successful", &[], 1.0);
    check("ccproxy_provider_breaker_state", &["provider=\"local\"", "state=\"closed\""], 1.0);
    check("ccproxy_requests_in_flight", &[], 0.0);
    assert!(value(&page, "ccproxy_tokens_total", &[&claude[..2], &["type=\"output\""]].concat()) > Some(0.0));
    assert!(value(&page, "process_resident_memory_bytes", &[]) > Some(1e6), "{page}");
    assert!(value(&page, "process_cpu_seconds_total", &[]).is_some());
    assert!(value(&page, "ccproxy_health_ready", &[]) == Some(1.0));
    assert!(!page.contains(" # {"), "the classic format has no examples");
}

#[tokio::test]
async fn a_slow_request_can_be_found_by_its_id() {
    let stage = Stage::start("").await;
    stage.send(&ask::request(ask::MESSAGES, false).header("x-request-id", "find-me")).await;
    let page = scrape(&stage, "application/openmetrics-text").await;
    assert!(page.text().contains(" # {request_id=\"find-me\"}"), "{}", page.text());
    assert!(page.text().ends_with("# EOF\n"));
}
