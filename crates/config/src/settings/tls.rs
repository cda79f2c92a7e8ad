//! `[server.tls]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pem_file::PemFile;

/// HTTPS on `server.port`, over HTTP/1.1 and HTTP/2; plain HTTP is then refused there. The files are PEM. They are read
/// again when they change, for connections that begin after that; while new ones are of no use, the old ones stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerTls {
    /// The file of the certificate, with those between it and its authority behind it.
    pub cert: PemFile,
    /// The file of its private key.
    pub key: PemFile,
    /// The file of the authorities of which one has to have signed a client's certificate. Without it, no client is
    /// asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ca: Option<PemFile>,
}
