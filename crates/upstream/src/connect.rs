//! Making connections: DNS, TCP without Nagle's delay, TLS, all of it within one time limit.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service};

use crate::resolve::Resolver;

/// A connection, plain or TLS.
type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
/// Makes connections, for calls and for checks alike.
pub(crate) type Connector = BoxCloneSyncService<Uri, Stream, BoxError>;
type Http = HttpConnector<Resolver>;

/// An HTTP client with its own pool of connections.
pub(crate) type HttpClient = Client<Connector, Full<Bytes>>;

/// More idle connections than this to one provider are closed.
const MAX_IDLE: usize = 256;
/// Providers and load balancers close idle connections after a minute or more; we do it first.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// The connection was not made in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {0:?}")]
pub(crate) struct ConnectTimedOut(pub(crate) Duration);

/// There is nothing to check a provider's certificate against.
#[derive(Debug, thiserror::Error)]
#[error("this machine has no root certificates; install ca-certificates")]
pub(crate) struct NoRoots;

/// Makes a client. HTTP/1.1 only: over one HTTP/2 connection long streams would queue in silence behind the
/// provider's limit of streams.
pub(crate) fn client(connector: Connector) -> HttpClient {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE)
        .build(connector)
}

/// Makes what makes connections: nothing is done yet.
pub(crate) fn connector(connect_timeout: Duration) -> Connector {
    let mut http = HttpConnector::new_with_resolver(Resolver::default());
    http.set_nodelay(true);
    http.enforce_http(false);
    let tls = Arc::new(OnceCell::new());
    let connector = tower::service_fn(move |uri: Uri| {
        let (http, tls) = (http.clone(), Arc::clone(&tls));
        async move {
            let made = tokio::time::timeout(connect_timeout, connect(uri, http, &tls)).await;
            made.map_err(|_| BoxError::from(ConnectTimedOut(connect_timeout)))?
        }
    });
    BoxCloneSyncService::new(connector)
}

async fn connect(uri: Uri, mut http: Http, tls: &OnceCell<HttpsConnector<Http>>) -> Result<Stream, BoxError> {
    if uri.scheme() != Some(&http::uri::Scheme::HTTPS) {
        return Ok(MaybeHttpsStream::Http(http.call(uri).await?));
    }
    let connector = tls.get_or_try_init(|| tls_connector(http)).await?;
    connector.clone().call(uri).await
}

/// Reading the system's root certificates blocks for some milliseconds, so it waits until TLS is needed.
async fn tls_connector(http: Http) -> Result<HttpsConnector<Http>, BoxError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = tokio::task::spawn_blocking(move || -> Result<ClientConfig, BoxError> {
        use rustls_platform_verifier::BuilderVerifierExt as _;
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = builder.with_platform_verifier().map_err(|error| match error {
            // Nobody has been connected to yet, and the verifier has no other general complaint.
            rustls::Error::General(_) => BoxError::from(NoRoots),
            error => error.into(),
        })?;
        Ok(builder.with_no_client_auth())
    })
    .await
    .map_err(io::Error::other)??;
    Ok(HttpsConnector::from((http, config)))
}
