//! A client with one connection, which it keeps as long as it can.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::judge::Seen;

/// A client that has waited for longer hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Those who give up do it after so long.
const GIVEN_UP: Duration = Duration::from_millis(3);

/// Why there is no answer to judge.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("no connection: {0}")]
    Connect(#[from] std::io::Error),
    #[error("no answer: {0}")]
    Exchange(#[from] hyper::Error),
    #[error("a header that is none: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("{0}")]
    Socket(#[from] tokio_tungstenite::tungstenite::Error),
    #[error("{0}")]
    Wrong(String),
    #[error("it hangs")]
    Hangs,
}

/// When the client leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stay {
    ToTheEnd,
    /// With the first bytes of an answer.
    Begun,
    /// Before there can be any.
    Briefly,
}

pub(super) struct Client {
    pub(super) address: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// Owns the task that drives the socket.
    driver: JoinSet<()>,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, sender: None, driver: JoinSet::new() }
    }

    pub(super) async fn send(
        &mut self,
        mut request: Request<Full<Bytes>>,
        stay: Stay,
    ) -> Result<Seen, Trouble> {
        let host = HeaderValue::try_from(self.address.to_string()).map_err(hyper::http::Error::from)?;
        request.headers_mut().insert(HOST, host);
        let response = match stay {
            Stay::Briefly => match tokio::time::timeout(GIVEN_UP, self.exchange(request)).await {
                Ok(response) => response?,
                Err(_) => {
                    self.leave();
                    return Ok(Seen::default());
                }
            },
            Stay::ToTheEnd | Stay::Begun => self.exchange(request).await?,
        };
        let Some(response) = response else {
            self.leave();
            return Ok(Seen::default());
        };
        Ok(self.read(response, stay).await)
    }

    /// `None` if the server closes the connection instead.
    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Option<Response<Incoming>>, Trouble> {
        let kept = match self.sender.as_mut() {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if kept && let Some(sender) = self.sender.as_mut() {
            match sender.send_request(request.clone()).await {
                // The server has closed the idle connection at this moment.
                Err(error) if error.is_canceled() => {}
                answered => return or_gone(answered),
            }
        }
        let sender = self.sender.insert(connect(self.address, &mut self.driver).await?);
        or_gone(sender.send_request(request).await)
    }

    async fn read(&mut self, response: Response<Incoming>, stay: Stay) -> Seen {
        let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let streamed = kind.starts_with(b"text/event-stream");
        let mut seen = Seen { status: response.status().as_u16(), streamed, ..Seen::default() };
        let mut body = response.into_body();
        loop {
            match body.frame().await {
                Some(Ok(frame)) => {
                    seen.body.extend_from_slice(&frame.into_data().unwrap_or_default());
                    if stay != Stay::ToTheEnd {
                        break self.leave();
                    }
                }
                Some(Err(_)) => break self.leave(),
                None => {
                    seen.ended = true;
                    break;
                }
            }
        }
        seen
    }

    /// Closes the connection.
    pub(super) fn leave(&mut self) {
        self.sender = None;
        self.driver = JoinSet::new();
    }
}

fn or_gone(answered: hyper::Result<Response<Incoming>>) -> Result<Option<Response<Incoming>>, Trouble> {
    match answered {
        Err(error) if error.is_incomplete_message() => Ok(None),
        answered => Ok(Some(answered?)),
    }
}

async fn connect(address: SocketAddr, driver: &mut JoinSet<()>) -> Result<SendRequest<Full<Bytes>>, Trouble> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(socket)).await?;
    *driver = JoinSet::new();
    driver.spawn(async move {
        // What breaks the connection also breaks the exchange on it, and is judged there.
        drop(connection.await);
    });
    Ok(sender)
}
