//! A provider's API on the network.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ccproxy_config::{Http2, Timeouts};
use ccproxy_health::{Check, scrub};
use ccproxy_plugin_api::{Answer, Call, CallError, CallErrorKind, StartError};
use http::header::PROXY_AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use thread_local::ThreadLocal;
use tokio::time::Instant;

use crate::body::TimedBody;
use crate::connect::{Connector, Network, Way};
use crate::credentials::Shown;
use crate::error::of_files;
use crate::error::of_request;
use crate::headers::{strip_hop_by_hop, strip_our_own};
use crate::pool::Pool;
use crate::reach::Probe;

/// As much of a refusal as is read for its message.
const REFUSAL_LIMIT: usize = 16 * 1024;
/// As much of a refusal's message as is passed on.
const REFUSAL_MESSAGE: usize = 300;
/// Whoever refuses us has this long to say why.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// Where a provider's `/v1/` is, and how long it may take.
pub struct Endpoint {
    /// What a call's target is put behind: `https://api.anthropic.com/v1/`.
    prefix: String,
    timeouts: Timeouts,
    /// A pool for each thread that serves: a connection and the request that uses it wake each other without leaving it.
    pools: ThreadLocal<Pool>,
    http2: Http2,
    way: Arc<Way>,
    connector: Connector,
    /// For a proxy that reads our requests.
    proxy_authorization: Option<HeaderValue>,
}

/// A base URL that nothing can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It is no URL.
    #[error("not a URL: {0}; give one such as https://api.example.com")]
    NotUrl(String),
    /// Its scheme is neither http nor https.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// It holds a user name or password.
    #[error("must hold no user name or password; use credentials")]
    UserInfo,
    /// It has a query or a fragment.
    #[error("must have no query and no fragment")]
    Query,
}

impl Endpoint {
    /// An endpoint at `base_url` followed by `version`, which is `/v1` where the base URL does not end in it.
    ///
    /// # Errors
    /// [`BaseUrlError`] says what is wrong with the base URL.
    pub fn new(base_url: &str, version: &str, network: Network) -> Result<Self, BaseUrlError> {
        let uri: Uri = base_url
            .parse()
            .map_err(|error: http::uri::InvalidUri| BaseUrlError::NotUrl(error.to_string()))?;
        let authority = uri.authority().ok_or(BaseUrlError::Scheme)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(BaseUrlError::Scheme);
        }
        if authority.as_str().contains('@') {
            return Err(BaseUrlError::UserInfo);
        }
        if uri.query().is_some() || base_url.contains('#') {
            return Err(BaseUrlError::Query);
        }
        let prefix = format!("{}{version}/", base_url.trim_end_matches('/'));
        let (timeouts, http2) = (network.timeouts.clone(), network.http2);
        let way = Arc::new(Way::new(&uri, network));
        let (connector, proxy_authorization) = (way.connector(), way.proxy_authorization(&uri));
        Ok(Self { prefix, timeouts, pools: ThreadLocal::new(), http2, way, connector, proxy_authorization })
    }

    /// Reads the files that the network's `tls` names, if any: a mistake there is told at once, and not by the first call.
    ///
    /// # Errors
    /// [`StartError`] says which file is of no use.
    pub async fn start(&self) -> Result<(), StartError> {
        self.way.read_files().await.map_err(|error| StartError(of_files(&*error)))
    }

    /// Sends a call whose headers the provider has completed, with the credential if there is one, which hears what is
    /// answered; and gives the answer as it comes.
    ///
    /// # Errors
    /// [`CallError`] where there is no answer to pass on, which is also where the provider refuses our credential.
    pub async fn send(&self, mut call: Call, shown: Option<Shown<'_>>) -> Result<Answer, CallError> {
        let deadline = Instant::now() + self.timeouts.total;
        if let Some(shown) = &shown {
            shown.put(&mut call.headers);
        }
        let request = self.request(call)?;
        let wait = self.timeouts.headers.min(self.timeouts.total);
        let pool = self.pools.get_or(|| Pool::new(&self.connector, self.http2));
        let (client, busy) = pool.take();
        let response = match tokio::time::timeout(wait, client.request(request)).await {
            Ok(response) => response.map_err(|error| of_request(&error))?,
            Err(_) => {
                let message = format!("the provider sent no answer within {wait:?}; try again");
                return Err(CallError::new(CallErrorKind::HeadersTimeout, message));
            }
        };
        if let Some(shown) = &shown {
            shown.heard(response.status(), response.headers());
        }
        if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(refusal(response, shown.as_ref()).await);
        }
        if response.status().is_informational() {
            let message =
                "the provider answered what was not asked for (HTTP 1xx); check the instance's base_url";
            return Err(CallError::new(CallErrorKind::NotHttp, message));
        }
        let (mut parts, body) = response.into_parts();
        strip_hop_by_hop(&mut parts.headers, &[]);
        let body = TimedBody::new(body, self.timeouts.idle, deadline).hold(busy).boxed_unsync();
        Ok(Response::from_parts(parts, body))
    }

    /// A check that connects to the endpoint and closes at once, without any request.
    #[must_use]
    pub fn reachability(&self) -> Arc<dyn Check> {
        Arc::new(Probe::new(self.prefix.clone(), self.connector.clone()))
    }

    fn request(&self, call: Call) -> Result<Request<Full<Bytes>>, CallError> {
        let uri = Uri::try_from(format!("{}{}", self.prefix, call.target)).map_err(|_| {
            let message = "the path or query holds characters that a URL cannot";
            CallError::new(CallErrorKind::Unsupported, message)
        })?;
        let mut request = Request::new(Full::new(call.body));
        *request.method_mut() = call.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = call.headers;
        strip_our_own(request.headers_mut());
        if let Some(authorization) = &self.proxy_authorization {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }
}

/// The provider refused us. Its reason is passed on, cleaned of the credential and of anything that looks like one.
async fn refusal(response: Response<Incoming>, shown: Option<&Shown<'_>>) -> CallError {
    let status = response.status();
    let body =
        tokio::time::timeout(REFUSAL_TIME, Limited::new(response.into_body(), REFUSAL_LIMIT).collect()).await;
    let body = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let reason = reason(&body, |text| shown.map_or(text.clone(), |shown| shown.hide(text)))
        .unwrap_or_else(|| "it gave no reason".to_owned());
    let message =
        format!("the provider refused this proxy's credential (HTTP {}): {reason}", status.as_u16());
    CallError::new(CallErrorKind::Refused, message)
}

#[derive(serde::Deserialize)]
struct ErrorBody {
    error: ErrorMessage,
}

#[derive(serde::Deserialize)]
struct ErrorMessage {
    message: String,
}

fn reason(body: &[u8], hide: impl FnOnce(String) -> String) -> Option<String> {
    let message = hide(serde_json::from_slice::<ErrorBody>(body).ok()?.error.message);
    Some(scrub(&message).chars().take(REFUSAL_MESSAGE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        let check = |url: &str, version: &str, expect: Result<&str, &str>| {
            let got = Endpoint::new(url, version, Network::default());
            match (got, expect) {
                (Ok(endpoint), Ok(prefix)) => assert_eq!(endpoint.prefix, prefix),
                (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{url}: {error}"),
                (got, expect) => panic!("{url}: got {:?}, expected {expect:?}", got.err()),
            }
        };
        check("https://api.anthropic.com", "/v1", Ok("https://api.anthropic.com/v1/"));
        check("https://api.openai.com/v1/", "", Ok("https://api.openai.com/v1/"));
        check("http://127.0.0.1:11434/v1", "", Ok("http://127.0.0.1:11434/v1/"));
        check("api.openai.com", "", Err("must begin with http:// or https://"));
        check("ftp://x/", "", Err("must begin with http:// or https://"));
        check("http://me:secret@x/", "", Err("no user name or password"));
        check("http://x/?a=b", "", Err("no query"));
        check("http://x y/", "", Err("not a URL"));
    }

    #[test]
    fn a_refusal_names_no_secret() {
        let body = br#"{"error":{"message":"Incorrect API key provided: sk-proj-abcdefghijklmnop1234."}}"#;
        let reason = reason(body, |text| text).unwrap();
        assert!(reason.contains("Incorrect API key") && !reason.contains("abcdefghijklmnop"), "{reason}");
    }
}
