//! A thread with a runtime and listeners of its own: it answers while everything else is blocked.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::{Request, Response};

use crate::{Body, Pages};

/// Answers what is none of the [`Pages`]; `None` where there is nothing.
pub type Handler = Arc<dyn Fn(Request<()>) -> BoxFuture<'static, Option<Response<Body>>> + Send + Sync>;

/// What to listen on.
#[derive(Clone)]
pub struct Listener {
    /// The TCP address for HTTP and gRPC, if any, and what is told there.
    pub tcp: Option<(SocketAddr, Pages)>,
    /// The Unix socket for the same, if any, and what is told there. A stale one is replaced; mode 0600.
    pub unix: Option<(PathBuf, Pages)>,
    /// The TCP address for HAProxy's agent-check, if any.
    pub agent: Option<SocketAddr>,
    /// Other pages.
    pub other: Option<Handler>,
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
}
