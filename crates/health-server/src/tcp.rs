//! Taking TCP ports, and what to do when accepting fails: alike for every listener of a process.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// How long to wait when accepting fails. Without free file descriptors it does at once, again and again: waiting helps
/// and spinning does not.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Connections that wait to be accepted. The system lowers it to its own limit.
pub(crate) const BACKLOG: i32 = 4096;

/// Listens on an address. The listener does not block, so a runtime can have it.
///
/// ```
/// let listener = ccproxy_health_server::tcp::bind("127.0.0.1:0".parse()?)?;
/// let taken = ccproxy_health_server::tcp::bind(listener.local_addr()?);
/// assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the system does not give the address.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the old connections' last packets.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from(socket))
}
