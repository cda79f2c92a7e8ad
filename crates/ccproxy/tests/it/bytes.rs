//! However the bytes are cut on their way, the same bytes arrive.

use std::ops::Range;

use ccproxy_testkit::upstream::Script;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::stage::ask;
use crate::support::{Conn, Request, Stage};

/// A recorded stream of each dialect.
const STREAMS: [(&str, &str); 3] = [
    (
        ask::MESSAGES,
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-x\",\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n\
         event: ping\ndata: {\"type\": \"ping\"}\n\n\
         event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"H\u{e9}llo \u{1f600}\"}}\n\n\
         event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":3}}\n\n\
         event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ),
    (
        ask::CHAT,
        ": comment\n\ndata: {\"id\":\"c\",\"model\":\"gpt-x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\\"model\\\":\"}}]}\n\n\
         data:{\"id\":\"c\",\"choices\":[],\"model\":\"gpt-x\",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n\
         data: [DONE]\n\n",
    ),
    (
        ask::RESPONSES,
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"model\":\"gpt-x\"},\"sequence_number\":0}\n\n\
         event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\\n\",\"sequence_number\":1}\n\n\
         event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"model\":\"gpt-x\",\"usage\":{\"output_tokens\":3}},\"sequence_number\":2}\n\n",
    ),
];

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// `bytes` cut where told; cuts may repeat and lie beyond the end.
fn cut(bytes: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let pieces = cuts.windows(2).map(|pair| bytes[Range { start: pair[0], end: pair[1] }].to_vec());
    pieces.filter(|piece| !piece.is_empty()).collect()
}

/// Sends a stream in pieces and tells what arrived.
async fn relayed(stage: &Stage, conn: &mut Conn, path: &str, pieces: Vec<Vec<u8>>) -> Vec<u8> {
    stage.upstream.script(Script::stream(pieces));
    let request = ask::request(path, true);
    conn.send(&request).await;
    let response = conn.response(&request).await;
    assert_eq!((response.status, response.whole), (200, true));
    response.body
}

#[tokio::test]
async fn every_two_way_split_of_a_stream() {
    let stage = Stage::start("").await;
    let mut conn = Conn::open(stage.app.address()).await;
    for (path, text) in STREAMS {
        for text in [text.to_owned(), crlf(text)] {
            for at in 1..text.len() {
                let pieces = cut(text.as_bytes(), &[at]);
                let got = relayed(&stage, &mut conn, path, pieces).await;
                assert!(got == text.as_bytes(), "{path} cut at {at}: {}", String::from_utf8_lossy(&got));
            }
        }
    }
}

#[tokio::test]
async fn every_two_way_split_of_a_request() {
    let stage = Stage::start("").await;
    let mut conn = Conn::open(stage.app.address()).await;
    for path in ask::ALL {
        let body = ask::body(path, "gpt-x", false).into_bytes();
        for at in 0..body.len() {
            let request = Request::post(path, Vec::new()).chunked(cut(&body, &[at]));
            conn.send(&request).await;
            assert_eq!(conn.response(&request).await.status, 200, "{path} cut at {at}");
            assert_eq!(stage.upstream.requests().last().unwrap().body, body, "{path} cut at {at}");
        }
    }
}

/// Runs a property against one stage on one runtime.
fn property<S: Strategy>(cases: u32, strategy: &S, test: &impl AsyncFn(&Stage, &mut Conn, S::Value)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::start(""));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(strategy, |value| {
        runtime.block_on(async {
            let mut conn = Conn::open(stage.app.address()).await;
            test(&stage, &mut conn, value).await;
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let _inside = runtime.enter();
    drop(stage);
}

#[test]
fn streams_arrive_whole_however_they_are_cut() {
    let strategy = (0..STREAMS.len(), any::<bool>(), prop::collection::vec(any::<usize>(), 0..40));
    property(150, &strategy, &async |stage, conn, (which, as_crlf, cuts)| {
        let (path, text) = STREAMS[which];
        let text = if as_crlf { crlf(text) } else { text.to_owned() };
        let got = relayed(stage, conn, path, cut(text.as_bytes(), &cuts)).await;
        assert!(got == text.as_bytes(), "{}", String::from_utf8_lossy(&got));
    });
}

#[test]
fn requests_arrive_whole_however_they_are_cut() {
    let strategy = (0..ask::ALL.len(), ".{0,400}", prop::collection::vec(any::<usize>(), 0..20));
    property(150, &strategy, &async |stage, conn, (which, words, cuts)| {
        let path = ask::ALL[which];
        let body = ask::body(path, "gpt-x", false);
        let words = serde_json::Value::from(words);
        let body = format!("{{\"unknown\": {words} ,{}", &body[1..]).into_bytes();
        let request = Request::post(path, Vec::new()).chunked(cut(&body, &cuts));
        conn.send(&request).await;
        assert_eq!(conn.response(&request).await.status, 200);
        assert_eq!(stage.upstream.requests().last().unwrap().body, body);
    });
}

#[tokio::test]
async fn a_large_answer_and_a_large_request_arrive_whole() {
    let stage = Stage::start("").await;
    let filler = "x".repeat(3 * 1024 * 1024);
    let body = format!(r#"{{"model":"gpt-x","filler":"{filler}","messages":[]}}"#);
    stage.upstream.script(Script::whole(200, body.clone()));
    let (response, seen) = stage.pass(&Request::post(ask::CHAT, body.clone())).await;
    assert!(seen.body == body && response.body == body.as_bytes());
}
