//! The collector: what is sent to it, and what its answer means.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ccproxy_config::{Http2, Timeouts};
use ccproxy_health::scrub;
use ccproxy_plugin_api::{Answer, Call, CallError, CallErrorKind, KeyError};
use ccproxy_upstream::{Endpoint, Network};
use ccproxy_wire::Operation;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt as _, Limited};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tokio::runtime::{Builder, Runtime};

use crate::config::OtelConfig;
use crate::headers::Headers;

/// As much of an answer as is read.
const ANSWER_LIMIT: usize = 64 * 1024;
/// As much of the collector's own words as is logged.
const WORDS: usize = 300;
/// A collector may ask for no longer pause than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Why the collector has not taken what it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The same may be sent again, not before the pause that the collector asks for.
    Again(String, Option<Duration>),
    /// It will never be taken.
    Lost(String),
}

/// What an answer with status 200 says of a part that was refused: how much, and why.
#[derive(Debug, Default, PartialEq, Eq)]
struct Refused {
    count: i64,
    why: String,
}

/// What can be exported.
pub(crate) trait Signal: Message + Sized {
    /// Below the endpoint.
    const PATH: &'static str;
    /// What it is made of, in the plural.
    const NAME: &'static str;

    /// What an answer says of a part that was refused: how much, and why.
    fn refused(answer: &[u8]) -> Option<(i64, String)>;
}

impl Signal for ExportTraceServiceRequest {
    const PATH: &'static str = "v1/traces";
    const NAME: &'static str = "spans";

    fn refused(answer: &[u8]) -> Option<(i64, String)> {
        let partial = ExportTraceServiceResponse::decode(answer).ok()?.partial_success?;
        Some((partial.rejected_spans, partial.error_message))
    }
}

impl Signal for ExportMetricsServiceRequest {
    const PATH: &'static str = "v1/metrics";
    const NAME: &'static str = "data points";

    fn refused(answer: &[u8]) -> Option<(i64, String)> {
        let partial = ExportMetricsServiceResponse::decode(answer).ok()?.partial_success?;
        Some((partial.rejected_data_points, partial.error_message))
    }
}

/// The way to the collector.
pub(crate) struct Exporter {
    endpoint: Endpoint,
    headers: Headers,
    /// Driven by the thread of the hook, which may wait.
    runtime: Mutex<Option<Runtime>>,
}

impl Exporter {
    /// Does no I/O.
    ///
    /// # Errors
    /// A message a key.
    pub(crate) fn new(config: &mut OtelConfig) -> Result<Self, Vec<KeyError>> {
        let wait = config.timeout;
        let timeouts = Timeouts { connect: wait, headers: wait, idle: wait, total: wait };
        let tls = std::mem::take(&mut config.tls);
        let network = Network { timeouts, tls, http2: Http2::Off, ..Network::default() };
        let headers = Headers::new(std::mem::take(&mut config.headers));
        let endpoint = Endpoint::new(&config.endpoint, "", network);
        match (endpoint, headers) {
            (Ok(endpoint), Ok(headers)) => Ok(Self { endpoint, headers, runtime: Mutex::default() }),
            (endpoint, headers) => {
                let wrong = |key, message| KeyError { key, message };
                let endpoint = endpoint.err().map(|error| wrong("endpoint", error.to_string()));
                let headers = headers.err().map(|message| wrong("headers", message));
                Err(endpoint.into_iter().chain(headers).collect())
            }
        }
    }

    /// Gets ready, and reads the files of `tls`.
    ///
    /// # Errors
    /// What has to be mended.
    pub(crate) fn start(&self) -> Result<(), String> {
        let mut place = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = match place.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| format!("no runtime can be made: {error}; raise the limit of open files"))?,
        };
        let runtime = place.insert(runtime);
        runtime.block_on(self.endpoint.start()).map_err(|error| error.0)
    }

    /// Sends something and waits for the answer.
    ///
    /// # Errors
    /// [`Failure`] says whether to send it again.
    pub(crate) fn export<S: Signal>(&self, signal: &S) -> Result<(), Failure> {
        let again = |message: String| Failure::Again(message, None);
        let headers = self.headers.read().map_err(|why| again(format!("plugins.otel.headers: {why}")))?;
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = runtime.as_ref().ok_or_else(|| again("it has not been started".to_owned()))?;
        let refused = runtime.block_on(self.send::<S>(headers, signal.encode_to_vec()))?;
        if refused != Refused::default() {
            let Refused { count, why } = refused;
            tracing::warn!(rejected = count, of = S::NAME, why, "the_collector_rejects_a_part");
        }
        Ok(())
    }

    async fn send<S: Signal>(&self, mut headers: HeaderMap, body: Vec<u8>) -> Result<Refused, Failure> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let call = Call {
            // The endpoint sends whatever it is given; this is for those who look at providers' calls.
            operation: Operation::Responses,
            method: Method::POST,
            target: S::PATH.to_owned(),
            headers,
            body: body.into(),
            model: String::new(),
            stream: false,
        };
        let answer = self.endpoint.send(call, None).await.map_err(|error| unanswered(&error))?;
        verdict(answer.status().as_u16(), answer.headers(), S::NAME)?;
        let (count, why) = S::refused(&body_of(answer).await?).unwrap_or_default();
        Ok(Refused { count, why: scrub(&why).chars().take(WORDS).collect() })
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let runtime = self.runtime.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // Whoever drops it may be a thread that must not wait.
        runtime.into_iter().for_each(Runtime::shutdown_background);
    }
}

async fn body_of(answer: Answer) -> Result<Vec<u8>, Failure> {
    match Limited::new(answer.into_body(), ANSWER_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        // What was sent is taken; only what the collector says of it is too long, or broke off.
        Err(_) => Ok(Vec::new()),
    }
}

/// What a status means, by the specification of OTLP.
fn verdict(status: u16, headers: &HeaderMap, what: &str) -> Result<(), Failure> {
    match status {
        200..300 => Ok(()),
        429 | 502 | 503 | 504 => {
            let pause = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let pause = pause.map(|seconds| Duration::from_secs(seconds).min(LONGEST_PAUSE));
            Err(Failure::Again(format!("the collector takes no {what} for now (HTTP {status})"), pause))
        }
        404 => Err(Failure::Lost(format!(
            "the collector has no place for {what} (HTTP 404); check plugins.otel.endpoint, or switch them off"
        ))),
        _ => Err(Failure::Lost(format!(
            "the collector refuses {what} (HTTP {status}); check plugins.otel and the collector's log"
        ))),
    }
}

fn unanswered(error: &CallError) -> Failure {
    // The client is made for providers, and says so.
    let said = error.message().replace("the provider", "the collector");
    match error.kind() {
        CallErrorKind::Refused => {
            Failure::Lost("the collector refuses us (HTTP 401 or 403); check plugins.otel.headers".to_owned())
        }
        CallErrorKind::NotHttp => Failure::Again(
            "the collector does not answer by HTTP; check plugins.otel.endpoint".to_owned(),
            None,
        ),
        CallErrorKind::Unsupported => Failure::Lost(said),
        _ => Failure::Again(said, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_status_means() {
        let check = |status: u16, after: &str, expect: &str| {
            let headers = [(RETRY_AFTER, HeaderValue::from_str(after).unwrap())].into_iter().collect();
            let got = match verdict(status, &headers, "spans") {
                Ok(()) => "taken".to_owned(),
                Err(Failure::Again(_, pause)) => format!("again {}", pause.unwrap_or_default().as_secs()),
                Err(Failure::Lost(_)) => "lost".to_owned(),
            };
            assert_eq!(got, expect, "{status} {after}");
        };
        check(200, "", "taken");
        check(429, "7", "again 7");
        check(503, "", "again 0");
        check(502, "Thu, 01 Jan 2026 00:00:00 GMT", "again 0");
        check(504, "99999999", "again 300");
        for status in [301, 400, 404, 413, 415, 500, 501] {
            check(status, "7", "lost");
        }
    }

    #[test]
    fn a_part_that_is_refused_is_heard_of() {
        use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;
        let partial = ExportTracePartialSuccess { rejected_spans: 3, error_message: "too old".to_owned() };
        let answer = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
        assert_eq!(ExportTraceServiceRequest::refused(&answer), Some((3, "too old".to_owned())));
        assert_eq!(ExportMetricsServiceRequest::refused(&answer), Some((3, "too old".to_owned())));
        assert_eq!(ExportTraceServiceRequest::refused(b""), None);
        assert_eq!(ExportTraceServiceRequest::refused(b"{}"), None);
    }
}
