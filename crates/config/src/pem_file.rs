//! The path of a file of certificates or keys.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A path is told in errors, so what should be in the file is refused as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "PathBuf", into = "PathBuf")]
#[schemars(with = "PathBuf", inline)]
pub struct PemFile(PathBuf);

/// It holds what should be in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the path of a file, not what is in it")]
pub struct NotAPath;

impl TryFrom<PathBuf> for PemFile {
    type Error = NotAPath;

    fn try_from(path: PathBuf) -> Result<Self, NotAPath> {
        if path.to_string_lossy().contains("-----BEGIN") { Err(NotAPath) } else { Ok(Self(path)) }
    }
}

impl From<PemFile> for PathBuf {
    fn from(file: PemFile) -> Self {
        file.0
    }
}

impl Deref for PemFile {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}
