//! The writing half of a connection: an answer laid out as writes, and the fault that ends them.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde_json::Value;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::script::{At, Fault, Script};

/// An answer before any fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    Whole(Bytes),
    Chunks(Vec<Bytes>),
    Raw(Bytes),
}

/// What becomes of the connection when the answer is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    KeepAlive,
    Close,
    Reset,
    Stall,
}

impl Reply {
    pub(super) fn whole(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![content(content_type)], body: Body::Whole(body.into()) }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::whole(status, "application/json", body.to_string())
    }

    pub(super) fn stream(status: u16, chunks: Vec<Bytes>) -> Self {
        Self {
            status,
            headers: vec![content("text/event-stream; charset=utf-8")],
            body: Body::Chunks(chunks),
        }
    }

    pub(super) fn raw(bytes: Bytes) -> Self {
        Self { status: 0, headers: Vec::new(), body: Body::Raw(bytes) }
    }

    /// Sets a header, replacing one of the same name.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

fn content(kind: &str) -> (String, String) {
    ("content-type".to_owned(), kind.to_owned())
}

/// An answer as it goes out: pauses, writes and the end of the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    delay: Duration,
    gap: Duration,
    writes: Vec<Bytes>,
    after: After,
}

impl Plan {
    pub(super) fn new(reply: Reply, script: &Script, head_only: bool) -> Self {
        let mut plan = Self {
            delay: Duration::from_millis(script.delay_ms),
            gap: Duration::from_millis(script.gap_ms),
            writes: Vec::new(),
            after: After::KeepAlive,
        };
        let (cut, after) = cut_of(script.fault);
        plan.after = after;
        if cut == Some(At::Head) {
            return plan;
        }
        if let Some(Fault::Drip { every_ms, .. }) = script.fault {
            plan.gap = Duration::from_millis(every_ms);
        }
        let limit = match cut {
            Some(At::Body(limit)) => limit,
            _ => usize::MAX,
        };
        let seems_whole = matches!(script.fault, Some(Fault::End(_)));
        let (head, chunked, pieces) = split(reply, seems_whole.then_some(limit));
        plan.writes.push(head);
        if head_only {
            return plan;
        }
        let pieces = paced(truncated(pieces, limit), script.fault);
        match chunked {
            Framing::Chunked => {
                plan.writes.extend(pieces.iter().map(chunk));
                if cut.is_none() || seems_whole {
                    plan.writes.push(Bytes::from_static(b"0\r\n\r\n"));
                }
            }
            Framing::Length => plan.writes.extend(pieces),
            Framing::None => {
                plan.writes.extend(pieces);
                if plan.after == After::KeepAlive {
                    plan.after = After::Close;
                }
            }
        }
        plan
    }

    /// Writes it all, each piece on its own. Never returns after [`After::Stall`].
    pub(super) async fn write(self, io: &mut (impl AsyncWrite + Unpin)) -> io::Result<After> {
        tokio::time::sleep(self.delay).await;
        for (at, write) in self.writes.iter().enumerate() {
            if at > 0 && !self.gap.is_zero() {
                tokio::time::sleep(self.gap).await;
            }
            io.write_all(write).await?;
            io.flush().await?;
        }
        if self.after == After::Stall {
            std::future::pending::<()>().await;
        }
        Ok(self.after)
    }
}

enum Framing {
    Length,
    Chunked,
    None,
}

fn cut_of(fault: Option<Fault>) -> (Option<At>, After) {
    match fault {
        Some(Fault::Reset(at)) => (Some(at), After::Reset),
        Some(Fault::Close(at)) => (Some(at), After::Close),
        Some(Fault::Stall(at)) => (Some(at), After::Stall),
        Some(Fault::End(at)) => (Some(At::Body(at)), After::KeepAlive),
        Some(Fault::Drip { .. }) | None => (None, After::KeepAlive),
    }
}

/// The head, the framing it announces, and the body's pieces. `length` is the length to announce in place of the true one.
fn split(reply: Reply, length: Option<usize>) -> (Bytes, Framing, Vec<Bytes>) {
    let (framing, pieces) = match reply.body {
        Body::Raw(bytes) => return (Bytes::new(), Framing::None, vec![bytes]),
        Body::Chunks(pieces) => (Framing::Chunked, pieces),
        Body::Whole(body) => (Framing::Length, vec![body]),
    };
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match framing {
        Framing::Chunked => head.push_str("transfer-encoding: chunked\r\n\r\n"),
        _ => {
            let true_length = pieces.iter().map(Bytes::len).sum::<usize>();
            let length = length.unwrap_or(true_length).min(true_length);
            head.push_str(&format!("content-length: {length}\r\n\r\n"));
        }
    }
    (Bytes::from(head), framing, pieces)
}

fn truncated(pieces: Vec<Bytes>, limit: usize) -> Vec<Bytes> {
    let mut left = limit;
    let mut kept = Vec::new();
    for mut piece in pieces {
        piece.truncate(left);
        left -= piece.len();
        if !piece.is_empty() {
            kept.push(piece);
        }
    }
    kept
}

fn paced(pieces: Vec<Bytes>, fault: Option<Fault>) -> Vec<Bytes> {
    let Some(Fault::Drip { bytes, .. }) = fault else { return pieces };
    let mut drops = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            drops.push(piece.split_to(bytes.clamp(1, piece.len())));
        }
    }
    drops
}

fn chunk(piece: &Bytes) -> Bytes {
    let mut framed = BytesMut::from(format!("{:x}\r\n", piece.len()).as_bytes());
    framed.extend_from_slice(piece);
    framed.extend_from_slice(b"\r\n");
    framed.freeze()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Payload Too Large",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        529 => "Overloaded",
        _ => "Scripted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reply: Reply, fault: Option<Fault>, expect: &[&str], after: After) {
        let plan = Plan::new(reply, &Script { fault, ..Script::default() }, false);
        let writes: Vec<_> = plan.writes.iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        assert_eq!((writes, plan.after), (expect.iter().map(ToString::to_string).collect(), after));
    }

    fn whole() -> Reply {
        Reply { status: 200, headers: Vec::new(), body: Body::Whole("hello".into()) }
    }

    fn chunks() -> Reply {
        Reply { status: 200, headers: Vec::new(), body: Body::Chunks(vec!["abc".into(), "de".into()]) }
    }

    const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

    #[test]
    fn without_a_fault_all_goes_out() {
        check(whole(), None, &[WHOLE, "hello"], After::KeepAlive);
        check(chunks(), None, &[CHUNKED, "3\r\nabc\r\n", "2\r\nde\r\n", "0\r\n\r\n"], After::KeepAlive);
        check(Reply::raw("junk".into()), None, &["", "junk"], After::Close);
    }

    #[test]
    fn a_cut_leaves_the_framing_open() {
        check(whole(), Some(Fault::Close(At::Body(2))), &[WHOLE, "he"], After::Close);
        check(
            chunks(),
            Some(Fault::Reset(At::Body(4))),
            &[CHUNKED, "3\r\nabc\r\n", "1\r\nd\r\n"],
            After::Reset,
        );
        check(chunks(), Some(Fault::Stall(At::Body(0))), &[CHUNKED], After::Stall);
        check(whole(), Some(Fault::Reset(At::Head)), &[], After::Reset);
    }

    #[test]
    fn an_early_end_looks_whole() {
        let short = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
        check(whole(), Some(Fault::End(2)), &[short, "he"], After::KeepAlive);
        check(chunks(), Some(Fault::End(3)), &[CHUNKED, "3\r\nabc\r\n", "0\r\n\r\n"], After::KeepAlive);
    }

    #[test]
    fn a_drip_is_cut_small() {
        let drip = Some(Fault::Drip { bytes: 2, every_ms: 1 });
        check(whole(), drip, &[WHOLE, "he", "ll", "o"], After::KeepAlive);
    }
}
