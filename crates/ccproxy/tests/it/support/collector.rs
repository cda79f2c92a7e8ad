//! An OpenTelemetry collector that does as it is told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::eventually;

/// What it answers, once.
#[derive(Clone)]
pub(crate) enum Reply {
    Status(u16),
    /// 503, with a pause in seconds.
    Later(u32),
    /// All is well but for so many spans.
    Partly(i64),
    /// Nothing, for so long.
    Silence(Duration),
}

/// A request it got.
#[derive(Clone)]
pub(crate) struct Got {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) status: u16,
}

#[derive(Default)]
struct State {
    got: Vec<Got>,
    replies: VecDeque<Reply>,
}

/// It listens on a port of its own until it is dropped.
pub(crate) struct Collector {
    url: String,
    state: Arc<Mutex<State>>,
    _serving: JoinSet<()>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let (mut serving, given) = (JoinSet::new(), Arc::clone(&state));
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (io, _) = listener.accept().await.unwrap();
                let state = Arc::clone(&given);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                let connection =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service);
                connections.spawn(async move { drop(connection.await) });
            }
        });
        Self { url, state, _serving: serving }
    }

    /// `[plugins.otel]` for it, with more keys.
    pub(crate) fn toml(&self, keys: &str) -> String {
        format!("[plugins.otel]\nenabled = true\nendpoint = '{}'\n{keys}\n", self.url)
    }

    /// What it answers to the next requests for spans.
    pub(crate) fn script(&self, replies: &[Reply]) {
        self.state.lock().unwrap().replies.extend(replies.iter().cloned());
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.state.lock().unwrap().got.clone()
    }

    /// The spans that it has taken.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let taken = self.got().into_iter().filter(|got| got.path == "/v1/traces" && got.status == 200);
        let requests = taken.map(|got| ExportTraceServiceRequest::decode(got.body).unwrap());
        let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|spans| spans.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }

    /// The spans, once there are so many.
    pub(crate) async fn wait_spans(&self, count: usize) -> Vec<Span> {
        eventually("the spans are there", || self.spans().len() >= count).await;
        let spans = self.spans();
        assert_eq!(spans.len(), count, "{spans:#?}");
        spans
    }

    /// The metrics as they were told last.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let last = self.got().into_iter().rfind(|got| got.path == "/v1/metrics");
        let request = last.map(|got| ExportMetricsServiceRequest::decode(got.body).unwrap());
        let told = request.into_iter().flat_map(|request| request.resource_metrics);
        told.flat_map(|told| told.scope_metrics).flat_map(|scope| scope.metrics).collect()
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = parts.uri.path().to_owned();
    let reply = (path == "/v1/traces").then(|| state.lock().unwrap().replies.pop_front()).flatten();
    let (status, after, said) = match &reply {
        None => (200, None, Vec::new()),
        Some(Reply::Status(status)) => (*status, None, Vec::new()),
        Some(Reply::Later(seconds)) => (503, Some(*seconds), Vec::new()),
        Some(Reply::Partly(count)) => {
            let error_message = "a span is too old".to_owned();
            let partial = ExportTracePartialSuccess { rejected_spans: *count, error_message };
            (200, None, ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec())
        }
        Some(Reply::Silence(_)) => (0, None, Vec::new()),
    };
    let got = Got { at: Instant::now(), path, headers: parts.headers, body, status };
    state.lock().unwrap().got.push(got);
    if let Some(Reply::Silence(time)) = reply {
        tokio::time::sleep(time).await;
    }
    let mut response = http::Response::builder().status(status.max(200));
    response = response.header("content-type", "application/x-protobuf");
    if let Some(after) = after {
        response = response.header("retry-after", after);
    }
    Ok(response.body(Full::new(said.into())).unwrap())
}

/// An attribute in words.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    Some(match found.value.clone()?.value? {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        Value::BoolValue(truth) => truth.to_string(),
        other => panic!("{name}: {other:?}"),
    })
}

/// An id in hexadecimal.
pub(crate) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
