//! OTLP as protobuf over HTTP.

use std::time::Duration;

use bytes::Bytes;
use ccproxy_config::{Http2, Timeouts};
use ccproxy_plugin_api::{Answer, Call, CallError, CallErrorKind};
use ccproxy_upstream::endpoint::BaseUrlError;
use ccproxy_upstream::{Endpoint, Network};
use ccproxy_wire::Operation;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt as _, Limited};
use prost::Message as _;

use super::{Failure, LONGEST_PAUSE, Refused, Signal};
use crate::config::OtelConfig;

/// As much of an answer as is read.
const ANSWER_LIMIT: usize = 64 * 1024;

/// The collector's HTTP server.
pub(crate) struct Http(Endpoint);

impl Http {
    /// # Errors
    /// What is wrong with the URL.
    pub(super) fn new(config: &OtelConfig) -> Result<Self, BaseUrlError> {
        let wait = config.timeout;
        let timeouts = Timeouts { connect: wait, headers: wait, idle: wait, total: wait };
        let network = Network { timeouts, tls: config.tls.clone(), http2: Http2::Off, ..Network::default() };
        Endpoint::new(config.place(), "", network).map(Self)
    }

    /// Reads the files of `tls`.
    pub(super) async fn start(&self) -> Result<(), String> {
        self.0.start().await.map_err(|error| error.0)
    }

    pub(super) async fn send<S: Signal>(
        &self,
        mut headers: HeaderMap,
        signal: &S,
    ) -> Result<Refused, Failure> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let call = Call {
            // The endpoint sends whatever it is given; this is for those who look at providers' calls.
            operation: Operation::Responses,
            method: Method::POST,
            target: S::PATH.to_owned(),
            headers,
            body: signal.encode_to_vec().into(),
            model: String::new(),
            stream: false,
        };
        let answer = self.0.send(call, None).await.map_err(|error| unanswered(&error))?;
        verdict(answer.status().as_u16(), answer.headers(), S::NAME)?;
        Ok(S::Answer::decode(&*body_of(answer).await).map(S::refused).unwrap_or_default())
    }
}

/// The body of an answer; empty where it is too long or breaks off, as what was sent is taken all the same.
async fn body_of(answer: Answer) -> Bytes {
    let body = Limited::new(answer.into_body(), ANSWER_LIMIT).collect().await;
    body.map(http_body_util::Collected::to_bytes).unwrap_or_default()
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
    let said = error
        .message()
        .replace("the provider", "the collector")
        .replace("the instance's tls", "plugins.otel.tls");
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
}
