//! The socket that systemd listens on.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// How long a message may wait where systemd does not read.
const PATIENCE: Duration = Duration::from_secs(1);

/// The address that `NOTIFY_SOCKET` gives: a path, or a name without a file, which begins with `@`.
pub(super) fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'/', ..] => SocketAddr::from_pathname(name),
        [b'@', rest @ ..] => nameless(rest),
        _ => Err(io::Error::new(io::ErrorKind::Unsupported, "neither a path nor an abstract socket")),
    }
}

#[cfg(target_os = "linux")]
fn nameless(name: &[u8]) -> io::Result<SocketAddr> {
    <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "abstract sockets are Linux's"))
}

/// Sends messages, one datagram each.
#[derive(Debug)]
pub(super) struct Socket {
    socket: UnixDatagram,
    address: SocketAddr,
    failed: bool,
}

impl Socket {
    pub(super) fn new(address: SocketAddr) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { socket, address, failed: false })
    }

    /// Whether the message was sent. It goes to the address anew each time, so systemd may be replaced.
    pub(super) fn send(&mut self, message: &str) -> bool {
        match self.socket.send_to_addr(message.as_bytes(), &self.address) {
            Ok(_) => self.failed = false,
            Err(error) => {
                if !self.failed {
                    tracing::warn!(%error, "systemd_notify_failed");
                }
                self.failed = true;
            }
        }
        !self.failed
    }
}
