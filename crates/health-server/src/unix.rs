//! Taking socket files, alike for every listener of a process.

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
pub struct SocketFile {
    path: PathBuf,
    /// None where the file is another's to remove.
    identity: Option<(u64, u64)>,
}

/// Listens on a Unix socket, which only this user may open. A file in its place is replaced if it is a socket that nobody
/// answers on.
///
/// # Errors
/// When there is another file, somebody listens, or the system does not give the path.
pub fn bind(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
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
    let file = SocketFile::of(path)?;
    // Nobody can connect before `listen`, so nobody does under the wider mode of the umask.
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    socket.listen(BACKLOG)?;
    Ok((UnixListener::from(socket), file))
}

impl SocketFile {
    /// The file that is there now, of a socket that another process has made and handed to us.
    ///
    /// # Errors
    /// When there is none.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: Some(identity(path)?) })
    }

    /// The socket goes on in another process, which needs its file.
    pub fn leave(mut self) {
        self.identity = None;
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.identity.is_some()
            && identity(&self.path).ok() == self.identity
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "socket_not_removed");
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
        let (listener, file) = bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, MODE);

        let taken = bind(&path).unwrap_err();
        assert_eq!(taken.to_string(), "somebody listens there");

        // As after a kill: the file is left, nobody listens.
        std::mem::forget(file);
        drop(listener);
        let (_second, file) = bind(&path).unwrap();
        drop(file);
        assert!(!path.exists());

        let (_third, file) = bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let (_fourth, other) = bind(&path).unwrap();
        drop(file);
        assert!(path.exists(), "the third removes no file of the fourth");
        drop(other);
        assert!(!path.exists());

        let (_fifth, file) = bind(&path).unwrap();
        file.leave();
        assert!(path.exists(), "whoever has the socket now has the file");
        drop(SocketFile::of(&path).unwrap());
        assert!(!path.exists());

        fs::write(&path, "precious").unwrap();
        let refused = bind(&path).unwrap_err();
        assert_eq!(refused.to_string(), "there is a file that is no socket");
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }
}
