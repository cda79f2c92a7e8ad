//! What a collector is told of exchanges, and that nobody waits for it.

use std::collections::BTreeSet;
use std::time::Duration;

use ccproxy_testkit::ScriptedUpstream;
use ccproxy_testkit::upstream::Script;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, Metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use rustix::process::Signal;

use crate::support::collector::{Collector, Reply, attribute, hex};
use crate::support::program::Program;
use crate::support::stage::{self, ask};
use crate::support::{Request, Stage, eventually, eventually_answers, within};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const PRICES: &str = "[[pricing.models]]\nmodel = '*-x'\ninput = 0\noutput = 1_000_000\n";
const ROUTE: &str = "[[routes]]\nmodel = '*'\ntargets = ['claude', 'local/gpt-x']\n[retry]\nattempts = 2\n";

fn traced(request: Request, flags: &str) -> Request {
    request.header("traceparent", &format!("00-{TRACE}-{PARENT}-{flags}"))
}

/// A stage whose exchanges are told to a collector.
async fn told(keys: &str, extra: &str) -> (Collector, Stage) {
    let collector = Collector::start().await;
    let stage = Stage::start(&format!("{PRICES}{extra}{}", collector.toml(keys))).await;
    (collector, stage)
}

#[track_caller]
fn check(span: &Span, name: &str, expect: Option<&str>) {
    assert_eq!(attribute(&span.attributes, name).as_deref(), expect, "{name} of {span:#?}");
}

/// The exchange and its attempts, in order.
fn sorted(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.kind, span.start_time_unix_nano));
    spans
}

#[tokio::test]
async fn the_clients_trace_goes_on_to_the_provider() {
    let (collector, stage) = told("headers = { x-tenant = 'seven' }", "").await;
    for (path, name, kind) in [(ask::MESSAGES, "claude", "anthropic"), (ask::CHAT, "codex", "openai")] {
        let before = collector.spans().len();
        let request = traced(ask::request(path, true), "01").header("tracestate", "vendor=canary-state");
        let request =
            request.header("x-claude-code-session-id", "session-7").header("x-request-id", "mine-1");
        let (response, seen) = stage.pass(&request).await;
        assert_eq!(response.status, 200);
        assert_eq!(seen.header("tracestate"), Some("vendor=canary-state"));
        let spans = sorted(collector.wait_spans(before + 2).await.split_off(before));
        let [exchange, attempt] = spans.as_slice() else { panic!("{spans:#?}") };
        let sent = format!("00-{TRACE}-{}-01", hex(&attempt.span_id));
        assert_eq!(seen.header("traceparent"), Some(sent.as_str()));
        assert_eq!((hex(&exchange.trace_id), hex(&attempt.trace_id)), (TRACE.into(), TRACE.into()));
        assert_eq!((hex(&exchange.parent_span_id).as_str(), exchange.kind), (PARENT, 2));
        assert_eq!((&attempt.parent_span_id, attempt.kind), (&exchange.span_id, 3));
        let below = path.split_once("/v1/").unwrap().1;
        assert_eq!(exchange.name, format!("POST /{{name}}/v1/{below}"));
        let model = if name == "claude" { "claude-x" } else { "gpt-x" };
        assert_eq!(attempt.name, format!("chat {model}"));
        check(exchange, "url.path", Some(path));
        check(exchange, "http.response.status_code", Some("200"));
        check(exchange, "ccproxy.request_id", Some("mine-1"));
        check(exchange, "error.type", None);
        check(attempt, "gen_ai.provider.name", Some(kind));
        check(attempt, "gen_ai.request.model", Some(model));
        check(attempt, "gen_ai.conversation.id", Some("session-7"));
        check(attempt, "ccproxy.provider", Some(name));
        if name == "claude" {
            let output = attribute(&attempt.attributes, "gen_ai.usage.output_tokens").unwrap();
            check(exchange, "ccproxy.cost_usd", Some(&output));
            assert!(output.parse::<u64>().unwrap() > 0 && response.text().contains(&output));
        }
        assert!(exchange.status.is_none() && attempt.status.is_none());
        assert!(exchange.start_time_unix_nano <= attempt.start_time_unix_nano);
        assert!(attempt.end_time_unix_nano <= exchange.end_time_unix_nano);
    }
    let got = collector.got();
    assert_eq!(got[0].headers["content-type"], "application/x-protobuf");
    assert_eq!(got[0].headers["x-tenant"], "seven");
}

#[tokio::test]
async fn a_translated_call_is_in_the_same_trace() {
    let (collector, stage) = told("", ROUTE).await;
    let request = Request::post("/local/v1/messages", ask::body("messages", "gpt-x", false));
    let request = traced(request, "01").header("tracestate", "vendor=1");
    let (_, seen) = stage.pass(&request).await;
    assert!(seen.path().ends_with("chat/completions"), "{}", seen.path());
    let spans = sorted(collector.wait_spans(2).await);
    assert_eq!(
        seen.header("traceparent"),
        Some(format!("00-{TRACE}-{}-01", hex(&spans[1].span_id)).as_str())
    );
    assert_eq!(seen.header("tracestate"), Some("vendor=1"));
    check(&spans[1], "gen_ai.provider.name", Some("openai-compatible"));
}

#[tokio::test]
async fn each_attempt_is_a_span() {
    let (collector, stage) = told("", ROUTE).await;
    stage.upstream.script(Script::error(500));
    let request = Request::post("/v1/messages", ask::body("messages", "claude-x", false));
    assert_eq!(stage.send(&request).await.status, 200);
    let spans = sorted(collector.wait_spans(3).await);
    let [exchange, first, second] = spans.as_slice() else { panic!("{spans:#?}") };
    assert_eq!(exchange.name, "POST /v1/messages");
    assert!(exchange.parent_span_id.is_empty(), "the trace begins here");
    check(exchange, "ccproxy.attempts", Some("2"));
    check(exchange, "ccproxy.route", Some("*"));
    check(first, "ccproxy.provider", Some("claude"));
    check(first, "error.type", Some("upstream_error"));
    check(first, "http.response.status_code", Some("500"));
    check(second, "ccproxy.provider", Some("local"));
    check(second, "error.type", None);
    assert_eq!(first.status.as_ref().map(|status| status.code), Some(2));
    assert!(second.status.is_none() && exchange.status.is_none());
    let seen = stage.upstream.requests();
    for (seen, span) in seen.iter().zip([first, second]) {
        assert!(seen.header("traceparent").unwrap().contains(&hex(&span.span_id)));
    }
}

#[tokio::test]
async fn what_is_not_sampled_is_not_sent() {
    let (collector, stage) = told("sample_ratio = 0", "").await;
    let seen = stage.pass(&traced(ask::request(ask::MESSAGES, false), "00")).await.1;
    assert!(seen.header("traceparent").unwrap().ends_with("-00"), "the client's flag passes on");
    let lost = ask::request(ask::MESSAGES, false).header("tracestate", "vendor=1");
    let seen = stage.pass(&lost).await.1;
    assert!(seen.header("traceparent").unwrap().ends_with("-00"));
    assert_eq!(seen.header("tracestate"), None, "it belongs to no trace");
    stage.send(&traced(ask::request(ask::MESSAGES, false), "01")).await;
    let spans = collector.wait_spans(2).await;
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE));
}

/// So many requests, whose ids are told.
async fn ask_often(stage: &Stage, count: usize) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for number in 0..count {
        let id = format!("id-{number}");
        let request = ask::request(ask::MESSAGES, false).header("x-request-id", &id);
        assert_eq!(within("an answer", stage.send(&request)).await.status, 200);
        ids.insert(id);
    }
    ids
}

fn ids(spans: &[Span]) -> BTreeSet<String> {
    spans.iter().filter_map(|span| attribute(&span.attributes, "ccproxy.request_id")).collect()
}

#[tokio::test]
async fn what_is_not_taken_now_is_taken_later() {
    let (collector, stage) = told("", "").await;
    collector.script(&[Reply::Status(429), Reply::Later(1), Reply::Status(502)]);
    let asked = ask_often(&stage, 20).await;
    let spans = collector.wait_spans(40).await;
    assert_eq!(ids(&spans), asked);
    let later = collector.got();
    let later = later.windows(2).find(|two| two[0].status == 503).unwrap();
    assert!(later[1].at - later[0].at >= Duration::from_secs(1), "it has asked for a pause");
    let health = stage.send(&Request::get("/health")).await.text();
    assert!(!health.contains("records are dropped"), "{health}");
}

#[tokio::test]
async fn what_is_refused_is_lost_and_health_says_so() {
    let (collector, stage) = told("", "").await;
    collector.script(&[Reply::Status(400)]);
    ask_often(&stage, 1).await;
    let warns = |text: String| text.contains("records are dropped for otel");
    eventually_answers(&stage.app, &Request::get("/health"), |answer| warns(answer.text())).await;
    ask_often(&stage, 1).await;
    collector.wait_spans(2).await;
    assert_eq!(collector.got().iter().filter(|got| got.status == 400).count(), 1, "it is not sent again");
}

#[tokio::test]
async fn nobody_waits_for_a_collector() {
    let (collector, stage) = told("timeout = '200ms'", "").await;
    let silence = Reply::Silence(Duration::from_secs(60));
    collector.script(&[silence.clone(), silence]);
    let asked = ask_often(&stage, 20).await;
    let warns = |text: String| text.contains("otel takes no records for now");
    eventually_answers(&stage.app, &Request::get("/health"), |answer| warns(answer.text())).await;
    assert_eq!(ids(&collector.wait_spans(40).await), asked);
}

#[tokio::test]
async fn a_collector_that_is_not_there_hurts_nobody() {
    let keys = "[plugins.otel]\nenabled = true\nendpoint = 'http://127.0.0.1:1'\ninterval = '100ms'\n";
    let stage = Stage::start(keys).await;
    ask_often(&stage, 5).await;
    let warns = |text: &str| text.contains("the collector could not be reached (connection refused)");
    eventually_answers(&stage.app, &Request::get("/health"), |answer| warns(&answer.text())).await;
}

fn points(metrics: &[Metric], name: &str) -> Vec<HistogramDataPoint> {
    let metric = metrics.iter().find(|metric| metric.name == name);
    match metric.and_then(|metric| metric.data.clone()) {
        Some(Data::Histogram(histogram)) => {
            assert_eq!(histogram.aggregation_temporality, 2, "cumulative");
            histogram.data_points
        }
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn metrics_are_sums_since_the_start() {
    let (collector, stage) = told("interval = '100ms'\ntraces = false", "").await;
    let answer = stage.pass(&ask::request(ask::MESSAGES, false)).await;
    assert_eq!(answer.1.header("traceparent"), None, "no traces, no trace context");
    stage.send(&ask::request(ask::MESSAGES, true)).await;
    stage.scripted(Script::error(500), &ask::request(ask::CHAT, false)).await;
    let count = |name: &str| -> u64 {
        let metrics = collector.metrics();
        let there = metrics.iter().any(|metric| metric.name == name);
        if there { points(&metrics, name).iter().map(|point| point.count).sum() } else { 0 }
    };
    eventually("all is told", || count("http.server.request.duration") == 3).await;
    assert_eq!(count("gen_ai.client.operation.duration"), 3);
    assert_eq!(count("gen_ai.server.time_to_first_token"), 1);
    let metrics = collector.metrics();
    let output: f64 = points(&metrics, "gen_ai.client.token.usage")
        .iter()
        .filter(|point| attribute(&point.attributes, "gen_ai.token.type").as_deref() == Some("output"))
        .filter_map(|point| point.sum)
        .sum();
    let cost = metrics.iter().find(|metric| metric.name == "ccproxy.cost").unwrap();
    let Some(Data::Sum(cost)) = &cost.data else { panic!("{cost:?}") };
    assert_eq!(cost.data_points[0].value, Some(number_data_point::Value::AsDouble(output)));
    let failed = points(&metrics, "gen_ai.client.operation.duration");
    let failed = failed.iter().find(|point| attribute(&point.attributes, "error.type").is_some()).unwrap();
    assert_eq!(attribute(&failed.attributes, "gen_ai.request.model").as_deref(), Some("other"));
    assert!(collector.spans().is_empty());
}

/// They look like nobody's secrets, so that no scrubber knows them by their looks.
const CLIENT: &str = "canary-of-client-01";
const HEADER: &str = "canary of header 02";
const PROMPT: &str = "canary of prompt 03";
const COMPLETION: &str = "canary of completion 04";

#[tokio::test]
async fn no_secret_and_nothing_that_was_said_leaves() {
    let (upstream, collector) = (ScriptedUpstream::start().await.unwrap(), Collector::start().await);
    let hash = blake3::hash(CLIENT.as_bytes());
    let keys = format!("[auth]\nkeys = [{{ name = 'alice', hash = 'blake3:{hash}' }}]\n");
    let otel = collector.toml("headers = { authorization = { env = 'OTLP' } }");
    let toml = stage::config(&upstream.url(), "", &format!("{keys}{otel}[shutdown]\ndrain_delay = '0s'\n"));
    let flags = "--log-format json --log-level trace";
    let mut program = Program::start_with("", &toml, flags, &[("OTLP", HEADER)]).await;
    collector.script(&[Reply::Partly(1), Reply::Status(503)]);
    let said = format!(
        r#"{{"id":"m","type":"message","role":"assistant","model":"claude-x","stop_reason":"end_turn",
        "content":[{{"type":"text","text":"{COMPLETION}"}}],"usage":{{"input_tokens":3,"output_tokens":4}}}}"#
    );
    let asked = ask::body("messages", "claude-x", false).replace("\"hi\"", &format!("\"{PROMPT}\""));
    let scripts = [Script::whole(200, said), Script::whole(400, format!("{{\"error\":\"{COMPLETION}\"}}"))];
    for (script, spans) in scripts.into_iter().zip([2, 4]) {
        upstream.script(script);
        let request = Request::post(&format!("{}?q=canary+of+query", ask::MESSAGES), asked.clone());
        let request = request.header("x-api-key", CLIENT).header("cookie", "canary-of-cookie");
        assert!(program.send(&request).await.text().contains(COMPLETION));
        collector.wait_spans(spans).await;
    }
    program.signal(Signal::TERM);
    within("the end", program.child.wait()).await.unwrap();
    assert!(!collector.metrics().is_empty(), "what was counted last is sent at the end");
    for got in collector.got() {
        assert_eq!(got.headers["authorization"], HEADER);
        let text = format!("{:?} {}", got.headers, String::from_utf8_lossy(&got.body));
        let text = text.replace(HEADER, "").to_lowercase();
        assert!(!text.contains("canary") && !text.contains("planted"), "{text}");
        assert!(!String::from_utf8_lossy(&got.body).contains(HEADER));
    }
    let log = program.log();
    for secret in [CLIENT, HEADER, PROMPT, COMPLETION, "canary", stage::CLAUDE_KEY] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret}: {line:?}");
    }
    assert!(log.contains("TRACE") && log.contains("the_collector_rejects_a_part"), "it has been looked at");
}
