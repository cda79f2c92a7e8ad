//! One process takes over from another without a gap: the new one gets the very sockets that the old one listens on.
//!
//! | the new one | the old one |
//! |---|---|
//! | connects to `server.takeover` | sends all its sockets, and goes on |
//! | starts, becomes ready, says so | says that they are the new one's, stops accepting, drains |
//! | accepts | ends with its last request |
//!
//! The queue of connections belongs to the socket and not to a process, so whoever connects meanwhile waits a moment at
//! most. With a second socket on the same port (`SO_REUSEPORT`) the system would reset what is in the queue of the first
//! when that is closed. Until the last step the old one can go on as if nothing had been, and does if the new one ends.

mod message;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ccproxy_health::{Health, Phase, Status, aggregate};
use ccproxy_health_server::tcp::ACCEPT_PAUSE;
use ccproxy_health_server::unix::SocketFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::sockets::{Heritage, Inherited, Role};

/// What the new one says when it is ready, and what it is answered.
const READY: &[u8; 6] = b"ready\n";
const YOURS: &[u8; 6] = b"yours\n";

/// How long a new process may take to become ready before it gives up …
const READY_LIMIT: Duration = Duration::from_secs(45);
/// … and before the old one gives it up; also how long the old one may be busy with another.
const PATIENCE: Duration = Duration::from_secs(60);
/// Whoever was accepted last has so long to begin a request before we say that we are going.
const LAST_CALL: Duration = Duration::from_secs(1);
/// How often readiness is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Why a process could not take over. The one that runs goes on.
#[derive(Debug, thiserror::Error)]
pub enum TakeoverError {
    /// Nobody answers on the socket, or not as a ccproxy.
    #[error(
        "{} does not hand over its listeners: {error}; the old process goes on, so stop it before you start this one", path.display()
    )]
    NotHandedOver {
        /// The socket.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// We are not ready.
    #[error("not ready within {READY_LIMIT:?}: {0}; the old process goes on")]
    NotReady(String),
    /// It did not wait for us.
    #[error("the old process did not wait for this one, or handed over to another: {0}")]
    Gone(io::Error),
}

/// The process that we take over from.
#[derive(Debug)]
pub(super) struct Predecessor {
    stream: UnixStream,
    takeover: Option<std::os::unix::net::UnixListener>,
}

impl Inherited {
    /// Asks the process that listens on a Unix socket for its sockets. There are none where no process does.
    ///
    /// # Errors
    /// [`TakeoverError`] where one does and does not give them.
    pub async fn of_running(path: &Path) -> Result<Self, TakeoverError> {
        let failed = |error| TakeoverError::NotHandedOver { path: path.to_owned(), error };
        let stream = match UnixStream::connect(path).await {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                tracing::info!(socket = %path.display(), "nobody_to_take_over_from");
                return Ok(Self::default());
            }
            other => other.map_err(failed)?,
        };
        let sockets = timeout(PATIENCE, message::receive(&stream)).await;
        let sockets = sockets.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(failed)?;
        let (mut inherited, mut takeover) = (Self::default(), None);
        for (role, socket) in sockets {
            match role {
                Role::Main => inherited.main = Some(socket.into()),
                Role::Management => inherited.management = Some(socket.into()),
                Role::Agent => inherited.agent = Some(socket.into()),
                Role::Socket => inherited.socket = Some(socket.into()),
                Role::Takeover => takeover = Some(socket.into()),
            }
        }
        inherited.predecessor = Some(Predecessor { stream, takeover });
        Ok(inherited)
    }
}

impl Predecessor {
    /// Waits until we are ready, and has the old process let go.
    async fn relieve(mut self, health: &Health) -> Result<(), TakeoverError> {
        if timeout(READY_LIMIT, ready(health)).await.is_err() {
            let verdict = aggregate::ready(health, &[]);
            let problems: Vec<&str> = verdict.problems.iter().map(|problem| &*problem.about).collect();
            return Err(TakeoverError::NotReady(format!("{}: {}", verdict.headline, problems.join(", "))));
        }
        let mut answer = [0; YOURS.len()];
        let ask = async {
            self.stream.write_all(READY).await?;
            self.stream.read_exact(&mut answer).await
        };
        ask.await.map_err(TakeoverError::Gone)?;
        tracing::info!("took_over");
        Ok(())
    }
}

/// Resolves when a probe of readiness would be told that all is well enough.
async fn ready(health: &Health) {
    while health.phase() != Phase::Ready || aggregate::ready(health, &[]).status == Status::Fail {
        sleep(LOOK).await;
    }
}

/// Whoever was here before us, and how whoever comes after us is let in.
pub(super) struct Succession {
    predecessor: Option<Predecessor>,
    /// The files of its sockets.
    files: Vec<PathBuf>,
    door: Option<Door>,
    /// Cancelled when nobody else accepts any more.
    begin: CancellationToken,
}

/// The socket of `server.takeover`, and what is given away there.
struct Door {
    listener: UnixListener,
    file: Option<SocketFile>,
    sockets: Vec<(Role, OwnedFd)>,
}

impl Succession {
    /// Opens the door at `path`, if any.
    pub(super) fn prepare(
        mut predecessor: Option<Predecessor>,
        path: Option<&Path>,
        mut heritage: Heritage,
        begin: CancellationToken,
    ) -> io::Result<Self> {
        let door = match path {
            Some(path) => {
                let inherited = predecessor.as_mut().and_then(|predecessor| predecessor.takeover.take());
                let (listener, file) = heritage.unix(Role::Takeover, inherited, path)?;
                Some(Door { listener: UnixListener::from_std(listener)?, file, sockets: heritage.sockets })
            }
            None => None,
        };
        Ok(Self { predecessor, files: heritage.files, door, begin })
    }

    /// Takes over, then waits for a successor; when that is ready, calls `let_go`, and a moment later cancels `drain`.
    /// Resolves only if taking over fails.
    pub(super) async fn run(
        self,
        health: &Health,
        close: &CancellationToken,
        let_go: impl FnOnce(),
        drain: &CancellationToken,
    ) -> TakeoverError {
        if let Some(predecessor) = self.predecessor
            && let Err(error) = predecessor.relieve(health).await
        {
            return error;
        }
        let mut files: Vec<_> = self.files.iter().filter_map(|path| SocketFile::of(path).ok()).collect();
        self.begin.cancel();
        if let Some(door) = self.door
            && close.run_until_cancelled(door.successor()).await.is_some()
        {
            tracing::info!("handing_over");
            let_go();
            files.drain(..).chain(door.file).for_each(SocketFile::leave);
            // Ours no more: if the new one dies, whoever connects has to be told at once.
            drop((door.listener, door.sockets));
            sleep(LAST_CALL).await;
            drain.cancel();
        }
        std::future::pending().await
    }
}

impl Door {
    /// Resolves when the sockets are another process's.
    async fn successor(&self) {
        loop {
            let outcome = match self.listener.accept().await {
                Ok((stream, _)) => timeout(PATIENCE, self.give(stream)).await,
                Err(error) => {
                    sleep(ACCEPT_PAUSE).await;
                    Ok(Err(error))
                }
            };
            match outcome {
                Ok(Ok(())) => return,
                Ok(Err(error)) => tracing::warn!(%error, "nobody_took_over"),
                Err(_) => tracing::warn!(error = "not ready in time", "nobody_took_over"),
            }
        }
    }

    async fn give(&self, mut stream: UnixStream) -> io::Result<()> {
        message::send(&stream, &self.sockets).await?;
        let mut said = [0; READY.len()];
        stream.read_exact(&mut said).await?;
        if &said != READY {
            return Err(io::ErrorKind::InvalidData.into());
        }
        stream.write_all(YOURS).await
    }
}
