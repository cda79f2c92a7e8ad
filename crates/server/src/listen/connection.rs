//! Serving one connection: HTTP/1.0, HTTP/1.1 and HTTP/2 by prior knowledge.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ccproxy_config::Server;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::capacity::{Capacity, Seat, Spare};
use super::clock::{Clock, Limits, Watched};
use super::tls::{Tls, shake_hands};
use crate::app::Current;
use crate::middleware;

/// HTTP/1 heads are read into a buffer of at least this size.
const MIN_BUFFER: usize = 8 * 1024;
/// Requests with this many more headers than we allow still get an answer of ours rather than the parser's.
const SPARE_HEADERS: usize = 128;

/// How often an HTTP/2 connection is asked whether its other end is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);

/// How long a connection without a request may take to end once it is asked to.
const PARTING: Duration = Duration::from_secs(1);

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Connections {
    current: Arc<Current>,
    builder: Arc<Builder<TokioExecutor>>,
    limits: Limits,
    /// Where HTTPS is served.
    tls: Option<Arc<Tls>>,
    capacity: Option<Capacity>,
    /// Ends connections when they have no request left.
    drain: CancellationToken,
    /// Ends connections at once.
    cut: CancellationToken,
}

impl Connections {
    pub(super) fn new(current: &Arc<Current>, server: &Server, tls: Option<Arc<Tls>>) -> Self {
        Self {
            current: Arc::clone(current),
            builder: Arc::new(builder(usize::from(server.max_headers), server)),
            limits: Limits { head: server.header_timeout, idle: server.keep_alive },
            tls,
            capacity: Capacity::new(server.max_connections),
            drain: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Asks every connection to end after the requests it has.
    pub(crate) fn drain(&self) {
        self.drain.cancel();
    }

    /// Ends every connection.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    /// Waits for a reason to end a connection.
    async fn stop(&self, clock: &Clock, seat: Option<&Seat>) -> Stop {
        let left = async {
            match seat {
                Some(seat) => seat.leave.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over(clock, self.limits) => Stop::Now,
            () = self.cut.cancelled() => Stop::Now,
            () = self.drain.cancelled() => Stop::WhenIdle,
            () = left => Stop::WhenIdle,
        }
    }

    pub(super) async fn serve(self, stream: TcpStream) {
        let _open = self.current.process().connections.token();
        let clock = Clock::start();
        let peer = stream.peer_addr().ok().map(|address| address.ip().to_canonical());
        let seat = self.capacity.as_ref().map(|capacity| capacity.seat(&clock).ok_or(())).transpose();
        let Ok(seat) = seat else {
            return;
        };
        let Some(tls) = &self.tls else { return self.speak(stream, peer, &clock, seat).await };
        let stream = tokio::select! {
            stream = shake_hands(tls, stream) => stream,
            // The first head is late before it could begin.
            () = over(&clock, self.limits) => return tracing::debug!("tls_handshake_too_slow"),
            () = self.cut.cancelled() => return,
        };
        if let Some(stream) = stream {
            // Apart, so that connections without TLS do not take more memory for it.
            Box::pin(self.speak(stream, peer, &clock, seat)).await;
        }
    }

    /// Speaks HTTP to the end of the connection.
    async fn speak<S>(&self, stream: S, peer: Option<IpAddr>, clock: &Arc<Clock>, seat: Option<Seat>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let is_spare = seat.as_ref().is_some_and(|seat| seat.is_spare);
        let service = service_fn(|mut request: Request<Incoming>| {
            if is_spare {
                request.extensions_mut().insert(Spare);
            }
            let (app, busy) = (self.current.app(), clock.busy(request.version()));
            // hyper has a place for this future as long as there is a connection. In a box of its own, its kilobytes are
            // gone as soon as the answer begins, and a stream goes on without them.
            let handled = Box::pin(middleware::handle(app, peer, request));
            async move { Ok::<_, Infallible>(handled.await.map(|body| body.hold(busy))) }
        });
        let io = TokioIo::new(Watched::new(stream, Arc::clone(clock)));
        // Made where it stays: moved there, it would take its room in this future twice.
        let mut connection = pin!(self.builder.serve_connection_with_upgrades(io, service));
        // A set polls only what was woken: a busy connection does not ask again and again whether it has to end.
        let mut stops: FuturesUnordered<_> = [self.stop(clock, seat.as_ref())].into_iter().collect();
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            stop = stops.next() => {
                if !matches!(stop, Some(Stop::WhenIdle)) {
                    return;
                }
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = parted(clock, self.limits) => return,
                    () = self.cut.cancelled() => return,
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error, "connection_ended");
        }
    }
}

fn builder(headers: usize, server: &Server) -> Builder<TokioExecutor> {
    let header_bytes = usize::try_from(server.header_bytes.bytes()).unwrap_or(usize::MAX);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The clock has the limits: hyper's own would set up a timer for every request.
        .header_read_timeout(None)
        .max_headers(headers + SPARE_HEADERS)
        .max_buf_size(header_bytes.max(MIN_BUFFER));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(256)
        // The clock has no limit for a connection that is busy, and its other end may be gone.
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

/// Resolves when a connection that is asked to end has no reason to stay: a head that never becomes whole, and an HTTP/2
/// peer that never takes note, must not hold the drain up.
async fn parted(clock: &Clock, limits: Limits) {
    tokio::time::sleep(PARTING).await;
    over(clock, Limits { idle: PARTING.min(limits.idle), ..limits }).await;
}

/// How a connection is to end.
enum Stop {
    WhenIdle,
    Now,
}

/// Resolves when the connection has used up a limit. Looking now and then is cheaper than a timer for each request.
async fn over(clock: &Clock, limits: Limits) {
    let pause = (limits.head.min(limits.idle) / 4).max(Duration::from_millis(10));
    while !clock.is_over(limits) {
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use http::Response;
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::body::Body;

    /// HTTP/2's preface, no settings, and a GET of / as stream 1.
    const GET: &[u8] =
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84";

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_has_gone_is_noticed_while_it_is_served() {
        let (mut peer, ours) = duplex(4096);
        let served = std::sync::atomic::AtomicBool::new(false);
        let endless = service_fn(|_: Request<Incoming>| {
            served.store(true, std::sync::atomic::Ordering::Relaxed);
            std::future::pending::<Result<Response<Body>, Infallible>>()
        });
        peer.write_all(GET).await.unwrap();
        let begin = Instant::now();
        let builder = builder(64, &Server::default());
        let connection = builder.serve_connection(TokioIo::new(ours), endless);
        let ended = timeout(10 * PING, connection).await;
        assert!(served.into_inner(), "the request is being served");
        assert!(ended.is_ok_and(|ended| ended.is_err()), "the connection goes on");
        assert_eq!(begin.elapsed(), 2 * PING);
    }
}
