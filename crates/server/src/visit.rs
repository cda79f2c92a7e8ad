//! A request as HTTP sees it, for those who log all of them.

use std::net::IpAddr;
use std::sync::Arc;

use ccproxy_record::Visit;
use http::header::USER_AGENT;
use http::{HeaderMap, Request, Response};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::body::Body;
use crate::recorder::{Recorder, cut};
use crate::request_id::X_REQUEST_ID;

/// Longer names of programs, and longer paths, are cut.
const MAX_TEXT: usize = 256;
const MAX_PATH: usize = 1024;

/// The name of the key that a request showed, on its answer.
#[derive(Clone)]
pub(crate) struct KeyName(pub(crate) Box<str>);

/// A visit under way; it is told of when its answer's body is gone.
pub(crate) struct Watching {
    recorder: Arc<Recorder>,
    begun: Instant,
    visit: Visit,
}

impl Watching {
    /// Watches a request, if anybody wants to hear of those like it.
    pub(crate) fn begin<B>(
        recorder: &Arc<Recorder>,
        client: Option<IpAddr>,
        request: &Request<B>,
        probe: bool,
    ) -> Option<Box<Self>> {
        let wants = recorder.wants();
        if !(if probe { wants.probes } else { wants.visits }) {
            return None;
        }
        let visit = Visit {
            id: None,
            began: Timestamp::now(),
            client,
            key: None,
            method: cut(request.method().as_str(), MAX_TEXT).to_owned(),
            path: cut(request.uri().path(), MAX_PATH).to_owned(),
            version: format!("{:?}", request.version()),
            user_agent: text(request.headers(), &USER_AGENT),
            status: 0,
            bytes: 0,
            duration: std::time::Duration::ZERO.into(),
            probe,
        };
        Some(Box::new(Self { recorder: Arc::clone(recorder), begun: Instant::now(), visit }))
    }

    /// The answer has begun.
    pub(crate) fn answered(mut self: Box<Self>, response: Response<Body>) -> Response<Body> {
        self.visit.status = response.status().as_u16();
        self.visit.id = text(response.headers(), &X_REQUEST_ID);
        self.visit.key = response.extensions().get::<KeyName>().map(|name| name.0.to_string());
        response.map(|body| body.watched(self))
    }

    /// So many bytes of it go out.
    pub(crate) fn sends(&mut self, bytes: usize) {
        self.visit.bytes += bytes as u64;
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let visit = Visit { duration: self.begun.elapsed().into(), ..self.visit.clone() };
        self.recorder.visit(visit);
    }
}

fn text(headers: &HeaderMap, name: &http::HeaderName) -> Option<String> {
    headers.get(name).map(|value| cut(&String::from_utf8_lossy(value.as_bytes()), MAX_TEXT).to_owned())
}
