//! Calls: what is served, that it can be cancelled, that errors keep secrets.

use std::time::Duration;

use bytes::Bytes;
use ccproxy_plugin_api::{Built, Call, CallErrorKind};
use ccproxy_wire::{Dialect, Operation};
use http::{HeaderMap, Method};
use http_body_util::BodyExt;

use super::{PLANTED, Subject, keeps_secret};
use crate::ScriptedUpstream;
use crate::upstream::{At, Fault, Script};

/// A dropped call is cancelled within this.
const CANCELLED_WITHIN: Duration = Duration::from_millis(100);
/// No call of the suite takes longer.
const LIMIT: Duration = Duration::from_secs(10);

const MAIN: [(Dialect, Operation, &str); 3] = [
    (Dialect::Messages, Operation::Messages, "messages"),
    (Dialect::Chat, Operation::ChatCompletions, "chat/completions"),
    (Dialect::Responses, Operation::Responses, "responses"),
];

/// What the plugin says it speaks is what it supports.
pub(super) fn dialects(subject: &Subject, built: &Built) {
    let spoken = built.provider.dialects();
    assert!(!spoken.is_empty(), "{} speaks nothing", subject.kind());
    for (dialect, operation, _) in MAIN {
        let count = spoken.iter().filter(|spoken| **spoken == dialect).count();
        assert!(count <= 1, "{} names {dialect:?} twice", subject.kind());
        let supports = built.provider.supports(operation);
        assert_eq!(supports, count == 1, "{} does not agree with itself on {operation:?}", subject.kind());
    }
}

fn served(built: &Built) -> impl Iterator<Item = (Operation, &'static str)> {
    let spoken = built.provider.dialects().to_vec();
    MAIN.into_iter()
        .filter(move |(dialect, ..)| spoken.contains(dialect))
        .map(|(_, operation, path)| (operation, path))
}

fn call(operation: Operation, path: &str, stream: bool) -> Call {
    let body = format!(
        r#"{{"model":"conformance","stream":{stream},"max_tokens":64,"messages":[{{"role":"user","content":"hi"}}],"input":"hi"}}"#
    );
    Call {
        operation,
        method: Method::POST,
        target: path.to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::from(body),
        model: "conformance".to_owned(),
        stream,
    }
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.unwrap_or_else(|_| panic!("{what}: not within {LIMIT:?}"))
}

/// Every dialect is answered, whole and streamed.
pub(super) async fn answers(subject: &Subject, built: &Built) {
    for (operation, path) in served(built) {
        for stream in [false, true] {
            let what = format!("{}: {path}, stream: {stream}", subject.kind());
            let answer = within(&what, built.provider.call(call(operation, path, stream))).await;
            let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(answer.status().is_success(), "{what}: {}", answer.status());
            let kind =
                answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            let expect = if stream { "text/event-stream" } else { "application/json" };
            assert!(kind.starts_with(expect), "{what}: {kind}");
            let body = within(&what, answer.into_body().collect()).await;
            let body = body.unwrap_or_else(|error| panic!("{what}: {error}")).to_bytes();
            assert!(!body.is_empty(), "{what}: no body");
        }
    }
}

/// A dropped call, and a dropped answer, end at the upstream; the plugin goes on to serve.
pub(super) async fn cancellation(subject: &Subject, built: &Built, upstream: &ScriptedUpstream) {
    for (operation, path) in served(built) {
        upstream.reset();
        upstream.script(Script::fault(Fault::Stall(At::Head)));
        let waiting = built.provider.call(call(operation, path, true));
        if subject.has_upstream() {
            tokio::select! {
                _ = waiting => panic!("{}: an answer that nobody gave", subject.kind()),
                () = within("a request to the upstream", upstream.wait_requests(1)) => {}
            }
            let cancelled = upstream.wait_cancelled(CANCELLED_WITHIN).await;
            assert!(cancelled, "{}: a dropped call goes on", subject.kind());
        } else {
            drop(waiting);
        }
        upstream.reset();
        upstream.script(Script::fault(Fault::Stall(At::Body(100))));
        let answer = within("an answer", built.provider.call(call(operation, path, true))).await;
        let mut body = answer.unwrap_or_else(|error| panic!("{}: {error}", subject.kind())).into_body();
        let first = within("its first bytes", body.frame()).await;
        assert!(first.is_some_and(|frame| frame.is_ok()), "{}: no first bytes", subject.kind());
        drop(body);
        if subject.has_upstream() {
            let cancelled = upstream.wait_cancelled(CANCELLED_WITHIN).await;
            assert!(cancelled, "{}: a dropped answer goes on", subject.kind());
        }
    }
    upstream.reset();
    answers(subject, built).await;
}

/// Whatever the upstream says, errors and outcomes of checks keep the secret.
pub(super) async fn secrets(subject: &Subject, built: Built, mut upstream: ScriptedUpstream) {
    for (_, check) in &built.checks {
        let outcome = within("a check", check.run()).await;
        keeps_secret(subject, "the outcome of a check", &format!("{outcome:?}"));
    }
    if !subject.has_upstream() {
        return;
    }
    let leak = format!(r#"{{"error":{{"message":"Incorrect API key provided: {PLANTED}","type":"x"}}}}"#);
    let scripts = [
        Script::whole(401, leak.clone()),
        Script::whole(403, leak),
        Script::raw(format!("HTTP/1.1 {PLANTED}\r\n\r\n")),
        Script::fault(Fault::Reset(At::Head)),
    ];
    for (operation, path) in served(&built) {
        for script in &scripts {
            upstream.reset();
            upstream.script(script.clone());
            let error = within("an error", built.provider.call(call(operation, path, false))).await;
            let Err(error) = error else { panic!("{}: {script:?} is no answer", subject.kind()) };
            keeps_secret(subject, "an error", &format!("{error:?} {error}"));
        }
    }
    upstream.refuse().await;
    for (operation, path) in served(&built) {
        let error = within("an error", built.provider.call(call(operation, path, false))).await;
        let Err(error) = error else { panic!("{}: an answer from nobody", subject.kind()) };
        assert_eq!(error.kind(), CallErrorKind::Connect, "{}: {error}", subject.kind());
        keeps_secret(subject, "an error", &format!("{error:?} {error}"));
    }
}
