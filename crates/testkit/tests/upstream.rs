//! The scripted upstream, seen from a plain socket.

use std::io;
use std::time::Duration;

use ccproxy_testkit::upstream::{At, End, Fault, Script, ScriptedUpstream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(5);

fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

async fn send(upstream: &ScriptedUpstream, request: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(upstream.addr()).await?;
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

/// Reads until `end` has been seen or the connection is over.
async fn read(stream: &mut TcpStream, end: &str) -> io::Result<String> {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(end) {
        if tokio::time::timeout(LIMIT, stream.read_buf(&mut seen)).await?? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&seen).into_owned())
}

fn message(stream: bool) -> String {
    json!({"model": "claude-x", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": "hi"}]})
        .to_string()
}

#[tokio::test]
async fn a_scripted_answer_comes_byte_for_byte_and_once() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    upstream.script(Script::whole(418, "tea").header("x-a", "1").for_path("/v1/messages"));
    let mut first = send(&upstream, &post("/v1/messages?beta=true", &message(false))).await.unwrap();
    let expect =
        "HTTP/1.1 418 Scripted\r\ncontent-type: application/json\r\nx-a: 1\r\ncontent-length: 3\r\n\r\ntea";
    assert_eq!(read(&mut first, "tea").await.unwrap(), expect);
    let mut second = send(&upstream, &post("/v1/messages", &message(false))).await.unwrap();
    assert!(read(&mut second, "\"usage\"").await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));

    let requests = upstream.requests();
    let seen: Vec<_> = requests.iter().map(|r| r.path_and_query.as_str()).collect();
    assert_eq!(seen, ["/v1/messages?beta=true", "/v1/messages"]);
    assert_eq!(requests[0].body, message(false));
    assert_eq!(requests[0].header("HOST"), Some("x"));
    assert_eq!(requests[0].end, End::Answered);
}

#[tokio::test]
async fn a_reset_reaches_the_client_as_one() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    upstream.script(Script::fault(Fault::Reset(At::Body(10))));
    let mut stream = send(&upstream, &post("/v1/messages", &message(true))).await.unwrap();
    let error = read(&mut stream, "message_stop").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_client_that_leaves_a_stalled_stream_is_noticed() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    upstream.script(Script::fault(Fault::Stall(At::Body(200))));
    let mut stream = send(&upstream, &post("/v1/messages", &message(true))).await.unwrap();
    assert!(read(&mut stream, "message_start").await.unwrap().contains("chunked"));
    assert!(!upstream.wait_cancelled(Duration::from_millis(20)).await);
    drop(stream);
    assert!(upstream.wait_cancelled(LIMIT).await);
    assert_eq!(upstream.requests()[0].end, End::Cancelled);
}

#[tokio::test]
async fn a_closed_port_refuses_until_it_is_opened_again() {
    let mut upstream = ScriptedUpstream::start().await.unwrap();
    upstream.refuse().await;
    let error = TcpStream::connect(upstream.addr()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    upstream.accept().await.unwrap();
    let mut stream = send(&upstream, &post("/v1/messages/count_tokens", &message(false))).await.unwrap();
    assert!(read(&mut stream, "input_tokens").await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn scripts_and_requests_are_had_by_http_too() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let scripts = json!([{"answer": {"error": 429}}, {"answer": "error_event", "gap_ms": 1}]).to_string();
    let mut stream = send(&upstream, &post("/__script", &scripts)).await.unwrap();
    assert!(read(&mut stream, "queued").await.unwrap().ends_with(r#"{"queued":2}"#));

    let mut limited = send(&upstream, &post("/v1/chat/completions", &message(false))).await.unwrap();
    let limited = read(&mut limited, "rate_limit_exceeded").await.unwrap();
    assert!(limited.starts_with("HTTP/1.1 429") && limited.contains("retry-after: 1\r\n"), "{limited}");
    let mut overloaded = send(&upstream, &post("/v1/messages", &message(true))).await.unwrap();
    let overloaded = read(&mut overloaded, "overloaded_error").await.unwrap();
    assert!(overloaded.starts_with("HTTP/1.1 200") && overloaded.contains("event: error"), "{overloaded}");

    let mut stream = send(&upstream, "GET /__requests HTTP/1.1\r\nconnection: close\r\n\r\n").await.unwrap();
    let list = read(&mut stream, "(all of it)").await.unwrap();
    let list: Value = serde_json::from_str(list.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(list[1]["path_and_query"], "/v1/messages");
    assert_eq!(list[0]["end"], "answered");
}

#[tokio::test]
async fn a_stream_numbers_its_events_and_ends() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let body = json!({"model": "gpt-x", "input": "hi", "stream": true, "reasoning": {"summary": "auto"}})
        .to_string();
    let mut stream = send(&upstream, &post("/v1/responses", &body)).await.unwrap();
    let text = read(&mut stream, "\r\n0\r\n\r\n").await.unwrap();
    let numbers: Vec<_> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok())
        .map(|event| event["sequence_number"].as_u64().unwrap())
        .collect();
    assert!(numbers.len() > 10);
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    assert!(text.contains("event: response.completed"));
}
