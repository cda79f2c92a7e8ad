//! One request and its answer, over a bare socket: on a small machine a client library would cost more than the server.

use std::net::SocketAddr;

use httparse::{EMPTY_HEADER, Response, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Seen, Trouble};
use crate::clock;

const BUFFER: usize = 32 * 1024;
const MAX_HEADERS: usize = 32;

/// What is sent.
#[derive(Debug)]
pub(super) struct Request {
    address: SocketAddr,
    fresh: bool,
    bytes: Vec<u8>,
}

/// A connection between two probes.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Box<[u8; BUFFER]>,
}

impl Request {
    pub(super) fn new(address: SocketAddr, path: &str, fresh: bool) -> Self {
        // The header fields of the kubelet.
        let close = if fresh { "Connection: close\r\n" } else { "" };
        let text = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: kube-probe/1.34\r\nAccept: */*\r\n{close}\r\n"
        );
        Self { address, fresh, bytes: text.into_bytes() }
    }

    /// Sends it, on the kept connection if there is one; `ended` is the time at which the answer was whole.
    pub(super) async fn exchange(
        &self,
        kept: Option<Connection>,
        ended: &mut u64,
    ) -> (Result<Seen, Trouble>, Option<Connection>) {
        if let Some(mut connection) = kept {
            let outcome = connection.exchange(&self.bytes, ended).await;
            // A server may close a kept connection between two requests; that is no trouble.
            if outcome != Err(Trouble::Broken) {
                return (outcome, outcome.is_ok().then_some(connection));
            }
        }
        let Ok(mut connection) = Connection::open(self.address).await else {
            *ended = clock::now_ns();
            return (Err(Trouble::Connect), None);
        };
        let outcome = connection.exchange(&self.bytes, ended).await;
        match outcome {
            Ok(_) if self.fresh => (connection.end().await.and(outcome), None),
            Ok(_) => (outcome, Some(connection)),
            Err(_) => (outcome, None),
        }
    }
}

impl Connection {
    async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Box::new([0; BUFFER]) })
    }

    async fn exchange(&mut self, request: &[u8], ended: &mut u64) -> Result<Seen, Trouble> {
        let outcome = match self.stream.write_all(request).await {
            Ok(()) => self.read().await,
            Err(_) => Err(Trouble::Broken),
        };
        *ended = clock::now_ns();
        outcome
    }

    /// Reads a whole answer; of the body only the size is kept.
    async fn read(&mut self) -> Result<Seen, Trouble> {
        let mut filled = 0;
        let (head, seen) = loop {
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            filled += some(self.stream.read(room).await)?;
            let got = self.buffer.get(..filled).unwrap_or_default();
            if let Some(found) = parse(got)? {
                break found;
            }
        };
        let mut missing = (head + seen.body).checked_sub(filled).ok_or(Trouble::Malformed)?;
        while missing > 0 {
            let read = some(self.stream.read(self.buffer.as_mut_slice()).await)?;
            missing = missing.checked_sub(read).ok_or(Trouble::Malformed)?;
        }
        Ok(seen)
    }

    /// After `Connection: close` the server ends the connection, and in a FIN.
    async fn end(&mut self) -> Result<(), Trouble> {
        match self.stream.read(self.buffer.as_mut_slice()).await {
            Ok(0) => Ok(()),
            Ok(_) => Err(Trouble::Malformed),
            Err(_) => Err(Trouble::Reset),
        }
    }
}

fn some(read: std::io::Result<usize>) -> Result<usize, Trouble> {
    read.ok().filter(|read| *read > 0).ok_or(Trouble::Broken)
}

/// The size of the head, and what the answer is; `None` if the head is not whole yet.
fn parse(bytes: &[u8]) -> Result<Option<(usize, Seen)>, Trouble> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut response = Response::new(&mut headers);
    let head = match response.parse(bytes).map_err(|_| Trouble::Malformed)? {
        Status::Complete(head) => head,
        Status::Partial if bytes.len() == BUFFER => return Err(Trouble::Malformed),
        Status::Partial => return Ok(None),
    };
    let status = response.code.ok_or(Trouble::Malformed)?;
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    Ok(Some((head, Seen { status, body: length.ok_or(Trouble::Malformed)? })))
}
