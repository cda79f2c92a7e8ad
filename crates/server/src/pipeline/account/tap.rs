//! An answer's body, shown to whoever follows the messages as it goes by.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use ccproxy_plugin_api::{Answer, AnswerBody, CallError, Messages};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;

struct Tap {
    inner: AnswerBody,
    attempt: u8,
    messages: Arc<dyn Messages>,
}

/// The same answer, whose body is told of as it is read.
pub(super) fn told(answer: Answer, attempt: u8, messages: &Arc<dyn Messages>) -> Answer {
    answer.map(|inner| Tap { inner, attempt, messages: Arc::clone(messages) }.boxed_unsync())
}

impl Body for Tap {
    type Data = Bytes;
    type Error = CallError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CallError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.messages.answer_body(self.attempt, data);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
