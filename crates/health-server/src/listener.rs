//! A thread with a runtime and listeners of its own: it answers while everything else is blocked.
//!
//! Whatever blocks the runtimes of the program, the program is still asked how it is, and an operator can still ask
//! why. So this thread runs nothing but these answers, and nothing of them waits for another thread.

mod connection;
mod life;
mod serve;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use ccproxy_health::Health;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::unix::{self, SocketFile};
use crate::{Body, Pages, tcp};
use serve::Served;

/// The name of the thread, for whoever looks at the process from outside.
const THREAD: &str = "management";

/// Answers what is none of the [`Pages`] of the door that it was asked at; `None` where there is nothing.
///
/// It runs on the listener's thread: what it awaits must not be what blocks.
pub type Handler =
    Arc<dyn Fn(&Pages, Request<()>) -> BoxFuture<'static, Option<Response<Body>>> + Send + Sync>;

/// What to listen on.
///
/// ```
/// use ccproxy_health::{Builder, Identity};
/// use ccproxy_health_server::{Listener, Pages, PagesOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Builder::new(Identity::new("1.2.3", "my-service", "My Service")).build();
/// let pages = Pages::new(health, PagesOptions::default());
/// let listener = Listener { tcp: Some(("127.0.0.1:0".parse()?, pages)), ..Listener::default() };
/// let listening = listener.start()?;
/// assert!(listening.tcp.is_some_and(|address| address.port() != 0));
/// listening.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Listener {
    /// The TCP address for HTTP and gRPC, if any, and what is told there.
    pub tcp: Option<(SocketAddr, Pages)>,
    /// The Unix socket for the same, if any, and what is told there. A stale one is replaced; mode 0600.
    pub unix: Option<(PathBuf, Pages)>,
    /// The TCP address for HAProxy's agent-check, if any, and whose health it tells.
    pub agent: Option<(SocketAddr, Health)>,
    /// Other pages.
    pub other: Option<Handler>,
    /// Sockets that are there already.
    pub given: Given,
    /// Nothing is accepted before this is cancelled, if it is given: somebody else still answers.
    pub begin: Option<CancellationToken>,
}

/// Listening sockets that are used rather than made; they must not block.
#[derive(Debug, Default)]
pub struct Given {
    /// For [`Listener::tcp`].
    pub tcp: Option<TcpListener>,
    /// For [`Listener::unix`], with its file where that is ours to remove.
    pub unix: Option<(UnixListener, Option<SocketFile>)>,
    /// For [`Listener::agent`].
    pub agent: Option<TcpListener>,
}

/// Why the listener could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// An address or a path cannot be had.
    #[error("cannot listen on {0}: {1}")]
    Bind(String, io::Error),
    /// The thread or its runtime cannot be had.
    #[error("cannot start the thread: {0}")]
    Thread(io::Error),
}

/// The running thread. Dropping it ends it.
#[derive(Debug)]
pub struct Listening {
    /// The TCP address, the port the real one.
    pub tcp: Option<SocketAddr>,
    /// The address of the agent-check, the port the real one.
    pub agent: Option<SocketAddr>,
    stop: CancellationToken,
    handed_over: CancellationToken,
    ended: oneshot::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Binds everything, then starts the thread that answers.
    ///
    /// # Errors
    /// [`ListenerError`] when an address, a path or the thread cannot be had; nothing listens then.
    pub fn start(self) -> Result<Listening, ListenerError> {
        let refused = |what: &dyn fmt::Display, error| ListenerError::Bind(what.to_string(), error);
        let take = |given: Option<TcpListener>, address: SocketAddr| {
            let bound = given
                .map_or_else(|| tcp::bind(address), Ok)
                .and_then(|listener| Ok((listener.local_addr()?, listener)));
            bound.map_err(|error| refused(&address, error))
        };
        let (mut served, given) = (Served::new(self.other), self.given);
        served.begin = self.begin;
        let (mut tcp, mut agent) = (None, None);
        if let Some((address, pages)) = self.tcp {
            let (real, listener) = take(given.tcp, address)?;
            tcp = Some(real);
            served.tcp = Some((listener, pages));
        }
        if let Some((path, pages)) = self.unix {
            let bound = || unix::bind(&path).map(|(listener, file)| (listener, Some(file)));
            let (listener, file) =
                given.unix.map_or_else(bound, Ok).map_err(|error| refused(&path.display(), error))?;
            served.unix = Some((listener, file, pages));
        }
        if let Some((address, health)) = self.agent {
            let (real, listener) = take(given.agent, address)?;
            agent = Some(real);
            served.agent = Some((listener, health));
        }
        let (stop, handed_over) = (CancellationToken::new(), served.handed_over.clone());
        let (end, ended) = oneshot::channel();
        let thread = start(served, stop.clone(), end).map_err(ListenerError::Thread)?;
        Ok(Listening { tcp, agent, stop, handed_over, ended, thread: Some(thread) })
    }
}

/// Starts the thread and waits until it serves, which is at once.
fn start(served: Served, stop: CancellationToken, end: oneshot::Sender<()>) -> io::Result<JoinHandle<()>> {
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    let run = move || {
        // Dropped last: whoever waits for the end then joins a thread that has nothing left to do.
        let _end = end;
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(tell.send(Err(error))),
        };
        runtime.block_on(async {
            match served.open() {
                Ok(open) => {
                    drop(tell.send(Ok(())));
                    open.run(stop).await;
                }
                Err(error) => drop(tell.send(Err(error))),
            }
        });
    };
    let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(run)?;
    told.recv().map_err(io::Error::other)??;
    Ok(thread)
}

impl Listening {
    /// Another process has the sockets: they are left to it, files included. What is connected already is served on until
    /// [`stop`](Self::stop).
    pub fn hand_over(&self) {
        self.handed_over.cancel();
    }

    /// Closes the listeners, gives the connections 25 ms to end what they are at, and waits for the thread.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // An error says that the thread has ended.
        let _ = (&mut self.ended).await;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("management_thread_panicked");
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
