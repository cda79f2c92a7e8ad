//! Making connections: DNS, TCP without Nagle's delay, a proxy, TLS, all of it within one time limit.

mod hop;
mod tls;

use std::future::ready;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ccproxy_config::{ClientTls, Http2, Proxies, ProxyUrl, Timeouts};
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt as _};

use crate::resolve::Resolver;
use hop::Hop;
use tls::Configs;
pub(crate) use tls::{NoRoots, Unfit};

/// A connection, plain or TLS.
type Stream = MaybeHttpsStream<Hop>;
/// Makes connections, for calls and for checks alike.
pub(crate) type Connector = BoxCloneSyncService<Uri, Stream, BoxError>;
type Http = HttpConnector<Resolver>;
/// Connects to a proxy.
type ToProxy = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;
/// Why a proxy does not let us through.
pub(crate) type TunnelError = <Tunnel<Http> as Service<Uri>>::Error;

/// The connection was not made in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {0:?}")]
pub(crate) struct ConnectTimedOut(pub(crate) Duration);

/// How a provider is reached and spoken to.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// How long each phase may take.
    pub timeouts: Timeouts,
    /// Whom to trust, and what to show.
    pub tls: ClientTls,
    /// Whether HTTP/2 is spoken.
    pub http2: Http2,
    /// Through what to reach it.
    pub proxies: Arc<Proxies>,
}

/// The way to one provider.
pub(crate) struct Way {
    http: Http,
    /// The proxy that stands between.
    proxy: Option<Intercept>,
    files: ClientTls,
    http2: Http2,
    /// Read when TLS is needed: reading the system's root certificates blocks for some milliseconds.
    tls: OnceCell<Configs>,
    timeout: Duration,
}

impl Way {
    /// The way to a URL. Nothing is done yet.
    pub(crate) fn new(to: &Uri, network: Network) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver::default());
        http.set_nodelay(true);
        http.enforce_http(false);
        let Network { timeouts, tls: files, http2, proxies } = network;
        let proxy = intercept(&proxies, to);
        Self { http, proxy, files, http2, tls: OnceCell::new(), timeout: timeouts.connect }
    }

    /// What makes connections on this way.
    pub(crate) fn connector(self: &Arc<Self>) -> Connector {
        let way = Arc::clone(self);
        let connector = tower::service_fn(move |uri: Uri| {
            let way = Arc::clone(&way);
            async move {
                let made = tokio::time::timeout(way.timeout, way.connect(uri)).await;
                made.map_err(|_| BoxError::from(ConnectTimedOut(way.timeout)))?
            }
        });
        BoxCloneSyncService::new(connector)
    }

    /// What a proxy is to be shown with each request to `to`, which it reads.
    pub(crate) fn proxy_authorization(&self, to: &Uri) -> Option<HeaderValue> {
        let proxy = self.proxy.as_ref().filter(|_| !is_https(to))?;
        let mut value = proxy.basic_auth()?.clone();
        value.set_sensitive(true);
        Some(value)
    }

    /// Reads the files of `tls`, if there are any.
    pub(crate) async fn read_files(&self) -> Result<(), BoxError> {
        if self.files != ClientTls::default() {
            self.configs().await?;
        }
        Ok(())
    }

    async fn connect(&self, uri: Uri) -> Result<Stream, BoxError> {
        if !is_https(&uri) {
            return Ok(MaybeHttpsStream::Http(self.hop(uri).await?));
        }
        let config = Arc::clone(&self.configs().await?.provider);
        let mut hop = Some(self.hop(uri.clone()).await?);
        let hop =
            tower::service_fn(move |_| ready(hop.take().ok_or_else(|| io::Error::other("asked twice"))));
        HttpsConnector::from((hop, config)).call(uri).await
    }

    /// A connection to the provider, or to the proxy in front of it: one that leads through it where TLS is to follow.
    async fn hop(&self, to: Uri) -> Result<Hop, BoxError> {
        let mut http = self.http.clone();
        let Some(proxy) = &self.proxy else {
            return Ok(Hop { io: MaybeHttpsStream::Http(http.call(to).await?), proxied: false });
        };
        let place = proxy.uri().clone();
        let connecting = if is_https(&place) {
            ToProxy::new(HttpsConnector::from((http, Arc::clone(&self.configs().await?.proxy))))
        } else {
            ToProxy::new(
                http.map_response(MaybeHttpsStream::Http).map_err(|error| -> BoxError { Box::new(error) }),
            )
        };
        if !is_https(&to) {
            return Ok(Hop { io: connecting.oneshot(place).await?, proxied: true });
        }
        let tunnel = tunnel(place, connecting, proxy.basic_auth()).call(to);
        Ok(Hop { io: tunnel.await?, proxied: false })
    }

    async fn configs(&self) -> Result<&Configs, BoxError> {
        let load = || async {
            let (files, http2) = (self.files.clone(), self.http2);
            let loading = tokio::task::spawn_blocking(move || Configs::load(&files, http2));
            loading.await.map_err(io::Error::other)?
        };
        self.tls.get_or_try_init(load).await
    }
}

fn tunnel(proxy: Uri, connecting: ToProxy, authorization: Option<&HeaderValue>) -> Tunnel<ToProxy> {
    let tunnel = Tunnel::new(proxy, connecting);
    match authorization {
        Some(authorization) => tunnel.with_auth(authorization.clone()),
        None => tunnel,
    }
}

fn is_https(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTPS)
}

/// The proxy between us and a URL.
fn intercept(proxies: &Proxies, to: &Uri) -> Option<Intercept> {
    let url = |proxy: &Option<ProxyUrl>| {
        proxy.as_ref().map(|proxy| proxy.expose().expose_secret().to_owned()).unwrap_or_default()
    };
    // The matcher takes it for any name, but for no address.
    if proxies.except.split(',').any(|host| host.trim() == "*") {
        return None;
    }
    let matcher = Matcher::builder().http(url(&proxies.http)).https(url(&proxies.https));
    matcher.no(proxies.except.as_str()).build().intercept(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_and_exceptions() {
        let check = |to: &'static str, except: &str, expect: Option<&str>| {
            let http = ProxyUrl::try_from("http://plain:1".to_owned()).ok();
            let https = ProxyUrl::try_from("https://secret:2".to_owned()).ok();
            let found = intercept(&Proxies { http, https, except: except.to_owned() }, &Uri::from_static(to));
            assert_eq!(found.map(|proxy| proxy.uri().to_string()).as_deref(), expect, "{to} except {except}");
        };
        check("http://a.test", "", Some("http://plain:1/"));
        check("https://a.test:8443/v1", "", Some("https://secret:2/"));
        check("https://a.test", "a.test", None);
        check("https://b.a.test", ".a.test", None);
        check("https://ba.test", "a.test", Some("https://secret:2/"));
        check("http://10.1.2.3", "10.0.0.0/8", None);
        check("http://[::1]:1", "::1", None);
        check("http://127.0.0.1:1", "", Some("http://plain:1/"));
        check("http://127.0.0.1:1", "*", None);
    }

    /// A proxy that is not understood would be left out, and requests would go where they must not.
    #[test]
    fn every_url_of_a_proxy_is_understood() {
        for byte in 0..=127_u8 {
            let letter = char::from(byte);
            for url in
                [format!("http://me:a{letter}b@p:1"), format!("http://p{letter}q:1"), format!("p:1{letter}")]
            {
                let Ok(proxy) = ProxyUrl::try_from(url.clone()) else { continue };
                let proxies = Proxies { https: Some(proxy), ..Proxies::default() };
                let found = intercept(&proxies, &Uri::from_static("https://a.test"));
                assert!(
                    found.is_some_and(|proxy| proxy.basic_auth().is_some() == url.contains('@')),
                    "{url}"
                );
            }
        }
    }
}
