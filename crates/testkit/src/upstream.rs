//! An HTTP server that plays an Anthropic and an OpenAI provider, and fails on demand.
//!
//! Unscripted, it answers every route of both APIs as a healthy provider would: whole and streamed, with thinking, tool
//! calls, usage and headers. A pushed [`Script`] replaces the next answer or breaks it. HTTP is spoken by hand, because
//! the point is to send what a well-behaved server library would not.
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use ccproxy_testkit::upstream::{At, Fault, Script, ScriptedUpstream};
//!
//! let upstream = ScriptedUpstream::start().await?;
//! upstream.script(Script::error(529).for_path("/v1/messages"));
//! upstream.script(Script::fault(Fault::Reset(At::Body(100))));
//! // … two requests to upstream.url() …
//! assert_eq!(upstream.requests().len(), 2);
//! # Ok(())
//! # }
//! ```

mod answers;
mod control;
mod reader;
mod record;
mod reply;
mod script;
mod serve;
mod state;

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use record::{End, Recorded};
pub use script::{Answer, At, Fault, Script};

use state::State;

/// A running scripted upstream on 127.0.0.1. Dropping it closes the port and every connection.
pub struct ScriptedUpstream {
    addr: SocketAddr,
    state: Arc<State>,
    /// `None` while the port is closed.
    running: Option<Running>,
}

struct Running {
    tasks: TaskTracker,
    stop: DropGuard,
}

impl ScriptedUpstream {
    /// Starts on a free port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::start_on(0, None).await
    }

    /// Starts on `port` (0: a free one), appending one line of JSON per request to `log`.
    ///
    /// # Errors
    /// When the port cannot be bound.
    pub async fn start_on(port: u16, log: Option<File>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let addr = listener.local_addr()?;
        let state = Arc::new(State::new(log));
        let running = Some(Running::start(listener, Arc::clone(&state)));
        Ok(Self { addr, state, running })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Queues a script; the first queued one that fits a request's path serves it.
    pub fn script(&self, script: Script) {
        self.state.push(script);
    }

    /// Every request so far, in the order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.requests()
    }

    /// Forgets requests and scripts.
    pub fn reset(&self) {
        self.state.reset();
    }

    /// Waits until at least `count` requests have come.
    pub async fn wait_requests(&self, count: usize) {
        self.state.until(|requests| requests.len() >= count).await;
    }

    /// Waits until a client has dropped a running request (one since the start or the last reset is enough).
    pub async fn cancelled(&self) {
        self.state.until(|requests| requests.iter().any(|r| r.end == End::Cancelled)).await;
    }

    /// As [`cancelled`](Self::cancelled), for at most `limit`: `false` when nothing was dropped by then.
    pub async fn wait_cancelled(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.cancelled()).await.is_ok()
    }

    /// Closes the port and every connection: new ones are refused from when this returns.
    pub async fn refuse(&mut self) {
        if let Some(Running { tasks, stop }) = self.running.take() {
            drop(stop);
            tasks.close();
            tasks.wait().await;
        }
    }

    /// Opens the same port again after [`refuse`](Self::refuse).
    ///
    /// # Errors
    /// When the port has been taken meanwhile.
    pub async fn accept(&mut self) -> io::Result<()> {
        if self.running.is_none() {
            let listener = TcpListener::bind(self.addr).await?;
            self.running = Some(Running::start(listener, Arc::clone(&self.state)));
        }
        Ok(())
    }
}

impl Running {
    fn start(listener: TcpListener, state: Arc<State>) -> Self {
        let tasks = TaskTracker::new();
        let stop = CancellationToken::new();
        tasks.spawn(accept(listener, state, tasks.clone(), stop.clone()));
        Self { tasks, stop: stop.drop_guard() }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>, tasks: TaskTracker, stop: CancellationToken) {
    while let Some(Ok((stream, _))) = stop.run_until_cancelled(listener.accept()).await {
        let (state, stop) = (Arc::clone(&state), stop.clone());
        tasks.spawn(async move { stop.run_until_cancelled(serve::connection(stream, state)).await });
    }
}
