//! What is in the files of a certificate, and whether it is of use.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blake3::Hash;
use ccproxy_config::ServerTls;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::validity::Validity;

/// What is spoken, in the order of our liking.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The keys below `server.tls`.
pub(super) const KEYS: [&str; 3] = ["cert", "key", "client_ca"];

/// Why a file is of no use. What is in it is never told.
#[derive(Debug, thiserror::Error)]
#[error("{}: {wrong}", path.display())]
pub(super) struct Unfit {
    /// The key below `server.tls`.
    pub(super) key: &'static str,
    path: PathBuf,
    pub(super) wrong: Wrong,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum Wrong {
    #[error("cannot be read: {0}")]
    Unread(io::Error),
    #[error("holds no certificate that can be read; give PEM")]
    NoCertificate,
    #[error("holds no private key that can be read; give PEM without a password")]
    NoKey,
    #[error("does not belong to the certificate; give the key that it was made for")]
    OtherKey,
    #[error("the certificate or its key cannot be used: {0}")]
    Refused(rustls::Error),
    #[error("holds no authority that can be used: {0}")]
    NoAuthority(String),
    #[error("the certificate has expired, or is not good yet")]
    NotNow,
}

/// What is in the files.
pub(super) struct Contents<'a> {
    settings: &'a ServerTls,
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// What connections are served with.
pub(super) struct Ready {
    pub(super) config: Arc<ServerConfig>,
    pub(super) print: Hash,
    pub(super) validity: Validity,
}

impl<'a> Contents<'a> {
    pub(super) fn read(settings: &'a ServerTls) -> Result<Self, Unfit> {
        let read = |key, path: &Path| fs::read(path).map_err(|error| unfit(key, path, Wrong::Unread(error)));
        Ok(Self {
            settings,
            cert: read("cert", &settings.cert)?,
            key: read("key", &settings.key)?,
            client_ca: settings.client_ca.as_ref().map(|path| read("client_ca", path)).transpose()?,
        })
    }

    /// Tells these contents from others.
    pub(super) fn print(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.cert, &self.key].into_iter().chain(&self.client_ca) {
            hasher.update(blake3::hash(part).as_bytes());
        }
        hasher.finalize()
    }

    pub(super) fn prepare(&self) -> Result<Ready, Unfit> {
        let ServerTls { cert, key, .. } = self.settings;
        let chain = certificates(&self.cert).ok_or_else(|| unfit("cert", cert, Wrong::NoCertificate))?;
        let validity = chain.first().and_then(|first| Validity::of(first));
        let validity = validity.ok_or_else(|| unfit("cert", cert, Wrong::NoCertificate))?;
        let secret = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| unfit("key", key, Wrong::NoKey))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let refused = |error| match error {
            rustls::Error::InconsistentKeys(_) => unfit("key", key, Wrong::OtherKey),
            error => unfit("cert", cert, Wrong::Refused(error)),
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(refused)?;
        let builder = match self.authorities()? {
            None => builder.with_no_client_auth(),
            Some(roots) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(
                    verifier.map_err(|error| self.no_authority(error.to_string()))?,
                )
            }
        };
        let mut config = builder.with_single_cert(chain, secret).map_err(refused)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Ready { config: Arc::new(config), print: self.print(), validity })
    }

    fn authorities(&self) -> Result<Option<RootCertStore>, Unfit> {
        let Some(pem) = &self.client_ca else { return Ok(None) };
        let mut roots = RootCertStore::empty();
        for authority in certificates(pem).ok_or_else(|| self.no_authority("give PEM".to_owned()))? {
            roots.add(authority).map_err(|error| self.no_authority(error.to_string()))?;
        }
        Ok(Some(roots))
    }

    fn no_authority(&self, why: String) -> Unfit {
        let path = self.settings.client_ca.as_deref().unwrap_or(Path::new(""));
        unfit("client_ca", path, Wrong::NoAuthority(why))
    }

    /// The certificate is no better than the one that is in use.
    pub(super) fn not_now(&self) -> Unfit {
        unfit("cert", &self.settings.cert, Wrong::NotNow)
    }
}

fn unfit(key: &'static str, path: &Path, wrong: Wrong) -> Unfit {
    Unfit { key, path: path.to_owned(), wrong }
}

/// All certificates, of which there must be one.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    (!all.is_empty()).then_some(all)
}

/// Whether anybody on this machine may read the file.
#[cfg(unix)]
pub(super) fn is_open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).is_ok_and(|about| about.mode() & 0o004 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_open_to_all(_: &Path) -> bool {
    false
}
