//! OTLP over gRPC.

use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

use ccproxy_config::{ClientTls, PemFile};
use http::HeaderMap;
use http::uri::PathAndQuery;
use prost::Message as _;
use tonic::client::Grpc as Client;
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use super::{Failure, LONGEST_PAUSE, Refused, Signal, words};
use crate::config::OtelConfig;

/// The collector's gRPC server.
pub(crate) struct Grpc {
    endpoint: Endpoint,
    secure: bool,
    tls: ClientTls,
    timeout: Duration,
    /// Connects when it is used, and again when the connection is gone.
    channel: OnceLock<Channel>,
}

impl Grpc {
    /// # Errors
    /// What is wrong with the URL.
    pub(super) fn new(config: &OtelConfig) -> Result<Self, String> {
        let place = config.place().trim_end_matches('/').to_owned();
        let secure = place.starts_with("https:");
        let endpoint = Endpoint::from_shared(place).map_err(|error| format!("not a URL: {error}"))?;
        let endpoint = endpoint.connect_timeout(config.timeout).timeout(config.timeout);
        let (tls, timeout) = (config.tls.clone(), config.timeout);
        Ok(Self { endpoint, secure, tls, timeout, channel: OnceLock::new() })
    }

    /// Reads the files of `tls`. Needs a runtime, although it waits for nothing.
    pub(super) fn start(&self) -> Result<(), String> {
        let mut endpoint = self.endpoint.clone();
        if self.secure {
            let config = self.tls_config()?;
            endpoint = endpoint.tls_config(config).map_err(|error| format!("tls cannot be used: {error}"))?;
        }
        // A second start changes nothing.
        let _ = self.channel.set(endpoint.connect_lazy());
        Ok(())
    }

    fn tls_config(&self) -> Result<ClientTlsConfig, String> {
        let mut config = ClientTlsConfig::new().with_enabled_roots();
        if let Some(ca) = &self.tls.ca {
            config = config.ca_certificate(Certificate::from_pem(read("ca", ca)?));
        }
        if let Some(client) = &self.tls.client {
            let (cert, key) = (read("client.cert", &client.cert)?, read("client.key", &client.key)?);
            config = config.identity(Identity::from_pem(cert, key));
        }
        Ok(config)
    }

    pub(super) async fn send<S: Signal>(&self, headers: HeaderMap, signal: &S) -> Result<Refused, Failure> {
        let again = |message: String| Failure::Again(message, None);
        let channel = self.channel.get().ok_or_else(|| again("it has not been started".to_owned()))?;
        let mut request = Request::new(signal.clone());
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        let mut client = Client::new(channel.clone());
        let call = async {
            client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            let codec = ProstCodec::<S, S::Answer>::default();
            client.unary(request, PathAndQuery::from_static(S::METHOD), codec).await
        };
        match tokio::time::timeout(self.timeout, call).await {
            Ok(Ok(answer)) => Ok(S::refused(answer.into_inner())),
            Ok(Err(status)) => Err(verdict(&status, S::NAME)),
            Err(_) => Err(again(format!("the collector sent no answer within {:?}", self.timeout))),
        }
    }
}

fn read(key: &str, path: &PemFile) -> Result<Vec<u8>, String> {
    fs::read(&**path)
        .map_err(|error| format!("tls.{key}: {} cannot be read: {}", path.display(), error.kind()))
}

/// What a status means, by the specification of OTLP.
fn verdict(status: &Status, what: &str) -> Failure {
    let (code, said) = (status.code(), words(status.message()));
    let pause = asked_pause(status.details());
    let again = match code {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        // Only who says when is able to recover.
        Code::ResourceExhausted => pause.is_some(),
        _ => false,
    };
    if again {
        return Failure::Again(format!("the collector takes no {what} for now ({code:?}: {said})"), pause);
    }
    let mend = match code {
        Code::Unauthenticated | Code::PermissionDenied => "check plugins.otel.headers",
        Code::Unimplemented => "check plugins.otel.endpoint, or switch them off",
        _ => "check plugins.otel and the collector's log",
    };
    Failure::Lost(format!("the collector refuses {what} ({code:?}: {said}); {mend}"))
}

/// `google.rpc.Status`, as far as it is read.
#[derive(prost::Message)]
struct Details {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`
#[derive(prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`
#[derive(prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

/// `google.protobuf.Duration`, as far as it is read.
#[derive(prost::Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// How long the collector wants to be left alone, if it says so.
fn asked_pause(details: &[u8]) -> Option<Duration> {
    let details = Details::decode(details).ok()?.details;
    let info = details.iter().find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(&*info.value).ok()?.delay.unwrap_or_default();
    let (seconds, nanos) = (u64::try_from(delay.seconds).ok()?, u32::try_from(delay.nanos).ok()?);
    Some(Duration::new(seconds, 0).saturating_add(Duration::from_nanos(nanos.into())).min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests;
