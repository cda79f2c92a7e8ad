//! The reading half of a connection: one HTTP/1.1 request after the other, and the moment the client leaves.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::record::Recorded;

const MAX_HEADERS: usize = 128;
const MAX_HEAD: usize = 256 * 1024;
const MAX_BODY: usize = 64 * 1024 * 1024;
/// Bytes that a client may send ahead while its request is being answered.
const MAX_AHEAD: usize = 1024 * 1024;

pub(super) struct Reader<R> {
    io: R,
    buf: BytesMut,
}

/// A request whose body is still to be read.
pub(super) struct Head {
    pub(super) request: Recorded,
    body: Framing,
}

enum Framing {
    Length(usize),
    Chunked,
}

impl Head {
    pub(super) fn expects_continue(&self) -> bool {
        self.request.header("expect").is_some_and(|v| v.eq_ignore_ascii_case("100-continue"))
    }
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(io: R) -> Self {
        Self { io, buf: BytesMut::with_capacity(16 * 1024) }
    }

    /// The next request's head; `None` when the client has closed between two requests.
    pub(super) async fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some((head, used)) = parse_head(&self.buf)? {
                self.buf.advance(used);
                return Ok(Some(head));
            }
            if self.buf.len() > MAX_HEAD {
                return Err(bad("the head is too long"));
            }
            if self.io.read_buf(&mut self.buf).await? == 0 {
                return if self.buf.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Reads the body that follows `head`.
    pub(super) async fn body(&mut self, head: Head) -> io::Result<Recorded> {
        let Head { mut request, body } = head;
        request.body = match body {
            Framing::Length(length) => self.take(length).await?,
            Framing::Chunked => self.chunks().await?,
        };
        Ok(request)
    }

    /// Resolves when the client has closed or reset its side. A half-closed client counts as gone: none of the
    /// clients here sends a request that way.
    pub(super) async fn gone(&mut self) {
        while self.buf.len() <= MAX_AHEAD {
            if !matches!(self.io.read_buf(&mut self.buf).await, Ok(1..)) {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    async fn take(&mut self, length: usize) -> io::Result<Bytes> {
        if length > MAX_BODY {
            return Err(bad("the body is too long"));
        }
        while self.buf.len() < length {
            self.fill().await?;
        }
        Ok(self.buf.split_to(length).freeze())
    }

    async fn chunks(&mut self) -> io::Result<Bytes> {
        let mut body = BytesMut::new();
        loop {
            let line = self.line().await?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| bad("a chunk has no size"))?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(body.freeze());
            }
            if body.len() + size > MAX_BODY {
                return Err(bad("the body is too long"));
            }
            body.extend_from_slice(&self.take(size).await?);
            self.take(2).await?;
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buf.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buf.split_to(end);
                self.buf.advance(2);
                return String::from_utf8(line.to_vec()).map_err(|_| bad("a chunk's line is not text"));
            }
            if self.buf.len() > MAX_HEAD {
                return Err(bad("a chunk's line is too long"));
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.io.read_buf(&mut self.buf).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn parse_head(buf: &[u8]) -> io::Result<Option<(Head, usize)>> {
    let mut slots = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut slots);
    let used = match parsed.parse(buf) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
    };
    let headers = parsed
        .headers
        .iter()
        .map(|h| (h.name.to_owned(), String::from_utf8_lossy(h.value).into_owned()))
        .collect();
    let request = Recorded::new(parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default(), headers);
    let chunked =
        request.header("transfer-encoding").is_some_and(|v| v.to_ascii_lowercase().contains("chunked"));
    let body = if chunked {
        Framing::Chunked
    } else {
        let length = request.header("content-length").unwrap_or("0").trim();
        Framing::Length(length.parse().map_err(|_| bad("content-length is not a number"))?)
    };
    Ok(Some((Head { request, body }, used)))
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(wire: &[u8], expect: &[(&str, &str, &str)]) {
        let mut reader = Reader::new(wire);
        for (method, path, body) in expect {
            let head = reader.head().await.unwrap().unwrap();
            let request = reader.body(head).await.unwrap();
            assert_eq!((request.method.as_str(), request.path_and_query.as_str()), (*method, *path));
            assert_eq!(request.body, body.as_bytes());
        }
        assert!(reader.head().await.unwrap().is_none(), "nothing is left over");
    }

    #[tokio::test]
    async fn requests_follow_each_other_on_one_connection() {
        check(
            b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\nPOST /v1/messages?beta=true HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
            &[("HEAD", "/", ""), ("POST", "/v1/messages?beta=true", "{}")],
        )
        .await;
    }

    #[tokio::test]
    async fn a_chunked_body_is_put_together() {
        check(
            b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
            &[("POST", "/a", "abcde"), ("GET", "/b", "")],
        )
        .await;
    }

    #[tokio::test]
    async fn a_request_cut_short_is_an_error() {
        let mut reader = Reader::new(&b"POST /a HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc"[..]);
        let head = reader.head().await.unwrap().unwrap();
        assert_eq!(reader.body(head).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
