//! An HTTP client by hand: what is sent and what came back can be told byte for byte.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::within;

/// A configuration's token for those who run the service; a section of its own, or the rest of one.
pub(crate) const MANAGER: &str = "[management]\ntoken = { value = 'the-managers' }\n";

/// A request as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Request {
    method: String,
    target: String,
    version: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    chunks: Option<Vec<Vec<u8>>>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            version: "HTTP/1.1",
            headers: vec![("host".to_owned(), "127.0.0.1".to_owned())],
            body: Vec::new(),
            chunks: None,
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = Self::new("POST", target).header("content-type", "application/json");
        Self { body: body.into(), ..request }
    }

    /// The same to another path.
    pub(crate) fn to(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// Shows the token of [`MANAGER`].
    pub(crate) fn managing(self) -> Self {
        self.header("authorization", "Bearer the-managers")
    }

    /// Calls the server by another name.
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.headers.retain(|(name, _)| name != "host");
        self.header("host", host)
    }

    /// Adds a header; names may repeat.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends the body in these chunks, without a length.
    pub(crate) fn chunked(mut self, chunks: Vec<Vec<u8>>) -> Self {
        self.chunks = Some(chunks);
        self
    }

    /// As old probes speak: without a `Host`.
    pub(crate) fn http10(mut self) -> Self {
        self.version = "HTTP/1.0";
        self.headers.retain(|(name, _)| name != "host");
        self
    }

    /// The request's bytes.
    pub(crate) fn wire(&self) -> Vec<u8> {
        let mut wire = format!("{} {} {}\r\n", self.method, self.target, self.version).into_bytes();
        for (name, value) in &self.headers {
            wire.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let Some(chunks) = &self.chunks else {
            if !self.body.is_empty() || self.method == "POST" {
                wire.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
            }
            wire.extend_from_slice(b"\r\n");
            wire.extend_from_slice(&self.body);
            return wire;
        };
        wire.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
        for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
            wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            wire.extend_from_slice(chunk);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"0\r\n\r\n");
        wire
    }

    fn is_head(&self) -> bool {
        self.method == "HEAD"
    }
}

/// An answer, all of it.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the framing came to its end; without any, the connection's end is the body's.
    pub(crate) whole: bool,
}

impl Response {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Sends a request on a connection of its own and reads the whole answer.
pub(crate) async fn send(address: SocketAddr, request: &Request) -> Response {
    let mut conn = Conn::open(address).await;
    conn.send(request).await;
    conn.response(request).await
}

/// How far a body is, and what tells its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    Close,
}

/// The head of an answer whose body is still to be read.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    framing: Framing,
}

/// A part of a body, as it was framed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Data(Vec<u8>),
    /// The framing's own end.
    End,
    /// The connection's end, in the middle of the framing.
    Cut,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    Fin,
    Reset,
}

/// A connection.
pub(crate) struct Conn {
    io: TcpStream,
    buf: Vec<u8>,
}

impl Conn {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let io = within("connecting", TcpStream::connect(address)).await.expect("somebody listens");
        io.set_nodelay(true).unwrap();
        Self { io, buf: Vec::new() }
    }

    pub(crate) async fn send(&mut self, request: &Request) {
        self.write(&request.wire()).await.expect("the request goes out");
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        within("writing", self.io.write_all(bytes)).await
    }

    pub(crate) async fn response(&mut self, request: &Request) -> Response {
        let mut head = self.head(request).await;
        let mut body = Vec::new();
        let whole = loop {
            match self.piece(&mut head).await {
                Piece::Data(data) => body.extend_from_slice(&data),
                Piece::End => break true,
                Piece::Cut => break false,
            }
        };
        Response { status: head.status, headers: head.headers, body, whole }
    }

    /// The head of the final answer; those that only inform are passed over.
    pub(crate) async fn head(&mut self, request: &Request) -> Head {
        loop {
            let end = loop {
                if let Some(at) = self.buf.windows(4).position(|four| four == b"\r\n\r\n") {
                    break at + 4;
                }
                assert!(self.fill().await, "no answer, but: {:?}", String::from_utf8_lossy(&self.buf));
            };
            let text = String::from_utf8(self.buf.drain(..end).collect()).expect("a head in UTF-8");
            let mut lines = text.trim_end().split("\r\n");
            let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
            if status < 200 {
                continue;
            }
            let headers: Vec<(String, String)> = lines
                .map(|line| line.split_once(':').unwrap())
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect();
            let framing = match (find(&headers, "transfer-encoding"), find(&headers, "content-length")) {
                _ if request.is_head() || matches!(status, 204 | 304) => Framing::Length(0),
                (Some("chunked"), _) => Framing::Chunked,
                (_, Some(length)) => Framing::Length(length.parse().unwrap()),
                _ => Framing::Close,
            };
            return Head { status, headers, framing };
        }
    }

    /// The next chunk, or whatever has come of an unchunked body.
    pub(crate) async fn piece(&mut self, head: &mut Head) -> Piece {
        match head.framing {
            Framing::Length(0) => Piece::End,
            Framing::Length(left) => {
                if self.buf.is_empty() && !self.fill().await {
                    return Piece::Cut;
                }
                let taken: Vec<u8> = self.buf.drain(..left.min(self.buf.len())).collect();
                head.framing = Framing::Length(left - taken.len());
                Piece::Data(taken)
            }
            Framing::Close => {
                if self.buf.is_empty() && !self.fill().await {
                    return Piece::End;
                }
                Piece::Data(std::mem::take(&mut self.buf))
            }
            Framing::Chunked => self.chunk().await,
        }
    }

    async fn chunk(&mut self) -> Piece {
        loop {
            if let Some(at) = self.buf.windows(2).position(|two| two == b"\r\n") {
                let size = usize::from_str_radix(std::str::from_utf8(&self.buf[..at]).unwrap(), 16).unwrap();
                let end = at + 2 + size + 2;
                if self.buf.len() >= end {
                    let framed: Vec<u8> = self.buf.drain(..end).collect();
                    let data = framed[at + 2..at + 2 + size].to_vec();
                    return if size == 0 { Piece::End } else { Piece::Data(data) };
                }
            }
            if !self.fill().await {
                return Piece::Cut;
            }
        }
    }

    /// Reads chunks until they hold `expect`, which they must begin with byte for byte.
    pub(crate) async fn expect(&mut self, head: &mut Head, expect: &[u8]) {
        let mut got = Vec::new();
        while got.len() < expect.len() {
            match self.piece(head).await {
                Piece::Data(data) => got.extend_from_slice(&data),
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&got)),
            }
        }
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(expect));
    }

    /// All that comes until the other side closes.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.buf)
    }

    /// Waits until the other side closes, and says how; what still comes is thrown away.
    pub(crate) async fn closed(&mut self) -> Closed {
        self.buf.clear();
        within("the connection's end", async {
            loop {
                match self.io.read_buf(&mut self.buf).await {
                    Ok(0) => return Closed::Fin,
                    Ok(_) => self.buf.clear(),
                    Err(_) => return Closed::Reset,
                }
            }
        })
        .await
    }

    /// False at the end of the connection, however it came.
    async fn fill(&mut self) -> bool {
        matches!(within("reading", self.io.read_buf(&mut self.buf)).await, Ok(1..))
    }
}
