//! What runs on the thread: the loops that accept, and the connections.

use std::io;
use std::net::TcpListener as StdTcpListener;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::sync::Arc;
use std::time::Duration;

use ccproxy_health::Health;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Handler;
use super::connection::Connections;
use crate::tcp::ACCEPT_PAUSE;
use crate::unix::SocketFile;
use crate::{Pages, agent};

/// Connections of one listener at a time; for another, the one that has been idle for longest has to leave.
const MAX_CONNECTIONS: usize = 256;
/// How long connections may take to end once they are asked to.
const END: Duration = Duration::from_millis(25);
/// How often somebody is asked to leave while nobody has.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Everything that is bound, before the thread has it.
pub(super) struct Served {
    pub(super) tcp: Option<(StdTcpListener, Pages)>,
    pub(super) unix: Option<(StdUnixListener, Option<SocketFile>, Pages)>,
    pub(super) agent: Option<(StdTcpListener, Health)>,
    other: Option<Handler>,
    pub(super) begin: Option<CancellationToken>,
    /// Cancelled when the sockets go on in another process.
    pub(super) handed_over: CancellationToken,
}

/// The same, registered with the thread's runtime.
pub(super) struct Open {
    tcp: Option<(TcpListener, Pages)>,
    unix: Option<(UnixListener, Option<SocketFile>, Pages)>,
    agent: Option<(TcpListener, Health)>,
    other: Option<Handler>,
    begin: Option<CancellationToken>,
    handed_over: CancellationToken,
}

impl Served {
    pub(super) fn new(other: Option<Handler>) -> Self {
        Self { tcp: None, unix: None, agent: None, other, begin: None, handed_over: CancellationToken::new() }
    }

    /// Registers the listeners with the runtime that this is called on.
    pub(super) fn open(self) -> io::Result<Open> {
        let tcp = |(listener, pages)| TcpListener::from_std(listener).map(|listener| (listener, pages));
        let unix = |(listener, file, pages)| {
            UnixListener::from_std(listener).map(|listener| (listener, file, pages))
        };
        let agent = |(listener, health)| TcpListener::from_std(listener).map(|listener| (listener, health));
        Ok(Open {
            tcp: self.tcp.map(tcp).transpose()?,
            unix: self.unix.map(unix).transpose()?,
            agent: self.agent.map(agent).transpose()?,
            other: self.other,
            begin: self.begin,
            handed_over: self.handed_over,
        })
    }
}

impl Open {
    /// Serves until `stop` is cancelled; then gives the connections a moment. When the sockets are handed over, nothing
    /// more is accepted, and the connections that are there go on.
    pub(super) async fn run(self, stop: CancellationToken) {
        if let Some(begin) = &self.begin {
            stop.run_until_cancelled(begin.cancelled()).await;
        }
        let (tasks, close) = (TaskTracker::new(), CancellationToken::new());
        let connections = |pages| Arc::new(Connections::new(pages, self.other.clone(), stop.clone()));
        let tcp = async {
            if let Some((listener, pages)) = self.tcp {
                let accept = async || {
                    let (stream, _) = listener.accept().await?;
                    // An event must not wait for the last one's acknowledgement.
                    stream.set_nodelay(true).map(|()| stream)
                };
                serve(accept, &connections(pages), &tasks, &close).await;
            }
        };
        let unix = async {
            if let Some((listener, file, pages)) = self.unix {
                let accept = async || listener.accept().await.map(|(stream, _)| stream);
                serve(accept, &connections(pages), &tasks, &close).await;
                // Whoever starts now finds either nothing or somebody who answers.
                match file {
                    Some(file) if self.handed_over.is_cancelled() => file.leave(),
                    file => drop(file),
                }
                drop(listener);
            }
        };
        let agent = async {
            if let Some((listener, health)) = self.agent {
                agent::serve(listener, health, close.clone()).await;
            }
        };
        let end = async {
            stop.run_until_cancelled(self.handed_over.cancelled()).await;
            close.cancel();
        };
        tokio::join!(tcp, unix, agent, end);
        stop.cancelled().await;
        tasks.close();
        if timeout(END, tasks.wait()).await.is_err() {
            tracing::debug!("management_connections_cut");
        }
    }
}

/// Accepts connections until `close` is cancelled.
async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    accept: impl AsyncFn() -> io::Result<S>,
    connections: &Arc<Connections>,
    tasks: &TaskTracker,
    close: &CancellationToken,
) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = async {
            let place = place(&room, connections).await?;
            Ok::<_, io::Error>((accept().await?, place))
        };
        let accepted = tokio::select! {
            biased;
            () = close.cancelled() => return,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let connections = Arc::clone(connections);
                tasks.spawn(async move {
                    connections.serve(stream).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "management_accept_failed");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A place for one more connection. One is kept free for whoever comes next.
async fn place(room: &Arc<Semaphore>, connections: &Connections) -> io::Result<OwnedSemaphorePermit> {
    loop {
        if room.available_permits() == 0 {
            connections.make_room();
        }
        if let Ok(place) = timeout(ASK_AGAIN, Arc::clone(room).acquire_owned()).await {
            // The semaphore is never closed.
            return place.map_err(io::Error::other);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ccproxy_health::{Builder, Identity};
    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::net::UnixStream;
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;
    use crate::PagesOptions;

    fn pages() -> Pages {
        let health = Builder::new(Identity::new("1.2.3", "service", "A service")).build();
        Pages::new(health, PagesOptions::default())
    }

    /// The loop over what `accept` gives, while the test runs.
    async fn accepting(accept: impl AsyncFn() -> io::Result<DuplexStream>, test: impl AsyncFn()) {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let connections = Arc::new(Connections::new(pages(), None, stop.clone()));
        let test = async {
            test().await;
            stop.cancel();
        };
        tokio::join!(serve(accept, &connections, &tasks, &stop), test);
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test(start_paused = true)]
    async fn accepting_goes_on_after_errors() {
        let (give, given) = mpsc::channel(1);
        let (given, failures, begin) = (tokio::sync::Mutex::new(given), AtomicUsize::new(0), Instant::now());
        let accept = async || {
            if failures.fetch_add(1, Ordering::Relaxed) < 3 {
                return Err(io::Error::other("no free file descriptor"));
            }
            given.lock().await.recv().await.ok_or_else(|| io::Error::other("over"))
        };
        let ask = async || {
            let (mut ours, theirs) = duplex(4096);
            give.send(theirs).await.unwrap();
            ours.write_all(b"GET /livez HTTP/1.0\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            ours.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
            assert!(begin.elapsed() >= 3 * ACCEPT_PAUSE, "each failure is waited out");
        };
        accepting(accept, ask).await;
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_connections_and_no_more() {
        // Not yet closed by the other side.
        let is_open = |client: &mut DuplexStream| client.read_u8().now_or_never().is_none();
        let begin = Instant::now();
        let clients = Mutex::new(Vec::new());
        let accept = async || {
            let (ours, theirs) = duplex(64);
            clients.lock().unwrap().push(ours);
            Ok(theirs)
        };
        let count = || clients.lock().unwrap().len();
        let test = async || {
            // Time stands still while anybody has something to do, so it is no limit.
            for _ in 0..100_000 {
                if count() >= 3 * MAX_CONNECTIONS {
                    break;
                }
                tokio::task::yield_now().await;
            }
            assert!(count() >= 3 * MAX_CONNECTIONS, "only {} were let in", count());
            let mut clients = std::mem::take(&mut *clients.lock().unwrap());
            let open =
                tokio::task::unconstrained(async { clients.iter_mut().map(is_open).collect::<Vec<_>>() });
            let open = open.await;
            let count = open.iter().filter(|open| **open).count();
            assert!((MAX_CONNECTIONS - 1..=MAX_CONNECTIONS).contains(&count), "{count}");
            assert_eq!(open.last(), Some(&true), "whoever came last is served");
            assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        };
        accepting(accept, test).await;
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_no_note_of_the_end_is_cut() {
        // HTTP/2's preface, no settings, and a GET of /livez as stream 1; after that, silence.
        const GET: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
            \0\0\x0a\x01\x05\0\0\0\x01\x82\x86\x04\x06/livez";
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.sock");
        let (listener, file) = crate::unix::bind(&path).unwrap();
        let mut served = Served::new(None);
        served.unix = Some((listener, Some(file), pages()));
        let stop = CancellationToken::new();
        let peer = async {
            let mut peer = UnixStream::connect(&path).await.unwrap();
            peer.write_all(GET).await.unwrap();
            let mut heard = Vec::new();
            while !heard.ends_with(b"ok") {
                assert_ne!(peer.read_buf(&mut heard).await.unwrap(), 0, "{heard:?}");
            }
            stop.cancel();
            (peer, Instant::now())
        };
        let ((_peer, asked), ()) = tokio::join!(peer, served.open().unwrap().run(stop.clone()));
        // The whole process has 50 ms from its last request.
        assert_eq!(asked.elapsed(), Duration::from_millis(25));
    }
}
