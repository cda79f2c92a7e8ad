//! Whom TLS trusts and what it shows: the system's roots, and the files of the instance.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ccproxy_config::{ClientTls, Http2, PemFile};
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;
use tower::BoxError;

/// There is nothing to check a provider's certificate against.
#[derive(Debug, thiserror::Error)]
#[error("this machine has no root certificates; install ca-certificates")]
pub(crate) struct NoRoots;

/// A file of the instance's `tls` is of no use. What is in it is never told.
#[derive(Debug, thiserror::Error)]
#[error("tls.{key}: {}: {wrong}", path.display())]
pub(crate) struct Unfit {
    key: &'static str,
    path: PathBuf,
    wrong: Wrong,
}

#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("cannot be read: {0}")]
    Unread(io::Error),
    #[error("holds no certificate that can be read; give PEM")]
    NoCertificate,
    #[error("holds no private key that can be read; give PEM without a password")]
    NoKey,
    #[error("cannot be used: {0}")]
    Refused(rustls::Error),
}

/// What is spoken to whom.
pub(super) struct Configs {
    pub(super) provider: Arc<ClientConfig>,
    /// A proxy is shown no certificate, and is spoken to in HTTP/1.1.
    pub(super) proxy: Arc<ClientConfig>,
}

impl Configs {
    /// Reads the system's roots and the files, which blocks.
    pub(super) fn load(files: &ClientTls, http2: Http2) -> Result<Self, BoxError> {
        let cryptography = Arc::new(aws_lc_rs::default_provider());
        let extra = files.ca.as_ref().map(|ca| certificates("ca", ca)).transpose()?.unwrap_or_default();
        let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&cryptography));
        let verifier = verifier.map_err(|error| match (error, &files.ca) {
            // Nobody has been connected to yet, and the verifier has no other general complaint.
            (rustls::Error::General(_), _) => BoxError::from(NoRoots),
            (error, Some(ca)) => unfit("ca", ca, Wrong::Refused(error)).into(),
            (error, None) => error.into(),
        })?;
        let builder = ClientConfig::builder_with_provider(cryptography)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let proxy = builder.clone().with_no_client_auth();
        let mut provider = match &files.client {
            None => proxy.clone(),
            Some(client) => {
                let chain = certificates("client.cert", &client.cert)?;
                let pem = read("client.key", &client.key)?;
                let key = PrivateKeyDer::from_pem_slice(&pem);
                let key = key.map_err(|_| unfit("client.key", &client.key, Wrong::NoKey))?;
                let refused = |error| unfit("client.cert", &client.cert, Wrong::Refused(error));
                builder.with_client_auth_cert(chain, key).map_err(refused)?
            }
        };
        if http2 == Http2::Auto {
            provider.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        Ok(Self { provider: Arc::new(provider), proxy: Arc::new(proxy) })
    }
}

fn certificates(key: &'static str, path: &PemFile) -> Result<Vec<CertificateDer<'static>>, Unfit> {
    let pem = read(key, path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    all.ok().filter(|all| !all.is_empty()).ok_or_else(|| unfit(key, path, Wrong::NoCertificate))
}

fn read(key: &'static str, path: &PemFile) -> Result<Vec<u8>, Unfit> {
    fs::read(&**path).map_err(|error| unfit(key, path, Wrong::Unread(error)))
}

fn unfit(key: &'static str, path: &PemFile, wrong: Wrong) -> Unfit {
    Unfit { key, path: path.to_path_buf(), wrong }
}
