//! One connection: frames in, one answer at a time out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ccproxy_wire::Family;
use ccproxy_wire::responses::event::kind;
use ccproxy_wire::responses::turn::{Items, Said, Turn, error_frame};
use ccproxy_wire::sse::Events;
use futures_util::{SinkExt, StreamExt};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Limited};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};

use super::conversation::{Conversation, prepared, telling};
use crate::app::App;
use crate::body::Body;
use crate::error::Error;
use crate::request_id::RequestId;
use crate::routes::Mount;
use crate::{pipeline, respond};

/// A connection may be open for as long as OpenAI's may.
const AGE: Duration = Duration::from_secs(60 * 60);
/// As many frames may wait for the answers before theirs.
const WAITING: usize = 16;
/// A larger error is not one to be read.
const ERROR_LIMIT: usize = 1024 * 1024;
/// The other end has this long to take note of the end.
const PARTING: Duration = Duration::from_secs(1);

/// Why a connection ends.
enum End {
    /// The other end has gone, or says that it goes.
    Gone,
    /// We end it.
    Close(CloseCode, &'static str),
}

/// A socket and what it remembers.
pub(super) struct Connection {
    app: Arc<App>,
    mount: Mount,
    parts: Parts,
    socket: WebSocketStream<TokioIo<Upgraded>>,
    conversation: Conversation,
    waiting: VecDeque<Utf8Bytes>,
    until: Instant,
    next_ping: Instant,
}

impl Connection {
    pub(super) async fn new(app: Arc<App>, mount: Mount, parts: Parts, io: TokioIo<Upgraded>) -> Self {
        let limit = usize::try_from(app.limits.body).ok();
        let config = WebSocketConfig::default().max_message_size(limit).max_frame_size(limit);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        let (conversation, waiting, now) = (Conversation::default(), VecDeque::new(), Instant::now());
        let next_ping = now + app.limits.sse_keep_alive;
        Self { app, mount, parts, socket, conversation, waiting, until: now + AGE, next_ping }
    }

    /// Answers frame after frame until there is a reason to end.
    pub(super) async fn serve(mut self) {
        let end = loop {
            if let Err(end) = self.answer_next().await {
                break end;
            }
        };
        let frame = match end {
            End::Gone => None,
            End::Close(code, reason) => Some(CloseFrame { code, reason: reason.into() }),
        };
        // Whoever does not answer a close has gone.
        let _ = timeout(PARTING, self.socket.close(frame)).await;
    }

    async fn answer_next(&mut self) -> Result<(), End> {
        let frame = match self.waiting.pop_front() {
            Some(frame) => frame,
            None => self.idle().await?,
        };
        let id = RequestId::of(&HeaderMap::new());
        match self.renew().and_then(|()| self.prepare(&frame, &id)) {
            Ok(Prepared::Ready(events, items, said)) => {
                for event in events {
                    self.send(event).await?;
                }
                self.conversation.goes_on(items, said);
                Ok(())
            }
            Ok(Prepared::Ask(body, items, previous)) => {
                let parts = self.parts.clone();
                let (app, mount) = (Arc::clone(&self.app), self.mount.clone());
                let answer = pipeline::turn(&app, &mount, parts, (body.into(), previous), &id);
                let answer = self.watched(answer).await?;
                self.relay(answer, items).await
            }
            Err(error) => self.refuse(respond::error(&error, Family::OpenAi, &id)).await,
        }
    }

    /// The next frame, while nothing is being answered.
    async fn idle(&mut self) -> Result<Utf8Bytes, End> {
        let (app, until) = (Arc::clone(&self.app), self.until);
        tokio::select! {
            frame = self.next_frame() => return frame,
            () = app.closed() => return Err(End::Close(CloseCode::Away, "this proxy is shutting down")),
            () = sleep_until(until) => {}
        }
        let old = Error::SocketAge { limit: AGE };
        self.refuse(respond::error(&old, Family::OpenAi, &RequestId::of(&HeaderMap::new()))).await?;
        Err(End::Close(CloseCode::Normal, "the connection has reached its age"))
    }

    /// Each frame is a request of its own: it sees the configuration that is in force now.
    fn renew(&mut self) -> Result<(), Error> {
        self.app = self.app.newest();
        if let Mount::Instance(instance) = &mut self.mount {
            let now = self.app.instance(&instance.name);
            *instance =
                Arc::clone(now.ok_or_else(|| Error::NoRoute { path: self.parts.uri.path().to_owned() })?);
        }
        Ok(())
    }

    /// What a frame comes to.
    fn prepare(&self, frame: &str, id: &RequestId) -> Result<Prepared, Error> {
        let turn = Turn::read(frame)?;
        let whole = match turn.previous.as_deref() {
            Some(previous) => self.whole(&turn, previous)?,
            None => None,
        };
        let body = turn.body(whole.as_deref());
        if body.len() as u64 > self.app.limits.body {
            return Err(Error::BodyTooLarge { limit: self.app.limits.body });
        }
        let unknown = turn.previous.as_deref().filter(|_| whole.is_none());
        if unknown.is_some() || !turn.generate {
            let keeps = pipeline::keeps_responses(&self.app, &self.mount, &self.parts.headers, &body)?;
            // Whoever keeps responses may know it; what is only prepared here never reaches them.
            if let Some(previous) = unknown.filter(|_| !keeps || !turn.generate) {
                return Err(Error::NoPrevious { id: previous.to_owned() });
            }
        }
        let items = whole.map_or_else(|| turn.input(), Ok)?;
        let previous = turn.previous.as_deref();
        if turn.generate {
            return Ok(Prepared::Ask(body, items, previous.map(str::to_owned)));
        }
        let said = Said { id: format!("resp_{}", id.as_str().replace('-', "")), items: Items::new() };
        let model = ccproxy_wire::RequestHead::read(&body)?.model;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let events = prepared(&said.id, &model, now.as_secs(), &body, previous);
        Ok(Prepared::Ready(events, items, said))
    }

    /// All that was said up to an earlier response and with this turn, if that response is known here.
    fn whole(&self, turn: &Turn<'_>, previous: &str) -> Result<Option<Items>, Error> {
        let earlier = match self.conversation.up_to(previous) {
            Some(items) => Some(items.clone()),
            None => pipeline::earlier(&self.app, &self.parts.headers, previous)?,
        };
        let Some(mut items) = earlier else { return Ok(None) };
        items.extend(turn.input()?);
        Ok(Some(items))
    }

    /// The answer's events, each a frame.
    async fn relay(&mut self, answer: Response<Body>, items: Items) -> Result<(), End> {
        let streams = answer.headers().get(CONTENT_TYPE);
        let streams = streams.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if !answer.status().is_success() || !streams {
            return self.refuse(answer).await;
        }
        let (parts, mut body) = answer.into_parts();
        if let Some(fields) = parts.headers.get("x-ccproxy-dropped").and_then(|names| names.to_str().ok()) {
            let fields = serde_json::to_string(fields).unwrap_or_default();
            self.send(format!(r#"{{"type":"ccproxy.dropped","fields":{fields}}}"#)).await?;
        }
        let (mut events, mut said) = (Events::default(), None);
        while let Some(frame) = self.watched(body.frame()).await? {
            let Ok(frame) = frame else { return Err(End::Close(CloseCode::Error, "the answer broke off")) };
            let mut told: Vec<(String, String)> = Vec::new();
            if let Some(data) = frame.data_ref() {
                events.push(data, |name, data| told.push((name.to_owned(), data.to_owned())));
            }
            for (name, data) in told {
                if kind(&name, &data)
                    .is_ok_and(|kind| matches!(&*kind, "response.completed" | "response.incomplete"))
                {
                    said = Said::read(&data);
                }
                self.send(data).await?;
            }
        }
        if let Some(said) = said {
            self.conversation.goes_on(items, said);
        }
        Ok(())
    }

    /// An answer that is no stream of events: an error.
    async fn refuse(&mut self, answer: Response<Body>) -> Result<(), End> {
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, ERROR_LIMIT).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        // An answer that is well and no stream is not what was asked for.
        let status = if parts.status.is_success() { 502 } else { parts.status.as_u16() };
        self.send(error_frame(status, &body, telling(&parts.headers))).await
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        self.socket.send(Message::text(text)).await.map_err(|_| End::Gone)
    }

    /// Waits for something while the socket is listened to: who goes is not answered any longer.
    async fn watched<T>(&mut self, something: impl Future<Output = T>) -> Result<T, End> {
        tokio::pin!(something);
        loop {
            let frame = tokio::select! {
                biased;
                done = &mut something => return Ok(done),
                frame = self.next_frame() => frame?,
            };
            if self.waiting.len() == WAITING {
                return Err(End::Close(CloseCode::Policy, "too many requests wait for an answer"));
            }
            self.waiting.push_back(frame);
        }
    }

    /// The next text; pings are answered on the way, and sent when it has been silent for long.
    async fn next_frame(&mut self) -> Result<Utf8Bytes, End> {
        loop {
            let message = tokio::select! {
                message = self.socket.next() => message,
                () = sleep_until(self.next_ping) => {
                    self.next_ping = Instant::now() + self.app.limits.sse_keep_alive;
                    self.socket.send(Message::Ping(bytes::Bytes::new())).await.map_err(|_| End::Gone)?;
                    continue;
                }
            };
            match message {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Binary(_))) => {
                    return Err(End::Close(CloseCode::Unsupported, "send requests as text"));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return Err(broken(&error)),
                Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
            }
        }
    }
}

/// What was asked for.
enum Prepared {
    /// Nothing that needs the provider: the events, what was asked, and what that is called.
    Ready(Vec<String>, Items, Said),
    /// The provider's answer to this body, which ends a conversation of these items and may go on from an earlier response.
    Ask(Vec<u8>, Items, Option<String>),
}

fn broken(error: &WsError) -> End {
    match error {
        WsError::Capacity(_) => End::Close(CloseCode::Size, "the request is too large"),
        WsError::Utf8(_) => End::Close(CloseCode::Invalid, "a text must be UTF-8"),
        WsError::Protocol(_) => End::Close(CloseCode::Protocol, "that is no WebSocket frame"),
        _ => End::Gone,
    }
}
