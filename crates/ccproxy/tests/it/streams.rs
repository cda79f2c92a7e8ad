//! Streams: every event at once, company in silence, and an end that tells the truth.

use std::time::Duration;

use ccproxy_testkit::TestApp;
use ccproxy_testkit::upstream::{At, Fault, Script};
use serde_json::Value;

use crate::support::client::Piece;
use crate::support::manual::{Manual, Taken};
use crate::support::stage::{ask, config};
use crate::support::{Conn, Request, Response, Stage};

/// Two events of each dialect: one that opens the stream, one that ends it.
const EVENTS: [(&str, &str, &str); 3] = [
    (
        ask::MESSAGES,
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-x\"}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ),
    (ask::CHAT, "data: {\"model\":\"gpt-x\",\"choices\":[]}\n\n", "data: [DONE]\n\n"),
    (
        ask::RESPONSES,
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{}}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{}}\n\n",
    ),
];

/// The program in front of a provider worked by hand.
async fn by_hand(keys: &str, extra: &str) -> (Manual, TestApp) {
    let manual = Manual::start().await;
    let app = TestApp::start(ccproxy::plugins::PLUGINS, &config(&manual.url(), keys, extra)).await;
    (manual, app)
}

/// A stream that has begun on both sides.
async fn begun(manual: &Manual, app: &TestApp, path: &str) -> (Conn, crate::support::client::Head, Taken) {
    let request = ask::request(path, true);
    let mut conn = Conn::open(app.address()).await;
    conn.send(&request).await;
    let mut provider = manual.take().await;
    provider.begin_stream().await;
    let head = conn.head(&request).await;
    assert_eq!(head.status, 200);
    (conn, head, provider)
}

#[tokio::test]
async fn every_event_goes_out_before_the_next_comes_in() {
    let (manual, app) = by_hand("", "").await;
    for (path, first, last) in EVENTS {
        let (mut conn, mut head, mut provider) = begun(&manual, &app, path).await;
        for _ in 0..20 {
            provider.chunk(first).await;
            conn.expect(&mut head, first.as_bytes()).await;
        }
        // Also what is no whole event: the client may make something of it.
        let (begin, rest) = last.split_at(9);
        for part in [begin, rest] {
            provider.chunk(part).await;
            conn.expect(&mut head, part.as_bytes()).await;
        }
        provider.finish().await;
        assert_eq!(conn.piece(&mut head).await, Piece::End);
    }
    assert_eq!((app.stats().begun(), app.stats().done()), (3, 3));
}

#[tokio::test]
async fn company_in_silence_only_between_two_events() {
    let (manual, app) = by_hand("", "[server]\nsse_keep_alive = '20ms'").await;
    let company = ["event: ping\ndata: {\"type\": \"ping\"}\n\n", ": keep-alive\n\n", ": keep-alive\n\n"];
    for ((path, first, last), company) in EVENTS.into_iter().zip(company) {
        let (mut conn, mut head, mut provider) = begun(&manual, &app, path).await;
        conn.expect(&mut head, b": keep-alive\n\n").await;
        provider.chunk(first).await;
        // The comment may have gone out once more before the event came.
        let mut seen = Vec::new();
        while !seen.ends_with(format!("{first}{company}{company}").as_bytes()) {
            let Piece::Data(data) = conn.piece(&mut head).await else { panic!("the stream is over") };
            seen.extend_from_slice(&data);
        }
        // Within an event nothing goes out, however long it takes.
        let (begin, rest) = last.split_at(11);
        provider.chunk(begin).await;
        tokio::time::sleep(Duration::from_millis(70)).await;
        provider.chunk(rest).await;
        provider.finish().await;
        let mut seen = Vec::new();
        while let Piece::Data(data) = conn.piece(&mut head).await {
            seen.extend_from_slice(&data);
        }
        let seen = String::from_utf8(seen).unwrap();
        assert_eq!(seen.replace(company, ""), last, "{path}");
        assert!(seen.contains(last), "{path}: {seen}");
    }
}

/// The data of the last event.
fn last_event(response: &Response) -> (Option<String>, Value) {
    let text = response.text();
    let event = text.trim_end().rsplit("\n\n").next().unwrap();
    let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
    (line("event: "), serde_json::from_str(&line("data: ").unwrap()).unwrap())
}

#[track_caller]
fn check_error(path: &str, response: &Response, code: &str) {
    let (name, data) = last_event(response);
    if path == ask::MESSAGES {
        assert_eq!((name.as_deref(), &data["type"]), (Some("error"), &Value::from("error")), "{data}");
        assert_eq!(data["error"]["type"], "api_error");
    } else if path == ask::CHAT {
        assert_eq!((name, &data["error"]["code"]), (None, &Value::from(code)), "{data}");
    } else {
        assert_eq!((name.as_deref(), &data["code"]), (Some("error"), &Value::from(code)), "{data}");
        assert_eq!((&data["type"], &data["error"]["code"]), (&Value::from("error"), &Value::from(code)));
    }
    let message = data.pointer("/error/message").and_then(Value::as_str).unwrap();
    assert!(message.contains("try again"), "{message}");
    assert!(response.whole, "after its error a stream is properly ended");
}

#[tokio::test]
async fn a_stream_that_ends_early_ends_in_the_dialects_error() {
    let stage = Stage::start("").await;
    for (path, first, _) in EVENTS {
        for fault in
            [None, Some(Fault::Close(At::Body(first.len()))), Some(Fault::Reset(At::Body(first.len())))]
        {
            // The reset may overtake bytes on their way; a pause lets them arrive.
            let mut script = Script::stream([first]);
            script.fault = fault;
            let response = stage.scripted(script, &ask::request(path, true)).await;
            if matches!(fault, Some(Fault::Reset(_))) && !response.text().contains(first) {
                continue;
            }
            assert!(response.text().starts_with(first), "{}", response.text());
            check_error(path, &response, "upstream_unreachable");
        }
    }
    let [begun, done, failed, gone] = stage.counts().await;
    assert_eq!([begun, done, failed, gone], [9, 0, 9, 0]);
}

#[tokio::test]
async fn an_ending_that_is_less_than_the_vendors_is_whole() {
    let stage = Stage::start("").await;
    let finish = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    for end in ["", "data: [DONE]", "data: [DONE]\n"] {
        let body = format!("{finish}{end}");
        let response = stage.scripted(Script::stream([body.clone()]), &ask::request(ask::CHAT, true)).await;
        assert_eq!((response.text(), response.whole), (body, true));
    }
    assert_eq!(stage.counts().await, [3, 3, 0, 0]);
}

#[tokio::test]
async fn a_stream_cut_within_an_event_is_cut_for_the_client_too() {
    let stage = Stage::start("").await;
    for (path, first, last) in EVENTS {
        let whole = format!("{first}{last}");
        let at = first.len() + 8;
        let script = Script::stream([whole.clone()]).with_fault(Fault::Close(At::Body(at)));
        let response = stage.scripted(script, &ask::request(path, true)).await;
        assert_eq!(response.text(), whole[..at]);
        assert!(!response.whole, "{path}: what is cut must not look whole");
    }
    assert_eq!(stage.counts().await, [3, 0, 3, 0]);
}

#[tokio::test]
async fn a_stream_that_falls_silent_ends_in_the_dialects_error() {
    let stage = Stage::start_with("timeouts = { idle = '60ms' }", "").await;
    for (path, first, last) in EVENTS {
        let script = Script::stream([first, last]).with_fault(Fault::Stall(At::Body(first.len())));
        let response = stage.scripted(script, &ask::request(path, true)).await;
        check_error(path, &response, "upstream_timeout");
    }
    assert_eq!(stage.counts().await, [3, 0, 3, 0]);
}

#[tokio::test]
async fn a_whole_answer_that_breaks_off_does_not_look_whole() {
    let stage = Stage::start("").await;
    for path in ask::ALL {
        for fault in [Fault::Close(At::Body(20)), Fault::Reset(At::Body(20))] {
            let response = stage.scripted(Script::fault(fault), &ask::request(path, false)).await;
            assert!(!response.whole || response.status == 502, "{path} {fault:?}: {}", response.text());
        }
    }
    let [begun, done, failed, gone] = stage.counts().await;
    assert_eq!([begun, done, failed, gone], [6, 0, 6, 0]);
}

#[tokio::test]
async fn an_error_of_the_providers_own_passes_as_it_is() {
    let stage = Stage::start("").await;
    for path in ask::ALL {
        let direct = {
            stage.upstream.script(Script::error_event());
            let below = path.split_at(path.find("/v1").unwrap()).1;
            crate::support::send(stage.upstream.addr(), &ask::request(below, true)).await
        };
        let response = stage.scripted(Script::error_event(), &ask::request(path, true)).await;
        assert_eq!((response.status, response.text()), (200, direct.text()), "{path}");
        assert!(response.text().contains("Overloaded"));
    }
    assert_eq!(stage.counts().await, [3, 0, 3, 0], "an error inside a stream is a failure");
}

#[tokio::test]
async fn a_stream_of_legacy_completions_is_watched_too() {
    let stage = Stage::start("").await;
    let request = Request::post("/codex/v1/completions", r#"{"model":"gpt-x","prompt":"a","stream":true}"#);
    let first = "data: {\"object\":\"text_completion\",\"choices\":[]}\n\n";
    let response = stage.scripted(Script::stream([first]), &request).await;
    check_error(ask::CHAT, &response, "upstream_unreachable");
    assert_eq!(stage.counts().await, [1, 0, 1, 0]);
}
