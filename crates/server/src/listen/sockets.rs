//! Listening sockets that come from elsewhere: from the service manager, or from the process before us.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use ccproxy_health_server::{tcp, unix};

use super::takeover::Predecessor;

/// Sockets that listen already. They are used where the configuration wants the very address, and closed otherwise.
#[derive(Debug, Default)]
pub struct Inherited {
    /// The main port.
    pub main: Option<TcpListener>,
    /// The management port.
    pub management: Option<TcpListener>,
    /// The port of the agent-check.
    pub agent: Option<TcpListener>,
    /// The management socket.
    pub socket: Option<UnixListener>,
    /// Whoever has them as well, and ends when we are ready.
    pub(super) predecessor: Option<Predecessor>,
}

/// What each socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Main,
    Management,
    Agent,
    Socket,
    Takeover,
}

impl Role {
    pub(super) const ALL: [Self; 5] =
        [Self::Main, Self::Management, Self::Agent, Self::Socket, Self::Takeover];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Management => "management",
            Self::Agent => "agent",
            Self::Socket => "socket",
            Self::Takeover => "takeover",
        }
    }
}

/// Our sockets, for whoever comes after us; none are kept where nobody can.
#[derive(Debug, Default)]
pub(super) struct Heritage {
    pub(super) wanted: bool,
    /// There is a process before us, whose files are ours when it has let go.
    pub(super) inherits: bool,
    pub(super) files: Vec<PathBuf>,
    pub(super) sockets: Vec<(Role, OwnedFd)>,
}

impl Heritage {
    pub(super) fn add(&mut self, role: Role, socket: &impl AsFd) -> io::Result<()> {
        if self.wanted {
            self.sockets.push((role, socket.as_fd().try_clone_to_owned()?));
        }
        Ok(())
    }

    /// The socket for an address: the inherited one if it listens there, or a new one.
    pub(super) fn tcp(
        &mut self,
        role: Role,
        inherited: Option<TcpListener>,
        wanted: SocketAddr,
    ) -> io::Result<TcpListener> {
        let fits = |real: SocketAddr| {
            real.ip() == wanted.ip() && (wanted.port() == 0 || real.port() == wanted.port())
        };
        let inherited = inherited.filter(|socket| socket.local_addr().is_ok_and(fits));
        let socket = inherited.map_or_else(|| tcp::bind(wanted), Ok)?;
        socket.set_nonblocking(true)?;
        self.add(role, &socket)?;
        Ok(socket)
    }

    /// The same for a path, with its file if that is new.
    pub(super) fn unix(
        &mut self,
        role: Role,
        inherited: Option<UnixListener>,
        path: &Path,
    ) -> io::Result<(UnixListener, Option<unix::SocketFile>)> {
        let fits = |socket: &UnixListener| {
            socket.local_addr().is_ok_and(|address| address.as_pathname() == Some(path))
        };
        let (socket, file) = match inherited.filter(fits) {
            Some(socket) => {
                socket.set_nonblocking(true)?;
                // One that the service manager has made is its own to remove.
                if self.inherits {
                    self.files.push(path.to_owned());
                }
                (socket, None)
            }
            None => unix::bind(path).map(|(socket, file)| (socket, Some(file)))?,
        };
        self.add(role, &socket)?;
        Ok((socket, file))
    }
}
