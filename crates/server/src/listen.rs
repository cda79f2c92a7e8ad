//! The listener: taking the port, accepting connections, serving each until it ends or the program does.

pub(crate) mod capacity;
pub(crate) mod clock;
mod connection;
mod management;
mod sockets;
mod takeover;
pub(crate) mod tls;
mod workers;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ccproxy_config::Mistake;
use ccproxy_health_server::tcp::ACCEPT_PAUSE;
use ccproxy_health_server::{ListenerError, Listening};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::build::Listen;
use crate::app::reload::{ReloadOrder, Reloader};
use crate::app::{Application, Current, InstanceInfo, Stats};
use crate::shutdown::{self, End};
pub(crate) use connection::Connections;
pub use sockets::Inherited;
use sockets::{Heritage, Role};
use takeover::Succession;
pub use takeover::TakeoverError;
use workers::Workers;

/// Why the listener could not be had.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("{0} is in use; stop what listens there, or choose another port with --port or server.port")]
    InUse(SocketAddr),
    /// The system does not let us.
    #[error("{0} needs more rights than this user has; choose a port above 1023 with --port or server.port")]
    Denied(SocketAddr),
    /// This machine has no such address.
    #[error("{0} is no address of this machine; choose another with --host or server.host")]
    NotHere(SocketAddr),
    /// The host is not an address.
    #[error("server.host {0:?} is no IP address; give one such as 127.0.0.1 or ::1")]
    NotAnAddress(String),
    /// The certificate or its key is of no use.
    #[error("{0}")]
    Tls(Mistake),
    /// The threads that serve cannot be had.
    #[error("cannot start the threads that serve: {0}; allow this user more, or set server.workers lower")]
    Threads(io::Error),
    /// The management listeners cannot be had.
    #[error("management: {0}; see [management]")]
    Management(#[from] ListenerError),
    /// The socket for whoever takes over cannot be had.
    #[error("server.takeover: {0}; name a path where this user may make a file, or stop what listens there")]
    Takeover(io::Error),
    /// Anything else.
    #[error("cannot listen on {0}: {1}")]
    Other(SocketAddr, io::Error),
}

/// The port is taken; nobody is served yet.
pub struct Bound {
    pub(crate) current: Arc<Current>,
    pub(crate) listen: Listen,
    reloading: Option<(Reloader, mpsc::Receiver<ReloadOrder>)>,
    listener: TcpListener,
    address: SocketAddr,
    workers: Workers,
    management: Option<Listening>,
    succession: Succession,
    /// Cancelled when connections are ours to accept.
    begin: CancellationToken,
}

impl Application {
    /// Reads the certificate, takes the port and starts the threads that serve. Call it on the runtime that is to accept
    /// and supervise.
    ///
    /// # Errors
    /// [`BindError`] says what to do.
    #[allow(
        clippy::unused_async,
        reason = "registering the listener needs a runtime, which async makes plain"
    )]
    pub async fn bind(self) -> Result<Bound, BindError> {
        self.bound(Inherited::default())
    }

    /// The same with sockets that listen already.
    ///
    /// # Errors
    /// [`BindError`] says what to do.
    #[allow(
        clippy::unused_async,
        reason = "registering the listener needs a runtime, which async makes plain"
    )]
    pub async fn bind_with(self, inherited: Inherited) -> Result<Bound, BindError> {
        self.bound(inherited)
    }

    fn bound(self, mut inherited: Inherited) -> Result<Bound, BindError> {
        let server = &self.listen.server;
        let ip = server.ip().ok_or_else(|| BindError::NotAnAddress(server.host.clone()))?;
        let wanted = SocketAddr::new(ip, server.port);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(wanted),
            io::ErrorKind::PermissionDenied => BindError::Denied(wanted),
            io::ErrorKind::AddrNotAvailable => BindError::NotHere(wanted),
            _ => BindError::Other(wanted, error),
        };
        if let Some(tls) = &self.listen.tls {
            tls.load().map_err(BindError::Tls)?;
        }
        let mut heritage = Heritage {
            wanted: server.takeover.is_some(),
            inherits: inherited.predecessor.is_some(),
            ..Heritage::default()
        };
        let listener = heritage.tcp(Role::Main, inherited.main.take(), wanted);
        let listener = listener.and_then(TcpListener::from_std).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        // There is one process for each application.
        let _ = self.current.process().address.set(address);
        let workers = Workers::start(&self.listen.hearts).map_err(BindError::Threads)?;
        let begin = CancellationToken::new();
        let doors = &self.listen.management;
        let management = management::start(&self.current, doors, &mut inherited, &mut heritage, &begin)?;
        let (predecessor, path) = (inherited.predecessor, server.takeover.as_deref());
        let succession = Succession::prepare(predecessor, path, heritage, begin.clone());
        let succession = succession.map_err(BindError::Takeover)?;
        Ok(Bound {
            current: self.current,
            listen: self.listen,
            reloading: Some(self.reloading),
            listener,
            address,
            workers,
            management,
            succession,
            begin,
        })
    }
}

impl Bound {
    /// Where we listen; the port is the real one where 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where those who run the service are listened to, if anywhere.
    #[must_use]
    pub fn management(&self) -> Option<&Listening> {
        self.management.as_ref()
    }

    /// The provider instances.
    #[must_use]
    pub fn instances(&self) -> Vec<InstanceInfo> {
        let info = |instance: &Arc<crate::app::Instance>| InstanceInfo {
            name: instance.name.clone(),
            kind: instance.kind,
            dialects: instance.provider.dialects().to_vec(),
        };
        self.current.app().instances.values().map(info).collect()
    }

    /// The counters of exchanges, which go on counting while we serve.
    #[must_use]
    pub fn stats(&self) -> Arc<Stats> {
        Arc::clone(&self.current.app().stats)
    }

    /// How we are, which goes on changing while we serve.
    #[must_use]
    pub fn health(&self) -> ccproxy_health::Health {
        self.current.app().health.clone()
    }

    /// What brings another configuration into force while we serve, and who wants that. There is one: who asks again gets
    /// none.
    pub fn reloading(&mut self) -> Option<(Reloader, mpsc::Receiver<ReloadOrder>)> {
        self.reloading.take()
    }

    /// Serves until `drain` is cancelled and the drain is through, or until `abort` is cancelled.
    pub async fn run(self, drain: CancellationToken, abort: CancellationToken) -> End {
        let connections = Connections::new(&self.current, &self.listen.server, self.listen.tls.clone());
        let tasks = TaskTracker::new();
        let close = CancellationToken::new();
        if let Some(tls) = self.listen.tls {
            tasks.spawn(tls.follow(close.clone()));
        }
        let (stop, drain, abort) = (close.child_token(), drain.child_token(), abort.child_token());
        let accepting = accept(self.listener, connections.clone(), self.workers, tasks.clone(), stop.clone());
        let (begin, stopped) = (self.begin, stop.clone());
        let accepting = tasks.spawn(async move {
            stopped.run_until_cancelled(begin.cancelled()).await;
            accepting.await
        });
        let let_go = || {
            stop.cancel();
            self.management.as_ref().inspect(|management| management.hand_over());
        };
        let health = self.current.process().health.clone();
        let succession = self.succession.run(&health, &close, let_go, &drain);
        let (settings, close, order) = (&self.listen.shutdown, close.clone(), (drain.clone(), abort.clone()));
        let mut supervised =
            Box::pin(shutdown::supervise(&self.current, settings, &connections, tasks, close, order));
        let end = tokio::select! {
            end = &mut supervised => end,
            error = succession => {
                tracing::error!(%error, "takeover_failed");
                abort.cancel();
                supervised.await;
                End::NotTakenOver
            }
        };
        if let Ok(workers) = accepting.await {
            workers.stop();
        }
        // Last of all: whoever watches is told the truth to the end.
        if let Some(management) = self.management {
            management.stop().await;
        }
        end
    }
}

/// Accepts connections until `close` is cancelled, then closes the listener and hands the workers back.
async fn accept(
    listener: TcpListener,
    connections: Connections,
    workers: Workers,
    tasks: TaskTracker,
    close: CancellationToken,
) -> Workers {
    loop {
        let accepted = tokio::select! {
            biased;
            () = close.cancelled() => return workers,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => admit(stream, &connections, &workers, &tasks),
            Err(error) => {
                tracing::warn!(%error, "accept_failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn admit(stream: TcpStream, connections: &Connections, workers: &Workers, tasks: &TaskTracker) {
    // Without this, the events of a stream wait for each other's acknowledgements.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    // A stream belongs to the runtime that it is made on, so it changes over as a bare socket.
    if let Ok(stream) = stream.into_std() {
        let connections = connections.clone();
        workers.spawn(tasks, async move {
            if let Ok(stream) = TcpStream::from_std(stream) {
                connections.serve(stream).await;
            }
        });
    }
}
