//! Serving one connection: HTTP/1.0, HTTP/1.1 and HTTP/2 by prior knowledge, gRPC on the latter.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt, Either};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Handler;
use super::life::{Crowd, Held};
use crate::grpc::{Grpc, is_grpc};
use crate::pages::reply;
use crate::{Body, Pages};

/// The most bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;
/// How much of a body is read that nobody asked for, in bytes, and for how long.
const MAX_BODY: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(1);
/// How often an HTTP/2 connection is asked whether its other end is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);

/// What all connections of a listener share.
pub(super) struct Connections {
    builder: Builder<TokioExecutor>,
    pages: Pages,
    grpc: Grpc,
    other: Option<Handler>,
    crowd: Crowd,
    stop: CancellationToken,
}

impl Connections {
    pub(super) fn new(pages: Pages, other: Option<Handler>, stop: CancellationToken) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        // The life of the connection has the limits: hyper's would end one that is idle like one that dawdles.
        builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
            .max_concurrent_streams(64)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        // What never ends by itself ends with the listener.
        let grpc = Grpc::new(pages.health().clone()).until(stop.clone());
        let pages = pages.until(stop.clone());
        Self { builder, pages, grpc, other, crowd: Crowd::default(), stop }
    }

    /// Asks the connection to leave that has been idle for longest.
    pub(super) fn make_room(&self) {
        self.crowd.evict();
    }

    /// Serves a connection until it ends, has done nothing for too long, or is asked to stop and has no request left.
    pub(super) async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let life = self.crowd.join();
        let service = service_fn(|request: Request<Incoming>| {
            let (connections, busy) = (Arc::clone(&self), life.busy());
            async move { Ok::<_, Infallible>(connections.answer(request).await.map(|body| Held::new(body, busy))) }
        });
        let connection = self.builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            () = life.over() => return,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error, "management_connection_ended");
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Either<Body, tonic::body::Body>> {
        if is_grpc(&request) {
            let may_list = self.pages.sees_details(request.headers());
            return self.grpc.call(request, may_list).await.map(Either::Right);
        }
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, ());
        let answer = match (self.pages.find(request.method(), request.uri().path()), &self.other) {
            (Some(page), _) => Some(self.pages.answer(page, &request)),
            (None, Some(other)) => other(&self.pages, request).await,
            (None, None) => None,
        };
        discard(body).await;
        answer.unwrap_or_else(reply::no_page).map(Either::Left)
    }
}

/// Reads a small body that nobody asked for. To close on unread bytes is a reset, which may cost the client its answer.
async fn discard(mut body: Incoming) {
    if body.is_end_stream() {
        return;
    }
    let read = async {
        let mut left = MAX_BODY;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
            left = rest;
        }
    };
    // Whoever takes longer is closed on.
    let _ = timeout(PATIENCE, read).await;
}
