//! One client connection and one exchange on it.

use std::net::SocketAddr;
use std::sync::Mutex;

use bytes::Bytes;
use ccproxy_wire::Dialect;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::report::Tally;
use super::{LoadError, Plan, lock};
use crate::bodies::{self, Signs};
use crate::clock;
use crate::stamps::Stamps;

pub(super) struct Connection {
    address: SocketAddr,
    request: Request<Full<Bytes>>,
    events: u32,
    expected: Expected,
    sender: SendRequest<Full<Bytes>>,
    /// Owns the task that drives the socket; dropping it closes the connection.
    driver: JoinSet<()>,
}

/// What every answer has to be.
pub(crate) struct Expected {
    dialect: Dialect,
    /// As the upstream sends it.
    reply: Bytes,
    /// What a translation keeps of it; `None` where nothing may be changed.
    text: Option<String>,
}

impl Expected {
    pub(crate) fn of(client: Dialect, provider: Dialect) -> Self {
        let text = (client != provider).then(|| bodies::reply_text(provider));
        Self { dialect: client, reply: bodies::reply(provider), text }
    }

    pub(crate) fn is(&self, body: &Bytes) -> bool {
        match &self.text {
            None => *body == self.reply,
            Some(text) => Signs::of(self.dialect).are_in(body, text),
        }
    }
}

impl Connection {
    pub(super) async fn open(plan: &Plan) -> Result<Self, LoadError> {
        let wrong_url = || LoadError::Url(plan.url.clone());
        let authority = plan.url.authority().filter(|_| plan.url.scheme_str() == Some("http"));
        let authority = authority.ok_or_else(wrong_url)?.as_str();
        let address = authority.parse().map_err(|_| wrong_url())?;
        let path = plan.url.path_and_query().map_or("/", |path| path.as_str());
        let dialect = bodies::dialect_at(path).ok_or_else(wrong_url)?;
        let mut request = Request::post(path.parse::<Uri>().map_err(|_| wrong_url())?)
            .header(HOST, authority)
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, "Bearer sk-client")
            .body(Full::new(bodies::request(dialect, &plan.shape)))
            .map_err(|_| wrong_url())?;
        if dialect == Dialect::Messages {
            // As every client of this dialect does.
            request.headers_mut().insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        let expected = Expected::of(dialect, plan.provider.unwrap_or(dialect));
        let mut driver = JoinSet::new();
        let sender = connect(address, &mut driver).await?;
        Ok(Self { address, request, events: plan.shape.events, expected, sender, driver })
    }

    /// Sends the request, reads the whole answer and puts its times into `tally`.
    pub(super) async fn exchange(&mut self, tally: &Mutex<Tally>) -> Result<(), LoadError> {
        // A server may close an idle connection after any answer; that is no error.
        if self.sender.ready().await.is_err() {
            self.sender = connect(self.address, &mut self.driver).await?;
        }
        let sent = clock::now_ns();
        let response = self.sender.send_request(self.request.clone()).await?;
        if response.status() != StatusCode::OK {
            return Err(LoadError::Wrong(format!("status {}", response.status())));
        }
        if self.events == 0 {
            self.read_json(response).await?;
        } else {
            self.read_events(response, sent, tally).await?;
        }
        lock(tally).answered(clock::now_ns().saturating_sub(sent));
        Ok(())
    }

    async fn read_json(&self, response: Response<Incoming>) -> Result<(), LoadError> {
        let body = response.into_body().collect().await?.to_bytes();
        if self.expected.is(&body) {
            Ok(())
        } else {
            Err(LoadError::Wrong(format!("{} bytes of other JSON", body.len())))
        }
    }

    async fn read_events(
        &self,
        response: Response<Incoming>,
        sent: u64,
        tally: &Mutex<Tally>,
    ) -> Result<(), LoadError> {
        let mut body = response.into_body();
        let mut stamps = Stamps::new(self.expected.dialect);
        let mut seen = 0;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            let now = clock::now_ns();
            stamps.feed(&data, now, |age| {
                if seen == 0 {
                    lock(tally).first_event(now.saturating_sub(sent));
                }
                seen += 1;
                lock(tally).event(age);
            });
        }
        if seen == self.events && stamps.complete() {
            Ok(())
        } else {
            Err(LoadError::Wrong(format!(
                "{seen} of {} events, complete: {}",
                self.events,
                stamps.complete()
            )))
        }
    }
}

async fn connect(
    address: SocketAddr,
    driver: &mut JoinSet<()>,
) -> Result<SendRequest<Full<Bytes>>, LoadError> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(socket)).await?;
    driver.spawn(async move {
        // What breaks the connection also fails the exchange on it, and is reported there.
        drop(connection.await);
    });
    Ok(sender)
}
