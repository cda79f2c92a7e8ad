//! The body of every answer that leaves this program.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::listen::clock::Busy;
use crate::pipeline::relay::{Delivery, Relay};
use crate::visit::Watching;

/// A body, and the note that its connection is busy for as long as the body is there.
pub(crate) struct Body {
    content: Content,
    _busy: Option<Busy>,
    /// Where somebody wants to hear of every request.
    watching: Option<Box<Watching>>,
}

/// Whole, relayed from a provider, or made by a page of ours.
enum Content {
    Full(Option<Bytes>),
    Relay(Delivery),
    Page(axum::body::Body),
    Health(ccproxy_health_server::Body),
}

impl Body {
    /// All of it, where it is there already.
    pub(crate) fn whole(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Full(bytes) => bytes.as_ref(),
            Content::Relay(_) | Content::Page(_) | Content::Health(_) => None,
        }
    }

    pub(crate) fn empty() -> Self {
        Content::Full(None).into()
    }

    /// Keeps the connection busy until the body is gone.
    pub(crate) fn hold(mut self, busy: Busy) -> Self {
        self._busy = Some(busy);
        self
    }

    /// Has what goes out counted, and its end noticed.
    pub(crate) fn watched(mut self, watching: Box<Watching>) -> Self {
        self.watching = Some(watching);
        self
    }
}

impl From<Content> for Body {
    fn from(content: Content) -> Self {
        Self { content, _busy: None, watching: None }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Content::Full(Some(bytes).filter(|bytes| !bytes.is_empty())).into()
    }
}

impl From<Relay> for Body {
    fn from(relay: Relay) -> Self {
        Content::Relay(relay.into()).into()
    }
}

impl From<ccproxy_health_server::Body> for Body {
    fn from(page: ccproxy_health_server::Body) -> Self {
        Content::Health(page).into()
    }
}

impl From<axum::body::Body> for Body {
    fn from(page: axum::body::Body) -> Self {
        Content::Page(page).into()
    }
}

/// The answer cannot be completed; the connection is closed so that it does not look complete.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = match &mut this.content {
            Content::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Content::Relay(delivery) => match delivery.relay_mut() {
                Some(relay) => relay.poll_frame(context).map_err(Into::into),
                None => Poll::Ready(None),
            },
            Content::Page(page) => Pin::new(page).poll_frame(context).map_err(Into::into),
            Content::Health(page) => Pin::new(page).poll_frame(context).map_err(|never| match never {}),
        };
        if let (Some(watching), Poll::Ready(Some(Ok(frame)))) = (&mut this.watching, &polled) {
            watching.sends(frame.data_ref().map_or(0, Bytes::len));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Full(bytes) => bytes.is_none(),
            Content::Relay(delivery) => delivery.relay().is_none_or(Relay::is_end_stream),
            Content::Page(page) => page.is_end_stream(),
            Content::Health(page) => page.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Content::Relay(delivery) => delivery.relay().map_or_else(SizeHint::default, Relay::size_hint),
            Content::Page(page) => page.size_hint(),
            Content::Health(page) => page.size_hint(),
        }
    }
}
