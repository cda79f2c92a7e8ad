//! What changes, as it does.

use std::time::Duration;

use ccproxy_health::{Outcome, REMEMBERED};
use ccproxy_health_server::{Body, Details};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::support::{Service, ask, response};

async fn next(body: &mut Body) -> String {
    let frame = body.frame().await.expect("the stream has ended").unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

fn open(service: &Service, headers: &[(&str, &str)]) -> Body {
    let response = response(&service.pages(Details::Always), "GET", "/health/events", headers);
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body()
}

fn is_transition(event: &str, number: u64, to: &str) {
    let head = format!("event: transition\nid: {number}\ndata: {{\"number\":{number},");
    assert!(event.starts_with(&head), "{event:?}");
    assert!(event.contains(&format!(r#""to":"{to}""#)) && event.ends_with("}\n\n"), "{event:?}");
}

#[tokio::test(start_paused = true)]
async fn as_they_come() {
    let service = Service::start();
    service.disk(Outcome::pass()).await;
    let mut events = open(&service, &[]);
    assert_eq!(next(&mut events).await, "event: phase\ndata: {\"phase\":\"ready\"}\n\n");
    service.disk(Outcome::fail("full")).await;
    is_transition(&next(&mut events).await, 2, "fail");
    let silent = Instant::now();
    assert_eq!(next(&mut events).await, ":\n\n");
    assert_eq!(silent.elapsed(), Duration::from_secs(15));
    service.health.take_out();
    assert_eq!(next(&mut events).await, "event: phase\ndata: {\"phase\":\"draining\"}\n\n");
    service.health.stop();
    assert_eq!(next(&mut events).await, "event: phase\ndata: {\"phase\":\"stopped\"}\n\n");
    assert!(events.frame().await.is_none(), "the end of the service ends the stream");
    service.end().await;
}

#[tokio::test]
async fn from_where_it_was() {
    let service = Service::start();
    for outcome in [Outcome::pass(), Outcome::fail("full"), Outcome::pass()] {
        service.disk(outcome).await;
    }
    let check = async |last: &str, expect: &[(u64, &str)]| {
        let mut events = open(&service, &[("last-event-id", last)]);
        assert!(next(&mut events).await.starts_with("event: phase\n"), "{last}");
        for (number, to) in expect {
            is_transition(&next(&mut events).await, *number, to);
        }
    };
    check("1", &[(2, "fail"), (3, "pass")]).await;
    check("0", &[(1, "pass"), (2, "fail"), (3, "pass")]).await;
    // The process before this one had come further.
    check("57", &[(1, "pass"), (2, "fail"), (3, "pass")]).await;
    let mut nothing_new = open(&service, &[("last-event-id", "3")]);
    next(&mut nothing_new).await;
    service.disk(Outcome::warn("slow")).await;
    is_transition(&next(&mut nothing_new).await, 4, "warn");
    service.end().await;
}

#[tokio::test]
async fn gaps() {
    let service = Service::start();
    service.disk(Outcome::pass()).await;
    let mut slow = open(&service, &[]);
    next(&mut slow).await;
    let flips = REMEMBERED as u64 + 10;
    for number in 0..flips {
        service.disk(if number % 2 == 0 { Outcome::fail("full") } else { Outcome::pass() }).await;
    }
    assert_eq!(next(&mut slow).await, "event: gap\ndata: {\"lost\":10}\n\n");
    is_transition(&next(&mut slow).await, 12, "fail");
    for number in 13..=flips + 1 {
        is_transition(&next(&mut slow).await, number, if number % 2 == 0 { "fail" } else { "pass" });
    }
    let mut returning = open(&service, &[("last-event-id", "4")]);
    next(&mut returning).await;
    assert_eq!(next(&mut returning).await, "event: gap\ndata: {\"lost\":7}\n\n");
    is_transition(&next(&mut returning).await, 12, "fail");
    service.end().await;
}

#[tokio::test]
async fn so_many_and_no_more() {
    let service = Service::start();
    let pages = service.pages(Details::Always);
    let mut held: Vec<_> =
        (0..64).map(|_| response(&pages, "GET", "/health/events", &[]).into_body()).collect();
    let refused = ask(&pages, "GET", "/health/events", &[]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert_eq!(ask(&pages, "HEAD", "/health/events", &[]).await.status, 200, "a look takes no place");
    held.pop();
    assert_eq!(response(&pages, "GET", "/health/events", &[]).status(), 200);
    service.end().await;
}

#[tokio::test]
async fn over_a_connection() {
    let service = Service::start();
    let listening = service.listen();
    let mut stream = TcpStream::connect(listening.tcp.unwrap()).await.unwrap();
    stream
        .write_all(b"GET /health/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
        .await
        .unwrap();
    let mut heard = Vec::new();
    let mut until = async |text: &str| {
        while !String::from_utf8_lossy(&heard).contains(text) {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0, "closed early: {heard:?}");
        }
    };
    until("data: {\"phase\":\"ready\"}\n\n").await;
    service.upstream.report(Outcome::fail("refused"));
    until("\"component\":\"claude/upstream\",\"from\":\"unknown\",\"to\":\"fail\"").await;
    service.health.stop();
    until("data: {\"phase\":\"stopped\"}\n\n\r\n0\r\n\r\n").await;
    listening.stop().await;
    service.end().await;
}
