//! An HTTP proxy as companies have them: `CONNECT` for what is encrypted, whole URLs for what is not.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a lock is poisoned by a test that has failed"
)]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// A running proxy on 127.0.0.1, which leads to one place whatever it is asked for. Dropping it ends it.
pub struct ConnectProxy {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _stop: DropGuard,
}

/// What the proxy was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The first line of the request.
    pub line: String,
    /// What it was shown.
    pub authorization: Option<String>,
}

/// What every connection needs.
struct Rules {
    target: SocketAddr,
    /// What has to be shown.
    authorization: Option<String>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl ConnectProxy {
    /// Starts on a free port. `authorization` is what has to be shown, such as `Basic …`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(target: SocketAddr, authorization: Option<&str>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (seen, stop, tasks) = (Arc::default(), CancellationToken::new(), TaskTracker::new());
        let authorization = authorization.map(str::to_owned);
        let rules = Arc::new(Rules { target, authorization, seen: Arc::clone(&seen) });
        let (until, more) = (stop.clone(), tasks.clone());
        tasks.spawn(async move {
            while let Some(Ok((stream, _))) = until.run_until_cancelled(listener.accept()).await {
                let (rules, until) = (Arc::clone(&rules), until.clone());
                more.spawn(async move { until.run_until_cancelled(rules.serve(stream)).await });
            }
        });
        Ok(Self { address, seen, _stop: stop.drop_guard() })
    }

    /// `HOST:PORT`
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Rules {
    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let line = head.lines().next().unwrap_or_default().to_owned();
        let authorization = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("proxy-authorization").then(|| value.to_owned())
        });
        self.seen.lock().unwrap().push(Seen { line: line.clone(), authorization: authorization.clone() });
        if self.authorization.is_some() && authorization != self.authorization {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return client.write_all(refusal.as_bytes()).await;
        }
        let mut target = TcpStream::connect(self.target).await?;
        if line.starts_with("CONNECT ") {
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        } else {
            target.write_all(onward(&head).as_bytes()).await?;
        }
        copy_bidirectional(&mut client, &mut target).await.map(drop)
    }
}

/// The head as the target is to see it: a path instead of a URL, and nothing that was for the proxy.
fn onward(head: &str) -> String {
    let is_ours = |line: &str| line.to_ascii_lowercase().starts_with("proxy-");
    let mut lines = head.split("\r\n").filter(|line| !is_ours(line));
    let first = lines.next().unwrap_or_default().replacen("http://", "", 1);
    let first = match (first.split_once(' '), first.find('/')) {
        (Some((method, _)), Some(path)) => format!("{method} {}", first.split_at(path).1),
        _ => first,
    };
    std::iter::once(first.as_str()).chain(lines).collect::<Vec<_>>().join("\r\n")
}
