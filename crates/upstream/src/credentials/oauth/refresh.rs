//! The refresh token, which an issuer may replace each time it is used.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ccproxy_config::SecretSource;
use secrecy::{ExposeSecret, SecretString};

use crate::credentials::source;

pub(super) struct Refresh {
    source: SecretSource,
    rotated: Mutex<Option<Rotated>>,
}

/// A refresh token that the issuer gave.
#[derive(Clone)]
struct Rotated {
    /// What the source said then. As soon as it says something else, that is newer.
    source_said: SecretString,
    token: SecretString,
}

/// The refresh token of the moment.
pub(super) struct Held {
    source_said: SecretString,
    pub(super) token: SecretString,
}

impl Refresh {
    pub(super) fn new(source: SecretSource) -> Self {
        Self { source, rotated: Mutex::default() }
    }

    pub(super) fn describe(&self) -> String {
        self.source.describe()
    }

    /// The token to use: the newest that the issuer gave, or what the source says if that has changed since.
    pub(super) async fn held(&self) -> Result<Held, String> {
        let read = source::read(&self.source).await;
        let source_said = read.map_err(|reason| format!("refresh_token: {} {reason}", self.describe()))?;
        let rotated = self.rotated.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let newer = rotated.filter(|rotated| is_same(&rotated.source_said, &source_said));
        let token = newer.map_or_else(|| source_said.clone(), |rotated| rotated.token);
        Ok(Held { source_said, token })
    }

    /// Keeps the token that replaces the one held. Gives what the operator should know, if it cannot be written back.
    pub(super) async fn keep(&self, held: Held, token: SecretString) -> Option<String> {
        if is_same(&held.token, &token) {
            return None;
        }
        // Somebody has put another one there meanwhile: that one counts.
        if source::read(&self.source).await.is_ok_and(|now| !is_same(&now, &held.source_said)) {
            return None;
        }
        let rotated = Rotated { source_said: held.source_said, token: token.clone() };
        *self.rotated.lock().unwrap_or_else(PoisonError::into_inner) = Some(rotated);
        let SecretSource::File(path) = &self.source else {
            return None;
        };
        let path = path.clone();
        let written = tokio::task::spawn_blocking(move || replace(&path, token.expose_secret())).await;
        let error = written.map_err(io::Error::other).and_then(|written| written).err()?;
        Some(format!(
            "the new refresh token cannot be written to its file ({}): a restart will need another one; \
             make the file's directory writable",
            error.kind()
        ))
    }
}

fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

/// Replaces a file by one that only its owner may read; whoever reads it meanwhile sees the old one or the new one.
fn replace(path: &Path, secret: &str) -> io::Result<()> {
    // Behind a link stands the file that is meant.
    let path = path.canonicalize()?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside: PathBuf = path.with_file_name(format!(".{name}.{:016x}", fastrand::u64(..)));
    let written = write(&beside, secret).and_then(|()| std::fs::rename(&beside, &path));
    // It is there; that it outlives a crash of the machine, too, is as much as can be tried.
    let _ = match (&written, path.parent()) {
        (Ok(()), Some(dir)) => std::fs::File::open(dir).and_then(|dir| dir.sync_all()),
        _ => std::fs::remove_file(&beside),
    };
    written
}

fn write(path: &Path, secret: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{secret}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_new_one_is_written_back() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("token"), dir.path().join("link"));
        std::fs::write(&file, "r-1\n").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let refresh = Refresh::new(SecretSource::File(link.clone()));
        let held = refresh.held().await.unwrap();
        assert_eq!(held.token.expose_secret(), "r-1");
        assert_eq!(refresh.keep(held, "r-2".into()).await, None);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "r-2\n");
        assert!(link.is_symlink());
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "nothing else is left");
        assert_eq!(refresh.held().await.unwrap().token.expose_secret(), "r-2");
        let held = refresh.held().await.unwrap();
        std::fs::write(&file, "r-operator").unwrap();
        assert_eq!(refresh.keep(held, "r-late".into()).await, None);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "r-operator");
        assert_eq!(refresh.held().await.unwrap().token.expose_secret(), "r-operator");
    }

    #[tokio::test]
    async fn one_that_cannot_be_written_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        std::fs::write(&file, "r-1").unwrap();
        let refresh = Refresh::new(SecretSource::File(file.clone()));
        for next in ["r-2", "r-3"] {
            let held = refresh.held().await.unwrap();
            std::fs::remove_file(&file).unwrap();
            let notice = refresh.keep(held, next.into()).await.unwrap();
            assert!(notice.contains("cannot be written") && !notice.contains(next), "{notice}");
            std::fs::write(&file, "r-1").unwrap();
            assert_eq!(refresh.held().await.unwrap().token.expose_secret(), next);
        }
        // One from the environment goes nowhere else.
        let refresh = Refresh::new(SecretSource::Value("r-1".into()));
        let held = refresh.held().await.unwrap();
        assert_eq!(refresh.keep(held, "r-2".into()).await, None);
        assert_eq!(refresh.held().await.unwrap().token.expose_secret(), "r-2");
    }
}
