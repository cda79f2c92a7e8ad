//! Access tokens of an OAuth 2.0 issuer: for the client itself (RFC 6749, section 4.4) or for a refresh token
//! (section 6).

mod answer;
mod form;
mod refresh;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use ccproxy_config::{ClientAuth, OAuth, Proxies, SecretSource, Timeouts};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep, timeout};

use super::source::{self, Given};
use crate::connect::{Connector, Network, Way};
use crate::error::connect_reason;
use crate::pool::client;
use crate::rate_limit::retry_after;
use answer::Token;
use form::Form;
use refresh::Refresh;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the connection to the end of the issuer's answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// So often an issuer is asked that fails for the moment, …
const ATTEMPTS: u32 = 3;
/// … after a pause of about this long at first, and three times as long each time.
const PAUSE: Duration = Duration::from_millis(200);
/// An issuer that wants us to wait longer is asked again when the next call needs the token.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// As much of an answer as is read.
const LIMIT: usize = 64 * 1024;

/// A client of an issuer. It keeps nothing but the newest refresh token.
pub(super) struct Client {
    token_url: Uri,
    client_id: String,
    client_secret: Option<SecretSource>,
    client_auth: ClientAuth,
    scope: Option<String>,
    audience: Option<String>,
    refresh: Option<Refresh>,
    connector: Connector,
}

/// Why there is no token; no secret is in it.
enum Trouble {
    /// It may go away by itself, by then if the issuer says so.
    Passing(String, Option<Duration>),
    /// Somebody has to act.
    Lasting(String),
}

impl Client {
    /// # Errors
    /// What is wrong with the token endpoint.
    pub(super) fn new(oauth: OAuth, proxies: &Arc<Proxies>) -> Result<Self, String> {
        let OAuth { token_url, client_id, client_secret, client_auth, scope, audience, refresh_token } =
            oauth;
        let token_url = endpoint(&token_url)?;
        let timeouts = Timeouts { connect: CONNECT_TIMEOUT, ..Timeouts::default() };
        let network = Network { timeouts, proxies: Arc::clone(proxies), ..Network::default() };
        Ok(Self {
            connector: Arc::new(Way::new(&token_url, network)).connector(),
            token_url,
            client_id,
            client_secret,
            client_auth,
            scope,
            audience,
            refresh: refresh_token.map(Refresh::new),
        })
    }

    pub(super) fn describe(&self) -> String {
        format!("OAuth issuer {}", self.token_url.host().unwrap_or_default())
    }

    /// Gets a token.
    ///
    /// # Errors
    /// Why there is none, and what to do; no secret is in it.
    pub(super) async fn token(&self) -> Result<Given, String> {
        let refresh = match &self.refresh {
            Some(refresh) => Some((refresh, refresh.held().await?)),
            None => None,
        };
        let (headers, body) =
            self.question(refresh.as_ref().map(|(_, held)| held.token.expose_secret())).await?;
        let mut pause = PAUSE;
        let mut attempt = 1;
        let (begun, token) = loop {
            let begun = Instant::now();
            let answer = timeout(TIMEOUT, self.ask(headers.clone(), body.clone())).await;
            let late = || Trouble::Passing(format!("gave no answer within {TIMEOUT:?}"), None);
            match answer.unwrap_or_else(|_| Err(late())) {
                Ok(token) => break (begun, token),
                Err(Trouble::Passing(_, told)) if attempt < ATTEMPTS => {
                    let wait = told.unwrap_or_else(|| pause.mul_f64(0.5 + fastrand::f64()));
                    sleep(wait.min(LONGEST_PAUSE)).await;
                    (attempt, pause) = (attempt + 1, pause * 3);
                }
                Err(Trouble::Passing(reason, _) | Trouble::Lasting(reason)) => return Err(reason),
            }
        };
        let notice = match (refresh, &token.refresh_token) {
            (Some((refresh, held)), Some(next)) => refresh.keep(held, next.clone()).await,
            _ => None,
        };
        Ok(Given { secret: token.access_token, lasts: answer::lasts(begun, token.expires_in), notice })
    }

    /// The headers and the body of a token request.
    async fn question(&self, refresh_token: Option<&str>) -> Result<(HeaderMap, Bytes), String> {
        let mut form = Form::default();
        match refresh_token {
            Some(token) => form.pair("grant_type", "refresh_token").pair("refresh_token", token),
            None => form.pair("grant_type", "client_credentials"),
        };
        for (name, value) in [("scope", &self.scope), ("audience", &self.audience)] {
            if let Some(value) = value {
                form.pair(name, value);
            }
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let Some(source) = &self.client_secret else {
            form.pair("client_id", &self.client_id);
            return Ok((headers, form.into_bytes()));
        };
        let secret = source::read(source)
            .await
            .map_err(|reason| format!("client_secret: {} {reason}", source.describe()))?;
        let secret = secret.expose_secret();
        match self.client_auth {
            ClientAuth::Body => {
                form.pair("client_id", &self.client_id).pair("client_secret", secret);
            }
            ClientAuth::Basic => {
                let pair = format!("{}:{}", form::encoded(&self.client_id), form::encoded(secret));
                let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
                let mut value = HeaderValue::try_from(value).map_err(|error| error.to_string())?;
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
        }
        Ok((headers, form.into_bytes()))
    }

    async fn ask(&self, headers: HeaderMap, body: Bytes) -> Result<Token, Trouble> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.token_url.clone();
        *request.headers_mut() = headers;
        // A token is asked for now and then: no connection is kept.
        let response = client(self.connector.clone()).request(request).await.map_err(|error| {
            let reason = if error.is_connect() { connect_reason(&error) } else { "the connection broke" };
            Trouble::Passing(format!("cannot be reached ({reason})"), None)
        })?;
        let (head, body) = response.into_parts();
        let broken = |_| Trouble::Passing("broke off in the middle of its answer".to_owned(), None);
        let body = Limited::new(body, LIMIT).collect().await.map_err(broken)?.to_bytes();
        match head.status {
            StatusCode::OK | StatusCode::CREATED => Token::read(&body).map_err(Trouble::Lasting),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                Err(passing(head.status, &head.headers))
            }
            status if status.is_server_error() => Err(passing(status, &head.headers)),
            status => Err(Trouble::Lasting(self.advice(status, &body))),
        }
    }

    /// What to do about a refusal. Only words that we know are taken from it: others may hold what it was given.
    fn advice(&self, status: StatusCode, body: &[u8]) -> String {
        let grant = self.refresh.as_ref().map(Refresh::describe);
        match (answer::error(body), grant) {
            (Some("invalid_client"), _) => {
                "refuses the client (invalid_client): check client_id, client_secret and client_auth"
                    .to_owned()
            }
            (Some("invalid_grant"), Some(place)) => {
                format!("refuses the refresh token (invalid_grant): get a new one and put it into {place}")
            }
            (Some("invalid_scope"), _) => "refuses the scope (invalid_scope): check scope".to_owned(),
            (Some(error @ ("unauthorized_client" | "unsupported_grant_type")), _) => {
                format!("does not let this client use the grant ({error}): allow it at the issuer")
            }
            (Some(error), _) => format!("refuses the request ({error}): check the keys of oauth"),
            (None, _) => format!("answered HTTP {}: check token_url", status.as_u16()),
        }
    }
}

fn passing(status: StatusCode, headers: &HeaderMap) -> Trouble {
    Trouble::Passing(format!("answered HTTP {}", status.as_u16()), retry_after(headers))
}

/// A token endpoint that secrets may be sent to.
fn endpoint(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|error| format!("oauth.token_url is no URL: {error}"))?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let loopback =
        host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    let wrong = match uri.scheme_str() {
        Some("https") => None,
        Some("http") if loopback => None,
        Some("http") => Some(
            "must begin with https://, for secrets are sent to it; http:// goes on a loopback address only",
        ),
        _ => Some("must begin with https://"),
    };
    let user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    let wrong = wrong
        .or_else(|| user.then_some("must hold no user name or password; use client_id and client_secret"));
    match wrong {
        Some(wrong) => Err(format!("oauth.token_url {wrong}")),
        None => Ok(uri),
    }
}

#[cfg(test)]
mod tests;
