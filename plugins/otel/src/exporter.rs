//! The collector: what is sent to it, and what its answer means.

#[cfg(feature = "grpc")]
mod grpc;
mod http;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::http::HeaderMap;
use ccproxy_health::scrub;
use ccproxy_plugin_api::KeyError;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tokio::runtime::{Builder, Runtime};

use crate::config::{OtelConfig, Protocol};
use crate::headers::Headers;

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

/// What the collector says of a part that it has not taken: how much, and why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Refused {
    count: i64,
    why: String,
}

/// What can be exported.
pub(crate) trait Signal: Message + Clone + Default + 'static {
    /// Below the endpoint.
    const PATH: &'static str;
    /// The method of the service.
    #[cfg(feature = "grpc")]
    const METHOD: &'static str;
    /// What it is made of, in the plural.
    const NAME: &'static str;
    /// What the collector answers.
    type Answer: Message + Default + 'static;

    /// What an answer says of a part that was refused.
    fn refused(answer: Self::Answer) -> Refused;
}

impl Signal for ExportTraceServiceRequest {
    const PATH: &'static str = "v1/traces";
    #[cfg(feature = "grpc")]
    const METHOD: &'static str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const NAME: &'static str = "spans";
    type Answer = ExportTraceServiceResponse;

    fn refused(answer: ExportTraceServiceResponse) -> Refused {
        let partial = answer.partial_success.unwrap_or_default();
        Refused { count: partial.rejected_spans, why: partial.error_message }
    }
}

impl Signal for ExportMetricsServiceRequest {
    const PATH: &'static str = "v1/metrics";
    #[cfg(feature = "grpc")]
    const METHOD: &'static str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    const NAME: &'static str = "data points";
    type Answer = ExportMetricsServiceResponse;

    fn refused(answer: ExportMetricsServiceResponse) -> Refused {
        let partial = answer.partial_success.unwrap_or_default();
        Refused { count: partial.rejected_data_points, why: partial.error_message }
    }
}

/// How the collector is spoken to.
enum Transport {
    Http(Box<http::Http>),
    #[cfg(feature = "grpc")]
    Grpc(Box<grpc::Grpc>),
}

impl Transport {
    /// # Errors
    /// What is wrong with the endpoint.
    fn new(config: &OtelConfig) -> Result<Self, String> {
        // What is no URL for one is none for the other.
        let http = http::Http::new(config).map_err(|error| error.to_string())?;
        match config.protocol {
            Protocol::HttpProtobuf => Ok(Self::Http(Box::new(http))),
            #[cfg(feature = "grpc")]
            Protocol::Grpc => grpc::Grpc::new(config).map(Box::new).map(Self::Grpc),
        }
    }

    async fn start(&self) -> Result<(), String> {
        match self {
            Self::Http(http) => http.start().await,
            #[cfg(feature = "grpc")]
            Self::Grpc(grpc) => grpc.start(),
        }
    }

    async fn send<S: Signal>(&self, headers: HeaderMap, signal: &S) -> Result<Refused, Failure> {
        match self {
            Self::Http(http) => http.send(headers, signal).await,
            #[cfg(feature = "grpc")]
            Self::Grpc(grpc) => grpc.send(headers, signal).await,
        }
    }
}

/// The way to the collector.
pub(crate) struct Exporter {
    transport: Transport,
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
        let headers = Headers::new(std::mem::take(&mut config.headers));
        match (Transport::new(config), headers) {
            (Ok(transport), Ok(headers)) => Ok(Self { transport, headers, runtime: Mutex::default() }),
            (transport, headers) => {
                let transport = transport.err().map(|message| KeyError { key: "endpoint", message });
                let headers = headers.err().map(|message| KeyError { key: "headers", message });
                Err(transport.into_iter().chain(headers).collect())
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
        place.insert(runtime).block_on(self.transport.start())
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
        let refused = runtime.block_on(self.transport.send(headers, signal))?;
        if refused != Refused::default() {
            let why = words(&refused.why);
            tracing::warn!(rejected = refused.count, of = S::NAME, why, "the_collector_rejects_a_part");
        }
        Ok(())
    }
}

/// What the collector says, as it may be told.
fn words(said: &str) -> String {
    scrub(said).chars().take(WORDS).collect()
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let runtime = self.runtime.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // Whoever drops it may be a thread that must not wait.
        runtime.into_iter().for_each(Runtime::shutdown_background);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_refused_is_heard_of() {
        use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;
        let partial = ExportTracePartialSuccess { rejected_spans: 3, error_message: "too old".to_owned() };
        let answer = ExportTraceServiceResponse { partial_success: Some(partial) };
        let expect = Refused { count: 3, why: "too old".to_owned() };
        assert_eq!(ExportTraceServiceRequest::refused(answer), expect);
        let nothing = ExportMetricsServiceResponse::default();
        assert_eq!(ExportMetricsServiceRequest::refused(nothing), Refused::default());
    }
}
