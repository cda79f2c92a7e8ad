//! A TCP proxy that gets in the way of answers, at a byte of the wire: where a scripted upstream counts bytes of bodies,
//! it counts heads and framing, too, and it knows nothing of HTTP.
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use ccproxy_testkit::chaos::{ChaosProxy, Trouble};
//! use ccproxy_testkit::ScriptedUpstream;
//!
//! let upstream = ScriptedUpstream::start().await?;
//! let chaos = ChaosProxy::start(upstream.addr()).await?;
//! chaos.make(Trouble::Reset(20));
//! // … a request to chaos.url() gets twenty bytes of its answer …
//! # Ok(())
//! # }
//! ```

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// What becomes of an answer, once the upstream has begun it. Numbers count the bytes of it that pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Everything passes.
    None,
    /// It is reset (RST) after so many bytes.
    Reset(usize),
    /// It is closed (FIN) after so many bytes.
    Close(usize),
    /// The upstream's side is closed after so many bytes, while the client's is read on: half open.
    HalfOpen(usize),
    /// Nothing comes any more after so many bytes, and nothing says so.
    Stall(usize),
    /// One byte at a time, with this pause between two.
    Drip(Duration),
    /// These bytes come in place of the upstream's as soon as the client says something; then it is closed.
    Say(Bytes),
}

/// A running proxy on 127.0.0.1. Dropping it closes the port and every connection.
pub struct ChaosProxy {
    addr: SocketAddr,
    trouble: Arc<Mutex<Trouble>>,
    _stop: DropGuard,
}

impl ChaosProxy {
    /// Starts in front of an upstream, without trouble.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (trouble, stop) = (Arc::new(Mutex::new(Trouble::None)), CancellationToken::new());
        let proxy = Self {
            addr: listener.local_addr()?,
            trouble: Arc::clone(&trouble),
            _stop: stop.clone().drop_guard(),
        };
        let tasks = TaskTracker::new();
        tasks.spawn(accept(listener, upstream, trouble, tasks.clone(), stop));
        Ok(proxy)
    }

    /// `127.0.0.1:PORT`, to be put behind a scheme.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The trouble that answers get from now on, also on connections that are open.
    pub fn make(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    trouble: Arc<Mutex<Trouble>>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    while let Some(Ok((client, _))) = stop.run_until_cancelled(listener.accept()).await {
        let (trouble, stop) = (Arc::clone(&trouble), stop.clone());
        tasks.spawn(async move { stop.run_until_cancelled(connection(client, upstream, &trouble)).await });
    }
}

/// Passes one exchange at a time. What the client says begins one; its trouble is what is on then.
async fn connection(mut client: TcpStream, upstream: SocketAddr, trouble: &Mutex<Trouble>) -> io::Result<()> {
    let mut provider = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    provider.set_nodelay(true)?;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut exchange = Exchange { trouble: Trouble::None, passed: 0, asking: false };
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let said = asked.get(..read?).unwrap_or_default();
                if said.is_empty() {
                    return Ok(());
                }
                if !exchange.asking {
                    let trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    exchange = Exchange { trouble, passed: 0, asking: true };
                }
                if let Trouble::Say(bytes) = &exchange.trouble {
                    return client.write_all(bytes).await;
                }
                provider.write_all(said).await?;
            }
            read = provider.read(&mut answered) => {
                let said = answered.get(..read?).unwrap_or_default();
                exchange.asking = false;
                if said.is_empty() || exchange.pass(said, &mut client).await? {
                    return exchange.end(client).await;
                }
            }
        }
    }
}

/// A request and its answer.
struct Exchange {
    trouble: Trouble,
    passed: usize,
    asking: bool,
}

impl Exchange {
    /// How many bytes pass.
    fn limit(&self) -> usize {
        match self.trouble {
            Trouble::Reset(limit)
            | Trouble::Close(limit)
            | Trouble::HalfOpen(limit)
            | Trouble::Stall(limit) => limit,
            Trouble::None | Trouble::Drip(_) | Trouble::Say(_) => usize::MAX,
        }
    }

    /// Passes what the upstream says, as far as it may; true if nothing more does.
    async fn pass(&mut self, said: &[u8], client: &mut TcpStream) -> io::Result<bool> {
        let passes = said.get(..self.limit() - self.passed).unwrap_or(said);
        self.passed += passes.len();
        if let Trouble::Drip(pause) = self.trouble {
            for byte in passes {
                client.write_all(&[*byte]).await?;
                tokio::time::sleep(pause).await;
            }
        } else {
            client.write_all(passes).await?;
        }
        Ok(self.passed >= self.limit())
    }

    async fn end(&self, mut client: TcpStream) -> io::Result<()> {
        match self.trouble {
            Trouble::Reset(_) => client.set_zero_linger()?,
            Trouble::HalfOpen(_) => {
                client.shutdown().await?;
                while client.read_buf(&mut Vec::with_capacity(1024)).await? > 0 {}
            }
            Trouble::Stall(_) => while client.read_buf(&mut Vec::with_capacity(1024)).await? > 0 {},
            _ => {}
        }
        Ok(())
    }
}
