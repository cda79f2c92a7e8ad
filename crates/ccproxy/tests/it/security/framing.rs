//! Requests whose end two servers might see at different places, and what comes after them on the connection.

use crate::support::stage::{Stage, ask};
use crate::support::{Conn, within};

/// What becomes of a request and of the one behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Refused with this status; nobody sees anything, and the connection is closed.
    Refused(u16),
    /// Answered, and so is the one behind it.
    Both,
    /// Answered; then the connection is closed.
    First,
}
use Fate::{Both, First, Refused};

/// What an attacker would have the provider see.
const BEHIND: &str = "GET /codex/v1/models/behind HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

fn statuses(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer);
    let heads = text.split("HTTP/1.1 ").skip(1);
    heads.filter_map(|head| head.get(..3)?.parse().ok()).collect()
}

async fn check(stage: &Stage, wire: &[u8], fate: Fate) {
    stage.upstream.reset();
    let what = String::from_utf8_lossy(wire).into_owned();
    let mut conn = Conn::open(stage.app.address()).await;
    conn.write(wire).await.unwrap();
    // A connection that has been closed takes no more.
    let _ = conn.write(BEHIND.as_bytes()).await;
    let answers = statuses(&within(&what, conn.rest()).await);
    let seen = stage.upstream.requests();
    let seen: Vec<(&str, &str)> =
        seen.iter().map(|seen| (seen.path(), std::str::from_utf8(&seen.body).unwrap())).collect();
    let body = ask::body(ask::CHAT, "gpt-x", false);
    let (first, second) = (("/v1/chat/completions", body.as_str()), ("/v1/models/behind", ""));
    let expect = match fate {
        Refused(status) => (vec![status], vec![]),
        Both => (vec![200, 404], vec![first, second]),
        First => (vec![200], vec![first]),
    };
    assert_eq!((answers, seen), expect, "{what:?}");
}

/// A request for a chat with these lines in its head, and the body as it is.
fn plain(lines: &str) -> Vec<u8> {
    let body = ask::body(ask::CHAT, "gpt-x", false);
    format!("POST {} HTTP/1.1\r\nhost: a\r\n{lines}\r\n{body}", ask::CHAT).into_bytes()
}

/// The same with the body's length.
fn sized(lines: &str) -> Vec<u8> {
    plain(&format!("content-length: {}\r\n{lines}", ask::body(ask::CHAT, "gpt-x", false).len()))
}

/// The same with the body in one chunk, of which `size` makes the line.
fn chunked(lines: &str, size: impl Fn(usize) -> String) -> Vec<u8> {
    let body = ask::body(ask::CHAT, "gpt-x", false);
    let size = size(body.len());
    format!("POST {} HTTP/1.1\r\nhost: a\r\n{lines}\r\n{size}\r\n{body}\r\n0\r\n\r\n", ask::CHAT).into_bytes()
}

fn hex(size: usize) -> String {
    format!("{size:x}")
}

#[tokio::test]
async fn lengths() {
    let stage = Stage::start("").await;
    let length = ask::body(ask::CHAT, "gpt-x", false).len();
    check(&stage, &sized(""), Both).await;
    check(&stage, &sized(&format!("content-length: {length}\r\n")), Both).await;
    check(&stage, &sized("content-length: 0\r\n"), Refused(400)).await;
    for value in [
        format!("{length}, {length}"),
        format!("{length}, 0"),
        format!("+{length}"),
        "-1".to_owned(),
        format!("0x{length:x}"),
        format!("{length};"),
        format!("{length}.0"),
        format!("\u{b}{length}"),
        "1 2".to_owned(),
        "99999999999999999999999".to_owned(),
        String::new(),
    ] {
        check(&stage, &plain(&format!("content-length: {value}\r\n")), Refused(400)).await;
    }
}

#[tokio::test]
async fn codings() {
    let stage = Stage::start("").await;
    for coding in ["chunked", "Chunked", "chunked "] {
        check(&stage, &chunked(&format!("transfer-encoding: {coding}\r\n"), hex), Both).await;
    }
    for coding in [
        "xchunked",
        "x",
        "",
        "identity",
        "\"chunked\"",
        "chunked;a=b",
        "\u{b}chunked",
        "chunked, identity",
        "identity, chunked",
        "chunked, chunked",
        "gzip, chunked",
        "chunked\r\ntransfer-encoding: identity",
        "identity\r\ntransfer-encoding: chunked",
        "chunked\r\ntransfer-encoding: chunked",
    ] {
        check(&stage, &chunked(&format!("transfer-encoding: {coding}\r\n"), hex), Refused(400)).await;
        check(&stage, &sized(&format!("transfer-encoding: {coding}\r\n")), Refused(400)).await;
    }
}

#[tokio::test]
async fn a_length_and_a_coding() {
    let stage = Stage::start("").await;
    // The coding counts, and nothing behind it does.
    let length = "content-length: 5\r\n";
    check(&stage, &chunked(&format!("transfer-encoding: chunked\r\n{length}"), hex), First).await;
    let ends = format!("POST {} HTTP/1.1\r\nhost: a\r\n", ask::CHAT);
    for order in [
        "content-length: 6\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 6\r\n",
    ] {
        check(&stage, format!("{ends}{order}\r\n0\r\n\r\nG").as_bytes(), Refused(400)).await;
    }
    check(&stage, &chunked("transfer-encoding: chunked\r\n", hex), Both).await;
}

#[tokio::test]
async fn chunks() {
    let stage = Stage::start("").await;
    let coding = "transfer-encoding: chunked\r\n";
    check(&stage, &chunked(coding, |size| format!("{size:x};name=value")), Both).await;
    check(&stage, &chunked(coding, |size| format!("000{size:X}")), Both).await;
    for wrong in ["+", "-", "0x", "100000000000000", ";", "\u{b}"] {
        check(&stage, &chunked(coding, |size| format!("{wrong}{size:x}")), Refused(400)).await;
    }
    check(&stage, &chunked(coding, |size| format!("{size:x};a\nb")), Refused(400)).await;
    let lf = String::from_utf8(chunked("", hex)).unwrap();
    let lf = lf.replacen("\r\n\r\n", &format!("\r\n{coding}\r\n"), 1);
    let (head, chunk) = lf.split_once("\r\n\r\n").unwrap();
    check(&stage, format!("{head}\r\n\r\n{}", chunk.replace("\r\n", "\n")).as_bytes(), Refused(400)).await;
    check(&stage, format!("{head}\r\n\r\n{}", chunk.replace("}\r\n0", "}xx0")).as_bytes(), Refused(400))
        .await;
    // What comes behind the last chunk is nobody's header.
    let trailer = chunk.replace("\r\n0\r\n", "\r\n0\r\nhost: evil\r\nx-api-key: stolen\r\n");
    check(&stage, format!("{head}\r\n\r\n{trailer}").as_bytes(), Both).await;
    assert!(!format!("{:?}", stage.upstream.requests()).contains("stolen"));
}

#[tokio::test]
async fn lines() {
    let stage = Stage::start("").await;
    for line in [
        "transfer-encoding : chunked\r\n",
        "transfer-encoding\t: chunked\r\n",
        "transfer-encoding:\r\n chunked\r\n",
        "x-a: b\r\n c: d\r\n",
        "x-a: b\rx-c: d\r\n",
        "x-a: b\0c\r\n",
        "x\0a: b\r\n",
        "x-a: b\u{1}c\r\n",
        "x-a: b\u{7f}c\r\n",
        "x a: b\r\n",
        ": b\r\n",
        "xa\r\n",
        "x(a): b\r\n",
        "x-\u{e9}: b\r\n",
        "host: b\r\n",
    ] {
        check(&stage, &sized(line), Refused(400)).await;
    }
    check(&stage, &plain("content-length : 2\r\n"), Refused(400)).await;
    check(&stage, b"GET /codex/v1/models HTTP/1.1\r\n host: a\r\n\r\n", Refused(400)).await;
    // RFC 9112 lets a bare LF end a line, so it does, and what follows it is a header of its own.
    check(&stage, &sized("x-a: b\nx-c: d\n"), Both).await;
    let seen = stage.upstream.requests();
    assert_eq!((seen[0].header("x-a"), seen[0].header("x-c")), (Some("b"), Some("d")));
}

#[tokio::test]
async fn the_body_of_a_request_that_wants_none() {
    let stage = Stage::start("").await;
    for (head, status, calls) in [
        ("GET /codex/v1/models", 200, 1),
        ("HEAD /codex/v1/models", 200, 1),
        ("GET /health/live", 200, 0),
        ("POST /no-such-instance/v1/messages", 404, 0),
        ("PUT /codex/v1/models", 405, 0),
        ("POST /docs", 405, 0),
    ] {
        let inner = BEHIND.replace("behind", "inner");
        let length = inner.len();
        for framed in [
            format!("content-length: {length}\r\n\r\n{inner}"),
            format!("transfer-encoding: chunked\r\n\r\n{length:x}\r\n{inner}\r\n0\r\n\r\n"),
            format!("origin: http://evil.example\r\ncontent-length: {length}\r\n\r\n{inner}"),
            format!("expect: 100-continue\r\ncontent-length: {length}\r\n\r\n{inner}"),
        ] {
            stage.upstream.reset();
            let foreign = framed.contains("evil") && !head.contains("/health");
            let mut conn = Conn::open(stage.app.address()).await;
            conn.write(format!("{head} HTTP/1.1\r\nhost: a\r\n{framed}{BEHIND}").as_bytes()).await.unwrap();
            let mut answers = statuses(&conn.rest().await);
            answers.retain(|status| *status != 100);
            assert_eq!(answers, [if foreign { 403 } else { status }, 404], "{head} {framed:?}");
            let seen = stage.upstream.requests();
            assert!(seen.iter().all(|seen| !seen.path().contains("inner")), "{head} {framed:?}: {seen:?}");
            assert_eq!(seen.len(), if foreign { 1 } else { calls + 1 }, "{head} {framed:?}");
        }
    }
}

#[tokio::test]
async fn request_lines() {
    let stage = Stage::start("").await;
    let check = async |line: &str, expect: &[u16]| {
        let mut conn = Conn::open(stage.app.address()).await;
        conn.write(format!("{line}\r\nhost: a\r\n\r\n{BEHIND}").as_bytes()).await.unwrap();
        assert_eq!(statuses(&conn.rest().await), expect, "{line:.80}");
    };
    for line in [
        "GET /codex/v1/models/\0 HTTP/1.1",
        "GET /codex/v1/models/a b HTTP/1.1",
        "GET codex/v1/models HTTP/1.1",
        "GET  /codex/v1/models HTTP/1.1",
        "GET /codex/v1/models HTTP/1.2",
        "GET /codex/v1/models HTTP/2.0",
        "GET /codex/v1/models",
        "G\u{1}T /codex/v1/models HTTP/1.1",
    ] {
        check(line, &[400]).await;
    }
    check(&format!("GET /{} HTTP/1.1", "a".repeat(70_000)), &[431]).await;
    check(&format!("GET /{} HTTP/1.1", "a".repeat(20_000)), &[404, 404]).await;
    check("CONNECT evil.example:443 HTTP/1.1", &[404, 404]).await;
    check("CONNECT /codex/v1/models HTTP/1.1", &[405, 404]).await;
    check("TRACE /codex/v1/models HTTP/1.1", &[405, 404]).await;
    check("get /codex/v1/models HTTP/1.1", &[405, 404]).await;
}
