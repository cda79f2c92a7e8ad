//! The way to a running proxy, and requests over it.

mod tls;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ccproxy_config::{Management, Server};
use http::request::Builder;
use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::reachable;

/// Where the address names no port.
const PORT: &str = "80";
const TLS_PORT: &str = "443";

/// How a proxy is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `HOST:PORT`.
    Tcp(String),
    /// `HOST:PORT`, where TLS is spoken.
    Tls(String),
    /// A Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(authority) => write!(f, "http://{authority}"),
            Self::Tls(authority) => write!(f, "https://{authority}"),
            Self::Unix(socket) => write!(f, "unix:{}", socket.display()),
        }
    }
}

impl Way {
    /// Reads a URL: the way, and the page that it names, if it names one.
    pub(super) fn parse(url: &str, cwd: &Path) -> Option<(Self, Option<String>)> {
        if let Some(rest) = url.strip_prefix("unix:") {
            let (socket, page) = match rest.split_once(":/") {
                Some((socket, path)) => (socket, Some(format!("/{path}"))),
                None => (rest, None),
            };
            return (!socket.is_empty()).then(|| (Self::Unix(cwd.join(socket)), page));
        }
        let uri: Uri = url.parse().ok()?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let way = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => Self::Tcp,
            Some(scheme) if *scheme == Scheme::HTTPS => Self::Tls,
            _ => return None,
        };
        let page = uri.path_and_query().map(PathAndQuery::as_str).filter(|path| *path != "/");
        Some((way(authority.to_string()), page.map(str::to_owned)))
    }

    /// To where clients are served.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub(super) fn served(server: &Server) -> Result<Self, &'static str> {
        if server.port == 0 {
            return Err("the port is chosen by the system; name the proxy with --url");
        }
        let ip = server.ip().ok_or("server.host is no address")?;
        let authority = reachable(SocketAddr::new(ip, server.port)).to_string();
        match &server.tls {
            None => Ok(Self::Tcp(authority)),
            Some(tls) if tls.client_ca.is_none() => Ok(Self::Tls(authority)),
            Some(_) => {
                Err("the port wants a client's certificate; set [management] and ask there with --management")
            }
        }
    }

    /// To the management listener: its socket, or else its port.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub(super) fn managed(management: &Management, cwd: &Path) -> Result<Self, &'static str> {
        if let Some(socket) = &management.socket {
            return Ok(Self::Unix(cwd.join(socket)));
        }
        let ip = management.ip().ok_or("management.host is no address")?;
        match management.port {
            None => Err("there is no management listener; set management.socket or management.port"),
            Some(0) => Err("the management port is chosen by the system; name it with --url"),
            Some(port) => Ok(Self::Tcp(reachable(SocketAddr::new(ip, port)).to_string())),
        }
    }

    /// Asks for a page, on a connection of its own.
    ///
    /// # Errors
    /// What went wrong before there was an answer.
    pub(super) async fn get(&self, page: &str, authorization: Option<&str>) -> Result<Reply, String> {
        let mut request = Request::get(page);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.ask(request, Bytes::new()).await
    }

    /// Sends a request, on a connection of its own.
    ///
    /// # Errors
    /// What went wrong before there was an answer.
    pub(super) async fn ask(&self, request: Builder, body: Bytes) -> Result<Reply, String> {
        let host = match self {
            Self::Tcp(authority) | Self::Tls(authority) => authority,
            Self::Unix(_) => "localhost",
        };
        let request = request.header(header::CONNECTION, "close").header(header::HOST, host);
        let request = request.body(Full::new(body)).map_err(|error| innermost(&error))?;
        match self {
            Self::Tcp(authority) => exchange(connect(authority, PORT).await?, request).await,
            Self::Tls(authority) => {
                exchange(tls::over(connect(authority, TLS_PORT).await?, authority).await?, request).await
            }
            Self::Unix(socket) => through(socket, request).await,
        }
    }
}

/// An answer, and the connection that it comes on.
pub(super) struct Reply {
    pub(super) answer: Response<Incoming>,
    pub(super) connection: Connection,
}

impl Reply {
    /// The status, and all of a body that is no larger than this.
    ///
    /// # Errors
    /// That it broke off, or is larger.
    pub(super) async fn whole(self, largest: usize) -> Result<(u16, Bytes), String> {
        let status = self.answer.status().as_u16();
        let body = Limited::new(self.answer.into_body(), largest).collect().await;
        let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
        Ok((status, body.to_bytes()))
    }
}

/// The host of an authority, without its port and its brackets.
pub(super) fn host(authority: &str) -> &str {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// It ends when this is dropped.
pub(super) type Connection = JoinSet<Result<(), hyper::Error>>;

async fn connect(authority: &str, port: &str) -> Result<TcpStream, String> {
    TcpStream::connect(address(authority, port)).await.map_err(|error| unreached(&error))
}

#[cfg(unix)]
async fn through(socket: &Path, request: Request<Full<Bytes>>) -> Result<Reply, String> {
    let stream = tokio::net::UnixStream::connect(socket).await.map_err(|error| unreached(&error))?;
    exchange(stream, request).await
}

#[cfg(not(unix))]
async fn through(_socket: &Path, _request: Request<Full<Bytes>>) -> Result<Reply, String> {
    Err("this system has no Unix sockets".to_owned())
}

/// With the port that the scheme has by itself where none is named. (A colon in brackets is part of the host.)
fn address(authority: &str, by_itself: &str) -> String {
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    match after_host.rsplit_once(':') {
        Some((_, port)) if !port.is_empty() => authority.to_owned(),
        Some(_) => format!("{authority}{by_itself}"),
        None => format!("{authority}:{by_itself}"),
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Reply, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| innermost(&error))?;
    // The connection lives as long as its answer.
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| innermost(&error))?;
    Ok(Reply { answer, connection: connections })
}

/// What went wrong, in the system's own words where nothing better is known.
fn unreached(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
            "nothing listens there; start it with `ccproxy serve`, or name another place with --url"
                .to_owned()
        }
        _ => error.to_string(),
    }
}

fn innermost(error: &dyn StdError) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port() {
        let check = |authority, expect| assert_eq!(address(authority, PORT), expect);
        check("a", "a:80");
        check("a:", "a:80");
        check("a:1", "a:1");
        check("[::1]", "[::1]:80");
        check("[::1]:1", "[::1]:1");
    }
}
