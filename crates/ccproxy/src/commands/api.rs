//! What a running proxy tells of itself, for the commands that show it.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use ccproxy_config::Settings;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::health::verdict::Verdict;
use super::reach::{Reply, Way, host};
use crate::context::Context;
use crate::failure::Failure;
use crate::load::load;

/// More than the largest answer: ten thousand rows of usage.
const LARGEST: usize = 64 << 20;

/// A proxy that answers.
pub(super) struct Api {
    way: Way,
    /// `Bearer …`, where the configuration has a token.
    authorization: Option<SecretString>,
    limit: Duration,
}

/// Why there is no answer to go on with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    /// Nobody answers.
    #[error("{way}: {why}")]
    Unreached {
        /// Where it was tried.
        way: String,
        /// What went wrong.
        why: String,
    },
    /// The proxy says no.
    #[error("{message} (HTTP {status})")]
    Refused {
        /// The status.
        status: u16,
        /// What it says.
        message: String,
    },
    /// What answers is something else.
    #[error("{0} answers with something that is none of ccproxy's; does another program listen there?")]
    Strange(String),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            // What was typed is what was asked.
            ApiError::Refused { status: 400, message } => Self::Usage(message),
            error => Self::Remote(error.to_string()),
        }
    }
}

/// Where a proxy may be, and with which token.
pub(super) struct Candidates {
    ways: Vec<Way>,
    authorization: Option<SecretString>,
    limit: Duration,
}

impl Candidates {
    /// Where `url` says, or else where the configuration has the proxy listen: the doors of those who run it first.
    ///
    /// # Errors
    /// A configuration or a URL that is wrong, or that names no place.
    pub(super) fn find(
        url: Option<&str>,
        limit: Duration,
        file: Option<&Path>,
        context: &Context,
    ) -> Result<(Self, Settings), Failure> {
        let settings = load(file, Vec::new(), context)?.settings;
        let ways = match url {
            Some(url) => {
                let named = "--url takes http://HOST:PORT, https://HOST:PORT or unix:SOCKET";
                let (way, _) =
                    Way::parse(url, &context.cwd).ok_or_else(|| Failure::Usage(named.to_owned()))?;
                vec![way]
            }
            None => {
                let ways = [Way::managed(&settings.management, &context.cwd), Way::served(&settings.server)];
                let last = ways.last().and_then(|way| way.as_ref().err().copied());
                let ways: Vec<Way> = ways.into_iter().flatten().collect();
                if ways.is_empty() {
                    return Err(Failure::Usage(last.unwrap_or_default().to_owned()));
                }
                ways
            }
        };
        let token = settings.management.token.as_ref().or(settings.auth.token.as_ref());
        // Whoever cannot read the token may still be shown what everybody is.
        let token = token.and_then(|source| ccproxy_server::read_token(source).ok());
        let authorization = token.map(|token| format!("Bearer {}", token.expose_secret()).into());
        Ok((Self { ways, authorization, limit }, settings))
    }

    /// The first that answers.
    ///
    /// # Errors
    /// Why the last one did not.
    pub(super) async fn first(self) -> Result<Api, ApiError> {
        let Self { ways, authorization, limit } = self;
        let mut error = None;
        for way in ways {
            // A stranger's proxy is shown no token of ours.
            let authorization = authorization.clone().filter(|_| is_here(&way));
            let api = Api { way, authorization, limit };
            match api.open("/livez").await {
                // Every proxy has this page.
                Ok(reply) if reply.answer.status() == 404 => error = Some(ApiError::Strange(api.place())),
                Ok(_) => return Ok(api),
                Err(failed) => error = Some(failed),
            }
        }
        Err(error.unwrap_or_else(|| ApiError::Strange("nobody".to_owned())))
    }
}

/// Whether it is this machine.
fn is_here(way: &Way) -> bool {
    match way {
        Way::Unix(_) => true,
        Way::Tcp(authority) | Way::Tls(authority) => {
            let host = host(authority);
            let ip = host.parse::<std::net::IpAddr>();
            host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
        }
    }
}

impl Api {
    /// Where it is.
    pub(super) fn place(&self) -> String {
        self.way.to_string()
    }

    /// The text of a page.
    pub(super) async fn text(&self, page: &str) -> Result<Bytes, ApiError> {
        let (status, body) = self.read(page).await?;
        if status != 200 {
            return Err(self.refused(status, &body));
        }
        Ok(body)
    }

    /// A page of JSON.
    pub(super) async fn get<T: DeserializeOwned>(&self, page: &str) -> Result<T, ApiError> {
        let body = self.text(page).await?;
        serde_json::from_slice(&body).map_err(|_| ApiError::Strange(self.place()))
    }

    /// How it is.
    pub(super) async fn health(&self) -> Verdict {
        let page = "/health";
        let shown = format!("{}{page}", self.way);
        match self.read(page).await {
            Ok((status, body)) => Verdict::of(&shown, status, &body),
            Err(error) => Verdict::none(Some(&shown), error.to_string()),
        }
    }

    /// A stream of server-sent events.
    pub(super) async fn events(&self, page: &str) -> Result<Events, ApiError> {
        let reply = self.open(page).await?;
        let status = reply.answer.status().as_u16();
        if status != 200 {
            let body = reply.whole(LARGEST).await.map(|(_, body)| body);
            return Err(self.refused(status, &body.unwrap_or_default()));
        }
        let (_, body) = reply.answer.into_parts();
        Ok(Events { body, rest: Vec::new(), _connection: reply.connection })
    }

    async fn open(&self, page: &str) -> Result<Reply, ApiError> {
        let authorization = self.authorization.as_ref().map(ExposeSecret::expose_secret);
        let opened = timeout(self.limit, self.way.get(page, authorization)).await;
        opened.map_err(|_| self.late())?.map_err(|why| self.unreached(why))
    }

    async fn read(&self, page: &str) -> Result<(u16, Bytes), ApiError> {
        let reply = self.open(page).await?;
        let whole = timeout(self.limit, reply.whole(LARGEST)).await;
        whole.map_err(|_| self.late())?.map_err(|why| self.unreached(why))
    }

    fn late(&self) -> ApiError {
        self.unreached(format!("no answer within {}", humantime::format_duration(self.limit)))
    }

    fn unreached(&self, why: String) -> ApiError {
        ApiError::Unreached { way: self.place(), why }
    }

    fn refused(&self, status: u16, body: &[u8]) -> ApiError {
        #[derive(Deserialize)]
        struct Answer {
            error: Problem,
        }
        #[derive(Deserialize)]
        struct Problem {
            message: String,
        }
        match serde_json::from_slice::<Answer>(body) {
            // What another program says does not steer the terminal.
            Ok(answer) => {
                ApiError::Refused { status, message: answer.error.message.replace(char::is_control, " ") }
            }
            Err(_) => ApiError::Strange(self.place()),
        }
    }
}

/// Server-sent events as they come.
pub(super) struct Events {
    body: Incoming,
    rest: Vec<u8>,
    _connection: super::reach::Connection,
}

impl Events {
    /// The name and the data of the next event; none at the end.
    pub(super) async fn next(&mut self) -> Option<(String, String)> {
        loop {
            while let Some(end) = self.rest.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.rest.drain(..end + 2).collect();
                if let Some(event) = read_event(&String::from_utf8_lossy(&event)) {
                    return Some(event);
                }
            }
            if self.rest.len() > LARGEST {
                return None;
            }
            let frame = self.body.frame().await?.ok()?;
            self.rest.extend_from_slice(frame.data_ref()?);
        }
    }
}

/// Comments are no events.
fn read_event(text: &str) -> Option<(String, String)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    Some((field("event: ")?.to_owned(), field("data: ")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_for_this_machine() {
        let check = |url: &str, expect| {
            let (way, _) = Way::parse(url, Path::new("/")).unwrap();
            assert_eq!(is_here(&way), expect, "{url}");
        };
        check("http://127.0.0.1:8000", true);
        check("http://[::1]:8000", true);
        check("http://localhost:8000", true);
        check("unix:/run/c.sock", true);
        check("https://ccproxy.example", false);
        check("http://192.0.2.1:8000", false);
    }

    #[test]
    fn events() {
        let check = |text: &str, expect: Option<(&str, &str)>| {
            let got = read_event(text);
            assert_eq!(got.as_ref().map(|(name, data)| (name.as_str(), data.as_str())), expect);
        };
        check(":\n\n", None);
        check("event: request\ndata: {}\n\n", Some(("request", "{}")));
        check("data: {}\n\n", None);
    }
}
