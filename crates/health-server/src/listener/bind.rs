//! Taking socket files.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::tcp::BACKLOG;

/// Whoever runs the program may use its socket, and nobody else.
const MODE: u32 = 0o600;

/// The file of a socket that we listen on; removed at the end, if it is still ours. Drop it before the listener: what
/// tells it from another process's file is true only as long as the socket is open.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    /// Listens on a Unix socket. A file in its place is replaced if it is a socket that nobody answers on.
    pub(super) fn bind(path: &Path) -> io::Result<(UnixListener, Self)> {
        let address = SockAddr::unix(path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        match socket.bind(&address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                is_stale(path, &address)?;
                fs::remove_file(path)?;
                socket.bind(&address)?;
            }
            other => other?,
        }
        let file = Self { path: path.to_owned(), identity: identity(path)? };
        // Nobody can connect before `listen`, so nobody does under the wider mode of the umask.
        fs::set_permissions(path, Permissions::from_mode(MODE))?;
        socket.listen(BACKLOG)?;
        Ok((UnixListener::from(socket), file))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "management_socket_not_removed");
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// An error unless the file is a socket that nobody answers on.
fn is_stale(path: &Path, address: &SockAddr) -> io::Result<()> {
    let refused = |why| Err(io::Error::new(io::ErrorKind::AddrInUse, why));
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return refused("there is a file that is no socket");
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // One whose backlog is full would let us wait; it is alive all the same.
    probe.set_nonblocking(true)?;
    match probe.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        _ => refused("somebody listens there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.sock");
        let (listener, file) = SocketFile::bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, MODE);

        let taken = SocketFile::bind(&path).unwrap_err();
        assert_eq!(taken.to_string(), "somebody listens there");

        // As after a kill: the file is left, nobody listens.
        std::mem::forget(file);
        drop(listener);
        let (_second, file) = SocketFile::bind(&path).unwrap();
        drop(file);
        assert!(!path.exists());

        let (_third, file) = SocketFile::bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let (_fourth, other) = SocketFile::bind(&path).unwrap();
        drop(file);
        assert!(path.exists(), "the third removes no file of the fourth");
        drop(other);
        assert!(!path.exists());

        fs::write(&path, "precious").unwrap();
        let refused = SocketFile::bind(&path).unwrap_err();
        assert_eq!(refused.to_string(), "there is a file that is no socket");
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }
}
