//! One question over HTTP/1.1.

mod tls;

use std::error::Error as StdError;
use std::io;
use std::path::Path;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::place::{Place, Way};

/// A health page is smaller by far.
const LARGEST: usize = 1 << 20;
/// Where the address names no port.
const PORT: &str = "80";
const TLS_PORT: &str = "443";

/// The status and the body, or what went wrong.
pub(super) async fn get(place: &Place) -> Result<(u16, Bytes), String> {
    match &place.way {
        Way::Tcp(authority) => {
            let stream = connect(authority, PORT).await?;
            exchange(stream, authority, &place.page).await
        }
        Way::Tls(authority) => {
            let stream = tls::over(connect(authority, TLS_PORT).await?, authority).await?;
            exchange(stream, authority, &place.page).await
        }
        Way::Unix(socket) => through(socket, &place.page).await,
    }
}

async fn connect(authority: &str, port: &str) -> Result<TcpStream, String> {
    TcpStream::connect(address(authority, port)).await.map_err(|error| unreached(&error))
}

#[cfg(unix)]
async fn through(socket: &Path, page: &str) -> Result<(u16, Bytes), String> {
    let stream = tokio::net::UnixStream::connect(socket).await.map_err(|error| unreached(&error))?;
    exchange(stream, "localhost", page).await
}

#[cfg(not(unix))]
async fn through(_socket: &Path, _page: &str) -> Result<(u16, Bytes), String> {
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

async fn exchange<S>(stream: S, host: &str, page: &str) -> Result<(u16, Bytes), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| innermost(&error))?;
    // The connection lives as long as this question.
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let request = Request::get(page)
        .header(header::HOST, host)
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| innermost(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| innermost(&error))?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
    Ok((status, body.to_bytes()))
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
