//! From a bare connection to one that is encrypted.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::Tls;

/// What the first byte says that a TLS client sends.
const HANDSHAKE: u8 = 22;

/// How long somebody whom we close on may go on talking, and how much: with bytes left unread the system would reset the
/// connection, and take back what we have said.
const PARTING: Duration = Duration::from_secs(1);
const LAST_WORDS: u64 = 64 * 1024;

/// The encrypted connection; none where the other end does not get that far. Whoever calls has the clock.
pub(in crate::listen) async fn shake_hands(tls: &Tls, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
    let mut first = [0];
    if stream.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    if first != [HANDSHAKE] {
        tracing::debug!("plain_http_on_the_tls_port");
        part(stream).await;
        return None;
    }
    match tls.acceptor()?.accept(stream).into_fallible().await {
        Ok(stream) => Some(stream),
        Err((error, stream)) => {
            tracing::debug!(%error, "tls_handshake_failed");
            part(stream).await;
            None
        }
    }
}

async fn part(mut stream: TcpStream) {
    let farewell = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LAST_WORDS), &mut tokio::io::sink()).await
    };
    // It ends one way or the other.
    let _ = timeout(PARTING, farewell).await;
}
