//! `GET responses` upgraded to a WebSocket: each frame is a request, each event of its answer a frame.
//!
//! Source: the guide "WebSocket mode" (developers.openai.com/api/docs/guides/websocket-mode); RFC 6455. Whatever the
//! provider speaks, it is asked by POST: the state that the client goes on from is kept here.

mod connection;
mod conversation;

use std::sync::Arc;

use ccproxy_health::Phase;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use crate::app::App;
use crate::body::Body;
use crate::error::Error;
use crate::pipeline;
use crate::routes::Mount;
use connection::Connection;

/// What a client says to the socket and to nobody behind it.
const HANDSHAKE: [HeaderName; 5] = [
    HeaderName::from_static("sec-websocket-key"),
    HeaderName::from_static("sec-websocket-version"),
    HeaderName::from_static("sec-websocket-extensions"),
    HeaderName::from_static("sec-websocket-protocol"),
    HeaderName::from_static("openai-beta"),
];

/// Answers the request for a socket, and serves the socket from then on. Whoever asks has shown a key.
pub(crate) async fn open(
    app: &Arc<App>,
    mount: Mount,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Error> {
    let response = match accept(app, &request) {
        Ok(response) => response,
        Err(error) => {
            pipeline::discard(request).await;
            return Err(error);
        }
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    app.sockets.spawn(serve(Arc::clone(app), mount, asking(parts), upgrade));
    Ok(response)
}

fn accept(app: &App, request: &Request<Incoming>) -> Result<Response<Body>, Error> {
    // The answer would have to say both that the connection goes on and that it ends.
    if app.health.phase() == Phase::Draining {
        return Err(Error::Draining);
    }
    create_response_with_body(request, Body::empty)
        .map_err(|error| Error::NoWebSocket { reason: error.to_string() })
}

/// The head of the POST that each frame stands for.
fn asking(mut parts: Parts) -> Parts {
    parts.method = Method::POST;
    for name in HANDSHAKE {
        parts.headers.remove(name);
    }
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts
}

async fn serve(app: Arc<App>, mount: Mount, parts: Parts, upgrade: OnUpgrade) {
    match upgrade.await {
        Ok(io) => Connection::new(app, mount, parts, TokioIo::new(io)).await.serve().await,
        Err(error) => tracing::debug!(%error, "socket_not_upgraded"),
    }
}
