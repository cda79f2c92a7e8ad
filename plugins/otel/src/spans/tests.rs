use std::collections::BTreeSet;

use opentelemetry_proto::tonic::common::v1::any_value::Value;

use super::*;
use crate::names::ATTRIBUTES;

/// A record in which everything is set; the answer broke off in its middle.
pub(crate) const FULL: &str = r#"{
    "id": "mine-1", "began": "2026-01-01T00:00:00Z", "session": "session-7", "key": "alice",
    "operation": "messages", "dialect": "messages", "route": "claude-*", "provider": "claude", "kind": "anthropic",
    "model": "claude-x", "served_model": "claude-y", "stream": true, "status": 200, "upstream_status": 200,
    "ending": "failed", "error": "reset", "fault": "upstream",
    "attempts": [
        {"provider": "spare", "model": "claude-z", "after_ms": 1, "duration_ms": 2, "status": 529,
         "error": "overloaded_upstream", "span": "00000000000000a1"},
        {"provider": "claude", "model": "claude-y", "after_ms": 4, "duration_ms": 6, "status": 200,
         "error": null, "span": "00000000000000a2"}
    ],
    "first_byte_ms": 11, "first_token_ms": 12, "duration_ms": 100,
    "tokens": {"input": 30, "output": 20, "cache_read": 10, "cache_write": 5, "reasoning": 4},
    "cost_usd": 0.25, "request_bytes": 300, "response_bytes": 200,
    "trace": {"trace": "4bf92f3577b34da6a3ce929d0e0e4736", "span": "00000000000000e1",
              "parent": "00f067aa0ba902b7", "sampled": true}
}"#;

pub(crate) fn record(change: impl FnOnce(&mut Record)) -> Record {
    let mut record = serde_json::from_str(FULL).unwrap();
    change(&mut record);
    record
}

fn value(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    Some(match found.value.clone()?.value? {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        Value::BoolValue(truth) => truth.to_string(),
        other => panic!("{name}: {other:?}"),
    })
}

#[test]
fn an_exchange_and_its_attempts() {
    let spans = of(&record(|_| {}));
    let [exchange, first, second] = spans.as_slice() else { panic!("{spans:?}") };
    let began = 1_767_225_600_000_000_000;
    let at = |span: &Span| {
        let millis = |nanos: u64| (nanos - began) / 1_000_000;
        (millis(span.start_time_unix_nano), millis(span.end_time_unix_nano))
    };
    assert_eq!((at(exchange), at(first), at(second)), ((0, 100), (1, 3), (4, 100)));
    assert!(spans.iter().all(|span| span.trace_id == exchange.trace_id && span.trace_id.len() == 16));
    assert_eq!(exchange.parent_span_id, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
    assert_eq!((exchange.flags, first.flags), (0x301, 0x101));
    assert_eq!((&first.parent_span_id, &second.parent_span_id), (&exchange.span_id, &exchange.span_id));
    assert_eq!(second.span_id, [0, 0, 0, 0, 0, 0, 0, 0xa2]);
    assert_eq!(
        [exchange, first, second].map(|span| (span.name.as_str(), span.kind)),
        [("POST /v1/messages", 2), ("chat claude-z", 3), ("chat claude-y", 3)]
    );
    let errors = [exchange, first, second].map(|span| value(span, "error.type").unwrap());
    assert_eq!(errors, ["reset", "overloaded_upstream", "reset"]);
    assert!(spans.iter().all(|span| span.status.as_ref().unwrap().code == 2));
    let check = |span: &Span, name: &str, expect: Option<&str>| {
        assert_eq!(value(span, name).as_deref(), expect, "{name} of {}", span.name);
    };
    check(exchange, "ccproxy.cost_usd", Some("0.25"));
    check(exchange, "ccproxy.first_token_ms", Some("12"));
    check(exchange, "ccproxy.key", Some("alice"));
    check(exchange, "url.path", Some("/v1/messages"));
    check(first, "gen_ai.provider.name", None);
    check(first, "gen_ai.response.model", None);
    check(first, "gen_ai.usage.input_tokens", None);
    check(second, "gen_ai.provider.name", Some("anthropic"));
    check(second, "gen_ai.request.model", Some("claude-y"));
    check(second, "gen_ai.usage.input_tokens", Some("30"));
    check(second, "gen_ai.usage.cache_read.input_tokens", Some("10"));
    check(second, "gen_ai.conversation.id", Some("session-7"));
}

#[test]
fn what_is_not_kept_is_not_told() {
    assert!(of(&record(|record| record.trace = None)).is_empty());
    assert!(of(&record(|record| record.trace.as_mut().unwrap().sampled = false)).is_empty());
}

#[test]
fn whose_fault_makes_an_error() {
    let check = |status: Option<u16>, ending, error: Option<&str>, fault, expect: bool| {
        let spans = of(&record(|record| {
            record.attempts.clear();
            (record.status, record.ending, record.fault) = (status, ending, fault);
            record.error = error.map(str::to_owned);
        }));
        let [exchange] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(exchange.status.is_some(), expect, "{status:?} {error:?} {fault:?}");
        assert_eq!(value(exchange, "error.type").as_deref(), error);
    };
    check(Some(200), Ending::Done, None, None, false);
    check(Some(400), Ending::Failed, Some("invalid_request"), Some(Fault::Client), false);
    check(Some(429), Ending::Failed, Some("rate_limited"), Some(Fault::Upstream), true);
    check(Some(502), Ending::Failed, Some("connect"), Some(Fault::Upstream), true);
    check(Some(500), Ending::Failed, Some("internal"), Some(Fault::Us), true);
    check(None, Ending::ClientGone, None, None, false);
}

#[test]
fn names_of_operations_and_doors() {
    let check = |operation: &str, route: Option<&str>, expect: [&str; 2]| {
        let spans = of(&record(|record| {
            record.operation = operation.to_owned();
            record.route = route.map(str::to_owned);
        }));
        assert_eq!([&*spans[0].name, &*spans[2].name], expect, "{operation} {route:?}");
    };
    check("messages", None, ["POST /{name}/v1/messages", "chat claude-y"]);
    check("count_tokens", Some("*"), ["POST /v1/messages/count_tokens", "count_tokens claude-y"]);
    check("completions", Some("*"), ["POST /v1/completions", "text_completion claude-y"]);
    check("embeddings", None, ["POST /{name}/v1/embeddings", "embeddings claude-y"]);
    check("responses (WebSocket)", None, ["GET /{name}/v1/responses", "chat claude-y"]);
    check("models/{id}", None, ["HTTP", "models/{id} claude-y"]);
}

/// The list is the document.
#[test]
fn every_attribute_is_in_the_list_and_each_in_the_list_is_sent() {
    let spans = of(&record(|_| {}));
    let sent = |spans: &[Span]| -> BTreeSet<String> {
        spans.iter().flat_map(|span| &span.attributes).map(|attribute| attribute.key.clone()).collect()
    };
    let listed = |on: fn(&names::Attribute) -> bool| -> BTreeSet<String> {
        ATTRIBUTES
            .iter()
            .filter(|attribute| on(attribute))
            .map(|attribute| attribute.name.to_owned())
            .collect()
    };
    assert_eq!(sent(&spans[..1]), listed(|attribute| attribute.exchange));
    assert_eq!(sent(&spans[1..]), listed(|attribute| attribute.attempt));
}
