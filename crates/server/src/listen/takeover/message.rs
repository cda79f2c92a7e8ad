//! Sockets in a message between two processes.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::listen::sockets::Role;

/// What a message begins with. Two programs that do not mean the same by it must not have the same.
const LANGUAGE: &str = "ccproxy-takeover-1";

/// Room for as many sockets as there are roles.
const SPACE: usize = rustix::cmsg_space!(ScmRights(Role::ALL.len()));

/// No message is longer.
const LONGEST: usize = 256;

/// Sends duplicates of sockets: a line that names them, and the sockets with it.
pub(super) async fn send(stream: &UnixStream, sockets: &[(Role, OwnedFd)]) -> io::Result<()> {
    let names: Vec<&str> = sockets.iter().map(|(role, _)| role.name()).collect();
    let line = format!("{LANGUAGE} {}\n", names.join(" "));
    let sockets: Vec<_> = sockets.iter().map(|(_, socket)| socket.as_fd()).collect();
    let write = || {
        let mut space = [MaybeUninit::uninit(); SPACE];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !control.push(SendAncillaryMessage::ScmRights(&sockets)) {
            return Err(io::Error::other("too many sockets"));
        }
        Ok(sendmsg(stream, &[IoSlice::new(line.as_bytes())], &mut control, SendFlags::empty())?)
    };
    let sent = stream.async_io(Interest::WRITABLE, write).await?;
    if sent == line.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Receives sockets, each with what it is for.
pub(super) async fn receive(stream: &UnixStream) -> io::Result<Vec<(Role, OwnedFd)>> {
    let mut line = [0; LONGEST];
    let mut sockets: Vec<OwnedFd> = Vec::new();
    let read = || {
        let mut space = [MaybeUninit::uninit(); SPACE];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let got = recvmsg(stream, &mut [IoSliceMut::new(&mut line)], &mut control, RecvFlags::empty())?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                sockets.extend(received);
            }
        }
        Ok(got.bytes)
    };
    let length = stream.async_io(Interest::READABLE, read).await?;
    for socket in &sockets {
        // The programs that we start have no use for them.
        fcntl_setfd(socket, FdFlags::CLOEXEC)?;
    }
    if length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let roles = line.get(..length).and_then(roles);
    let roles = roles.filter(|roles| roles.len() == sockets.len());
    roles
        .map(|roles| roles.into_iter().zip(sockets).collect())
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The roles that a line names.
fn roles(line: &[u8]) -> Option<Vec<Role>> {
    let names = std::str::from_utf8(line).ok()?.strip_prefix(LANGUAGE)?.strip_suffix('\n')?;
    names.split_whitespace().map(|name| Role::ALL.into_iter().find(|role| role.name() == name)).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn sockets_arrive_with_their_roles() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let listeners =
            [Role::Main, Role::Agent].map(|role| (role, TcpListener::bind("127.0.0.1:0").unwrap()));
        let addresses = listeners.each_ref().map(|(role, listener)| (*role, listener.local_addr().unwrap()));
        send(&ours, &listeners.map(|(role, listener)| (role, listener.into()))).await.unwrap();
        let received = receive(&theirs).await.unwrap();
        let address = |(role, socket)| (role, TcpListener::from(socket).local_addr().unwrap());
        assert_eq!(received.into_iter().map(address).collect::<Vec<_>>(), addresses);
    }

    #[tokio::test]
    async fn what_is_no_such_message_is_refused() {
        let check = async |said: &str, expect: io::ErrorKind| {
            let (ours, theirs) = UnixStream::pair().unwrap();
            ours.into_std().unwrap().write_all(said.as_bytes()).unwrap();
            assert_eq!(receive(&theirs).await.unwrap_err().kind(), expect, "{said}");
        };
        check("", io::ErrorKind::UnexpectedEof).await;
        check("ccproxy-takeover-1 main\n", io::ErrorKind::InvalidData).await;
        check("ccproxy-takeover-1 other\n", io::ErrorKind::InvalidData).await;
        check("ccproxy-takeover-2 \n", io::ErrorKind::InvalidData).await;
        check("HTTP/1.1 400 Bad Request\r\n", io::ErrorKind::InvalidData).await;
    }
}
