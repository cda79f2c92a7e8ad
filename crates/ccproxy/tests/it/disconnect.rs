//! What becomes of a call whose client has gone, where the operator wants it seen through.

use std::time::Duration;

use ccproxy_server::End;
use ccproxy_testkit::upstream::{At, End as Ended, Fault, Script};
use tokio::time::Instant;

use crate::support::client::Piece;
use crate::support::stage::ask;
use crate::support::{Conn, Stage, eventually, within};

/// Sends a request whose answer takes `gap` between its events, and goes away: `mid_stream` with some of it, else before
/// anything has come.
async fn ask_and_leave(stage: &Stage, path: &str, stream: bool, mid_stream: bool) {
    let script = if mid_stream { Script::default().gap(GAP) } else { Script::default().delay(3 * GAP) };
    leave(stage, script, path, stream, mid_stream).await;
}

const GAP: Duration = Duration::from_millis(20);

async fn leave(stage: &Stage, script: Script, path: &str, stream: bool, mid_stream: bool) {
    stage.upstream.reset();
    stage.upstream.script(script);
    let request = ask::request(path, stream);
    let mut conn = Conn::open(stage.app.address()).await;
    conn.send(&request).await;
    stage.upstream.wait_requests(1).await;
    if mid_stream {
        let mut head = conn.head(&request).await;
        assert!(matches!(conn.piece(&mut head).await, Piece::Data(_)));
    }
}

/// How the provider saw its one request end.
async fn ended(stage: &Stage) -> Ended {
    let end = || stage.upstream.requests()[0].end;
    eventually("the call has ended", || end() != Ended::Running).await;
    end()
}

#[tokio::test]
async fn a_call_is_seen_through_without_its_client() {
    let stage = Stage::start("[disconnect]\npolicy = 'finish'").await;
    let mut begun = 0;
    for path in ask::ALL {
        for (stream, mid_stream) in [(true, true), (true, false), (false, false)] {
            ask_and_leave(&stage, path, stream, mid_stream).await;
            begun += 1;
            assert_eq!(ended(&stage).await, Ended::Answered, "{path} {stream} {mid_stream}");
            assert_eq!(stage.counts().await, [begun, 0, 0, begun], "{path} {stream} {mid_stream}");
        }
    }
    // Who stays is served as ever.
    for path in ask::ALL {
        assert!(stage.send(&ask::request(path, true)).await.whole);
    }
    assert_eq!(stage.counts().await, [begun + 3, 3, 0, begun]);
}

#[tokio::test]
async fn a_translated_answer_is_seen_through_as_well() {
    let stage = Stage::start("[disconnect]\npolicy = 'finish'").await;
    for (n, (stream, mid_stream)) in [(true, true), (false, false)].into_iter().enumerate() {
        ask_and_leave(&stage, "/codex/v1/messages", stream, mid_stream).await;
        assert_eq!(ended(&stage).await, Ended::Answered);
        let n = n as u64 + 1;
        assert_eq!(stage.counts().await, [n, 0, 0, n]);
    }
}

#[tokio::test]
async fn a_client_that_has_gone_is_no_reason_to_ask_again() {
    let stage = Stage::start("[disconnect]\npolicy = 'finish'\n[retry]\nattempts = 3\nbackoff = '1ms'").await;
    leave(&stage, Script::error(503).delay(3 * GAP), ask::CHAT, false, false).await;
    assert_eq!(stage.counts().await, [1, 0, 0, 1]);
    assert_eq!(stage.upstream.requests().len(), 1);
}

#[tokio::test]
async fn not_for_longer_than_allowed() {
    let stage = Stage::start("[disconnect]\npolicy = 'finish'\ntime = '150ms'").await;
    for mid_stream in [true, false] {
        let at = if mid_stream { At::Body(150) } else { At::Head };
        leave(&stage, Script::fault(Fault::Stall(at)), ask::CHAT, true, mid_stream).await;
        let left = Instant::now();
        assert_eq!(ended(&stage).await, Ended::Cancelled);
        let took = left.elapsed();
        assert!((Duration::from_millis(140)..Duration::from_secs(1)).contains(&took), "{took:?}");
    }
    assert_eq!(stage.counts().await, [2, 0, 0, 2]);
}

#[tokio::test]
async fn not_more_of_it_than_allowed() {
    let stage = Stage::start("[disconnect]\npolicy = 'finish'\nsize = '100B'").await;
    ask_and_leave(&stage, ask::CHAT, true, true).await;
    assert_eq!(ended(&stage).await, Ended::Cancelled);
    assert_eq!(stage.counts().await, [1, 0, 0, 1]);
}

#[tokio::test]
async fn shutdown_waits_for_what_is_seen_through() {
    let shutdown = "[shutdown]\ndrain_delay = '0s'\ndeadline = '20s'";
    let stage = Stage::start(&format!("[disconnect]\npolicy = 'finish'\n{shutdown}")).await;
    ask_and_leave(&stage, ask::CHAT, true, true).await;
    stage.app.drain();
    let Stage { app, upstream } = stage;
    assert_eq!(within("the end", app.ended()).await, End::Drained);
    assert_eq!(upstream.requests()[0].end, Ended::Answered);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_was_used_is_known() {
    use crate::support::program::Program;
    use crate::support::stage::config;

    for (policy, known) in [("finish", true), ("cancel", false)] {
        let upstream = ccproxy_testkit::ScriptedUpstream::start().await.unwrap();
        let toml = config(&upstream.url(), "", &format!("[disconnect]\npolicy = '{policy}'"));
        let program = Program::start_with("", &toml, "--log-format json --log-level debug", &[]).await;
        upstream.script(Script::default().delay(3 * GAP));
        let mut conn = Conn::open(program.main).await;
        conn.send(&ask::request(ask::CHAT, false)).await;
        upstream.wait_requests(1).await;
        drop(conn);
        eventually("the end is logged", || program.log().contains("exchange_ended")).await;
        let log = program.log();
        let line = log.lines().find(|line| line.contains("exchange_ended")).unwrap();
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let fields = line.get("fields").unwrap_or(&line);
        assert_eq!(fields["ending"], "ClientGone", "{line}");
        assert_eq!(fields.get("output_tokens").is_some_and(serde_json::Value::is_u64), known, "{line}");
    }
}
