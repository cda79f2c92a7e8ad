//! Sockets that the service manager has opened for us: systemd's socket activation.
//!
//! The configuration takes their addresses over, as if they were flags: whether an address is open to other machines is
//! decided by where we really listen.

use std::io;
use std::net::{SocketAddr, TcpListener};

use ccproxy_config::{Env, Flag};
use ccproxy_server::Inherited;
use listenfd::ListenFd;

use crate::failure::Failure;

/// The names (`FileDescriptorName=`) of sockets that are not the main port's.
const MANAGEMENT: &str = "management";
const AGENT: &str = "agent";

/// Where the configuration says that these keys come from.
const SOURCE: &str = "LISTEN_FDS";

/// What the service manager has opened, and what follows for the configuration.
#[derive(Debug, Default)]
pub(crate) struct Activation {
    pub(crate) sockets: Inherited,
    pub(crate) flags: Vec<Flag>,
}

impl Activation {
    /// Takes what was passed to this process. Nothing, where it was not started so.
    pub(crate) fn of_process(env: &Env) -> Result<Self, Failure> {
        let names = env.get("LISTEN_FDNAMES").unwrap_or_default();
        Self::take(&mut ListenFd::from_env(), names)
    }

    fn take(passed: &mut ListenFd, names: &str) -> Result<Self, Failure> {
        let (mut taken, mut names) = (Self::default(), names.split(':'));
        for index in 0..passed.len() {
            let name = names.next().unwrap_or_default();
            taken.add(passed, index, name)?;
        }
        Ok(taken)
    }

    fn add(&mut self, passed: &mut ListenFd, index: usize, name: &str) -> Result<(), Failure> {
        let failed =
            |error| Failure::io(format!("cannot use the socket {name:?} of the service manager"), error);
        if name == MANAGEMENT
            && let Ok(Some(socket)) = passed.take_unix_listener(index)
        {
            let address = socket.local_addr().map_err(failed)?;
            let path = address.as_pathname().and_then(|path| path.to_str());
            let path = path.ok_or_else(|| failed(io::Error::other("it has no path that is text")))?;
            self.flags.push(Flag::new(SOURCE, "management.socket", path));
            return free(&self.sockets.socket, name).map(|()| self.sockets.socket = Some(socket));
        }
        let Some(socket) = passed.take_tcp_listener(index).map_err(failed)? else { return Ok(()) };
        let address = socket.local_addr().map_err(failed)?;
        let (place, host, port) = match name {
            MANAGEMENT => (&mut self.sockets.management, "management.host", "management.port"),
            AGENT => (&mut self.sockets.agent, "management.host", "management.agent_port"),
            _ => (&mut self.sockets.main, "server.host", "server.port"),
        };
        free(place, name)?;
        *place = Some(socket);
        self.flags.push(Flag::new(SOURCE, host, address.ip().to_string()));
        self.flags.push(Flag::new(SOURCE, port, address.port().to_string()));
        self.agree()
    }

    /// The management port and that of the agent-check have one key for their address.
    fn agree(&self) -> Result<(), Failure> {
        let ip = |socket: &Option<TcpListener>| {
            socket.as_ref().and_then(|socket| socket.local_addr().ok()).as_ref().map(SocketAddr::ip)
        };
        match (ip(&self.sockets.management), ip(&self.sockets.agent)) {
            (Some(management), Some(agent)) if management != agent => Err(Failure::Usage(format!(
                "the sockets {MANAGEMENT} and {AGENT} of the service manager must have one address, and have {management} and {agent}"
            ))),
            _ => Ok(()),
        }
    }
}

fn free<T>(place: &Option<T>, name: &str) -> Result<(), Failure> {
    if place.is_none() {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "the service manager passed a second socket for the same purpose, {name:?}; FileDescriptorName={MANAGEMENT} and \
         {AGENT} are those of the management, any other name is the main port's"
    )))
}
