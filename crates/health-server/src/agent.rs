//! HAProxy's agent-check: whoever connects is told one line.
//!
//! | when | line |
//! |---|---|
//! | ready, pass or warn | `up ready 100%` |
//! | draining | `drain` |
//! | starting, not ready, stalled, stopped | `down` |
//!
//! HAProxy keeps what a line does not mention. Only `ready` ends a `drain`, also one that the process before this one
//! asked for, so it is said every time. It ends what an operator has set in HAProxy, too: before
//! `set server … state maint`, `disable agent …`. A warning changes nothing: when all replicas share a
//! trouble, shifting load between them helps none.

use std::io;
use std::net::Shutdown;
use std::time::Duration;

use ccproxy_health::{Health, Phase, Status, aggregate};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::tcp::ACCEPT_PAUSE;

/// How many are told at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 64;
/// How long one may take to hear its line and go.
const PATIENCE: Duration = Duration::from_secs(1);

/// What HAProxy is told at this moment, with the line's end.
pub fn line(health: &Health) -> &'static str {
    if aggregate::live(health).status == Status::Fail {
        "down\n"
    } else if health.phase() == Phase::Draining {
        "drain\n"
    } else if aggregate::ready(health, &[]).status == Status::Fail {
        "down\n"
    } else {
        "up ready 100%\n"
    }
}

/// Tells whoever connects, until `stop` is cancelled. What they send is ignored.
pub async fn serve(listener: TcpListener, health: Health, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let room = connections.len() < MAX_CONNECTIONS;
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if room => match accepted {
                Ok((stream, _)) => {
                    let (health, stop) = (health.clone(), stop.clone());
                    connections.spawn(async move {
                        // A peer that has gone is no trouble of ours.
                        let _ = timeout(PATIENCE, tell(stream, line(&health), stop)).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "agent_accept_failed");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn tell(stream: TcpStream, line: &str, stop: CancellationToken) -> io::Result<()> {
    while would_block(stream.try_write(line.as_bytes()))?.is_none() {
        stream.writable().await?;
    }
    SockRef::from(&stream).shutdown(Shutdown::Write)?;
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        heard = hear_out(&stream) => heard,
    }
}

/// Reads until the peer has closed, too. To close on unread bytes is a reset, which may cost the peer its line.
async fn hear_out(stream: &TcpStream) -> io::Result<()> {
    let mut ignored = [0; 512];
    while would_block(stream.try_read(&mut ignored))? != Some(0) {
        stream.readable().await?;
    }
    Ok(())
}

/// Nothing, where it is to be tried again.
fn would_block(done: io::Result<usize>) -> io::Result<Option<usize>> {
    match done {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
